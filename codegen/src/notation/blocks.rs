//! The indentation of a YAML text: which line is the odd one if keys do not stand below each other, and keys without their
//! colon.

use super::Issue;
use super::lines::{Entry, Kind};

/// The blocks that are open, and all entries so far.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    entries: Vec<Entry>,
    /// For each open block its indentation, its first entry and its last one.
    open: Vec<Block>,
    is_lost: bool,
    /// By how many blanks blocks are indented further than the blocks around them.
    steps: Vec<usize>,
    /// A text without a colon, with its indentation, that is a fault if a key follows.
    pending: Option<(usize, Issue)>,
    anomaly: Option<Anomaly>,
}

#[derive(Clone, Debug)]
struct Block {
    indent: usize,
    first: usize,
    last: usize,
}

/// An entry whose indentation fits nowhere.
#[derive(Debug)]
struct Anomaly {
    entry: usize,
    /// The block that the entry ended, if its indentation lies between two blocks.
    ended: Option<Block>,
    /// The block around the entry.
    around: Block,
    /// Whether the entry before stands outside of a block of the same indentation.
    is_behind_dip: bool,
}

impl Blocks {
    pub(super) fn add(&mut self, text: &str, entry: Entry, issues: &mut Vec<Issue>) {
        let index = self.entries.len();
        self.entries.push(entry.clone());
        if self.is_lost {
            return;
        }
        if let Some((indent, issue)) = self.pending.take()
            && entry.indent >= indent
        {
            issues.push(issue);
        }
        if entry.kind == Kind::Text {
            self.text(text, &entry, issues);
            return;
        }
        let mut ended: Option<Block> = None;
        while let Some(block) = self.open.pop_if(|block| block.indent > entry.indent) {
            ended = Some(block);
        }
        let Some(around) = self.open.last_mut() else {
            self.open.push(Block { indent: entry.indent, first: index, last: index });
            return;
        };
        if around.indent == entry.indent {
            around.last = index;
            return;
        }
        let around = around.clone();
        if self.entries[around.last].has_value() || ended.is_some() {
            let is_behind_dip = self.had_block_of(entry.indent, around.last);
            self.anomaly = Some(Anomaly { entry: index, ended, around, is_behind_dip });
            self.is_lost = true;
        } else {
            self.steps.push(entry.indent - around.indent);
            self.open.push(Block { indent: entry.indent, first: index, last: index });
        }
    }

    /// The step that most blocks take.
    fn usual_step(&self) -> usize {
        let count = |step: usize| self.steps.iter().filter(|other| **other == step).count();
        self.steps.iter().copied().max_by_key(|step| (count(*step), usize::MAX - step)).unwrap_or(2)
    }

    /// The indentation of the innermost key whose value may stand at `indent`.
    pub(super) fn indent_above(&self, indent: usize) -> usize {
        let mut entries = self.entries.iter().rev().filter(|entry| entry.kind != Kind::Text);
        entries.find(|entry| entry.indent < indent).map_or(0, |entry| entry.indent)
    }

    /// Whether the entry right before this one has the indentation.
    fn had_block_of(&self, indent: usize, entry: usize) -> bool {
        entry.checked_sub(1).is_some_and(|before| self.entries[before].indent == indent)
    }

    /// A text where a key should be.
    fn text(&mut self, text: &str, entry: &Entry, issues: &mut Vec<Issue>) {
        let above = self.open.last().map(|block| &self.entries[block.last]);
        let is_deeper = above.is_some_and(|above| entry.indent > above.indent);
        // A text further right continues the value above.
        if is_deeper && above.is_some_and(Entry::has_value) {
            return;
        }
        let Some(issue) = incomplete(text, entry) else { return };
        if is_deeper {
            // It is the value of the key above, unless a key follows beside it or below.
            self.pending = Some((entry.indent, issue));
        } else {
            issues.push(issue);
        }
    }

    /// Decides which line is the odd one.
    pub(super) fn end(&self, text: &str, issues: &mut Vec<Issue>) {
        let Some(anomaly) = &self.anomaly else { return };
        let entry = &self.entries[anomaly.entry];
        let (guilty, fitting) = self.guilty(anomaly);
        let guilty = &self.entries[guilty];
        let name = text[guilty.place.clone()].trim_end();
        let message = match guilty.indent < fitting {
            true => format!("`{name}` is indented less than its neighbours"),
            false => format!("`{name}` is indented further than its neighbours"),
        };
        let help = format!("indent it with {fitting} blanks, as its neighbours are");
        issues.push(Issue::new(guilty.place.clone(), message, help).seen(entry.place.start));
    }

    /// The entry to blame, and the indentation that it should have.
    fn guilty(&self, anomaly: &Anomaly) -> (usize, usize) {
        let indent = self.entries[anomaly.entry].indent;
        let following = self.entries[anomaly.entry..]
            .iter()
            .take_while(|entry| entry.indent >= indent)
            .filter(|entry| entry.indent == indent)
            .count();
        let is_odd = |indent: usize| indent % 2 == 1;
        if let Some(ended) = &anomaly.ended {
            let before = self.count(ended);
            let blames_ended = match (is_odd(ended.indent), is_odd(indent)) {
                (true, false) => true,
                (false, true) => false,
                // Of one entry against one the one is guilty that takes an unusual step.
                _ if before == following => {
                    let step = self.usual_step();
                    let around = anomaly.around.indent;
                    ended.indent != around + step && indent == around + step
                }
                _ => before < following,
            };
            return if blames_ended { (ended.first, indent) } else { (anomaly.entry, ended.indent) };
        }
        let around = &anomaly.around;
        let previous = around.last;
        let is_below_empty_key = previous.checked_sub(1).is_some_and(|before| {
            let before = &self.entries[before];
            before.indent == around.indent && before.kind == Kind::Key { has_value: false }
        });
        let blames_previous = match (is_odd(around.indent), is_odd(indent)) {
            (true, false) => true,
            (false, true) => false,
            _ => {
                anomaly.is_behind_dip && (following > 1 || self.is_alone_with_value(around))
                    || is_below_empty_key
                    || around.first == previous && following > 1
            }
        };
        if blames_previous { (previous, indent) } else { (anomaly.entry, around.indent) }
    }

    /// Whether the last entry of a block has a value on its line and most others have theirs below.
    fn is_alone_with_value(&self, block: &Block) -> bool {
        let of_block =
            self.entries[block.first..block.last].iter().filter(|entry| entry.indent == block.indent);
        let (with, without): (Vec<&Entry>, Vec<&Entry>) = of_block.partition(|entry| entry.has_value());
        with.len() < without.len()
    }

    /// The entries of a block.
    fn count(&self, block: &Block) -> usize {
        self.entries[block.first..=block.last].iter().filter(|entry| entry.indent == block.indent).count()
    }
}

/// The issue of a line that has a key without its colon, or without the blank after it.
fn incomplete(text: &str, entry: &Entry) -> Option<Issue> {
    let shown = text[entry.place.clone()].trim_end();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
    let end = shown.find(|letter| !is_word(letter)).unwrap_or(shown.len());
    if end == 0 {
        return None;
    }
    let (word, rest) = shown.split_at(end);
    let place = entry.place.start..entry.place.start + end;
    Some(match rest.strip_prefix(':') {
        Some(value) => {
            let value: String = value.chars().take(40).collect();
            let help = format!("write a blank after the colon: `{word}: {value}`");
            Issue::new(place, format!("no blank follows the colon after `{word}`"), help)
        }
        None => {
            let help = format!("write a colon and a blank after the key: `{word}: …`");
            Issue::new(place, format!("no colon follows `{word}`"), help)
        }
    })
}
