//! How a server counts an account's requests: three kinds of windows, numbers that lag, rejections that count.

use std::collections::VecDeque;
use std::time::Duration;

/// When a window begins and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Edges {
    /// It begins with the first request after the one before ended.
    FromFirst,
    /// It begins every so often, whoever calls, and the first one is under way for that long already.
    Own(Duration),
    /// It reaches back from each request; its reset is the age-out of its oldest request.
    Sliding,
}

/// A quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    pub(crate) count: u32,
    pub(crate) length: Duration,
    pub(crate) edges: Edges,
    /// By how many requests the number of those that are left comes late.
    pub(crate) lag: u32,
    pub(crate) counts_rejections: bool,
}

/// Who else spends the quota.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Foreign {
    Nobody,
    /// Half of it at the start of every second window.
    HalfOfEverySecond,
    /// One request, so often.
    Steady(Duration),
    /// Half of it when half of each window is over.
    Burst,
}

/// What the server says of a request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    pub(crate) is_accepted: bool,
    pub(crate) left: u32,
    pub(crate) reset: Duration,
    /// The number of the window.
    pub(crate) window: usize,
}

/// The state of a quota. Moments count from the start of the server.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    pub(crate) quota: Quota,
    foreign: Foreign,
    /// When the window began.
    began: Option<Duration>,
    window: usize,
    used: u32,
    has_burst: bool,
    /// When requests came that count in a sliding window.
    taken: VecDeque<Duration>,
    next_steady: Duration,
}

impl Meter {
    pub(crate) fn new(quota: Quota, foreign: Foreign) -> Self {
        Self {
            quota,
            foreign,
            began: None,
            window: 0,
            used: 0,
            has_burst: false,
            taken: VecDeque::new(),
            next_steady: Duration::ZERO,
        }
    }

    /// Counts a request of ours.
    pub(crate) fn take(&mut self, now: Duration) -> Count {
        while let Foreign::Steady(pace) = self.foreign
            && self.next_steady <= now
        {
            let moment = self.next_steady;
            self.next_steady += pace;
            self.count(moment);
        }
        self.count(now)
    }

    fn count(&mut self, now: Duration) -> Count {
        let Quota { count, length, edges, lag, counts_rejections } = self.quota;
        let (used, reset) = match edges {
            Edges::FromFirst => {
                match self.began {
                    Some(began) if now < began + length => {}
                    Some(_) => self.begin(now, self.window + 1),
                    None => self.begin(now, 0),
                }
                (self.used, self.began.expect("what the test is made of") + length - now)
            }
            Edges::Own(age) => {
                let (nanos, length_nanos) = ((now + age).as_nanos(), length.as_nanos());
                let window = usize::try_from(nanos / length_nanos).expect("what the test is made of");
                if self.began.is_none() || window != self.window {
                    self.begin(now, window);
                }
                let into = Duration::from_nanos(
                    u64::try_from(nanos % length_nanos).expect("what the test is made of"),
                );
                (self.used, length - into)
            }
            Edges::Sliding => {
                while self.taken.front().is_some_and(|moment| *moment + length <= now) {
                    self.taken.pop_front();
                }
                self.window =
                    usize::try_from(now.as_nanos() / length.as_nanos()).expect("what the test is made of");
                let oldest = self.taken.front().copied().unwrap_or(now);
                (u32::try_from(self.taken.len()).expect("what the test is made of"), oldest + length - now)
            }
        };
        let used = used + self.burst(now);
        let is_accepted = used < count;
        if is_accepted || counts_rejections {
            self.used = used + 1;
            if edges == Edges::Sliding {
                self.taken.push_back(now);
            }
        } else {
            self.used = used;
        }
        let left = count.saturating_sub(self.used_now().saturating_sub(lag)).min(count);
        Count { is_accepted, left, reset, window: self.window }
    }

    fn used_now(&self) -> u32 {
        match self.quota.edges {
            Edges::Sliding => u32::try_from(self.taken.len()).expect("what the test is made of"),
            _ => self.used,
        }
    }

    fn begin(&mut self, now: Duration, window: usize) {
        self.began = Some(now);
        self.window = window;
        self.has_burst = false;
        let others_begin = self.foreign == Foreign::HalfOfEverySecond && window % 2 == 1;
        self.used = if others_begin { self.quota.count / 2 } else { 0 };
    }

    /// What others take in the middle.
    fn burst(&mut self, now: Duration) -> u32 {
        let is_past_middle = self.began.is_some_and(|began| now >= began + self.quota.length / 2);
        if self.foreign != Foreign::Burst || self.has_burst || !is_past_middle {
            return 0;
        }
        self.has_burst = true;
        (self.quota.count / 2).min(self.quota.count.saturating_sub(self.used))
    }

    /// The first possible moment of the last of so many requests: each is sent the moment it is accepted.
    pub(crate) fn ideal(mut self, requests: u32) -> Duration {
        let mut now = Duration::ZERO;
        // Whoever knows when to send causes no rejection.
        self.quota.counts_rejections = false;
        for _ in 0..requests {
            while !self.take(now).is_accepted {
                now += self.quota.length / 1_000;
            }
        }
        now
    }
}
