//! All pages of a list, one after the other, each through the same gate as every other call.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;

use futures_core::Stream;
use futures_util::stream;

use crate::action::Action;
use crate::answer::Reply;
use crate::client::Client;
use crate::error::{Error, Parts};
use crate::paging::{next_page, page_position};
use crate::request::Request;
use crate::success::{Success, misfit};

/// The pages of a list as raw JSON. It holds one request, whatever the length of the list.
///
/// It ends after the last page: where the API says so, where a page has no items, or where no page follows. A page that
/// repeats the one before, and pages beyond [`Pages::at_most`], are errors, so that no answer makes it go on for ever.
pub struct Pages {
    client: Client,
    next: Option<Request>,
    before: Option<u64>,
    read: u32,
    most: u32,
}

/// The pages of a list, typed.
pub struct TypedPages<A> {
    pages: Pages,
    action: PhantomData<fn() -> A>,
}

impl Client {
    /// All pages of a list from the one that `action` asks for, each as large as the API allows where it says no size.
    ///
    /// # Errors
    /// Class `validation` with every constraint that the input violates.
    pub fn pages<A: Action>(&self, action: &A) -> Result<TypedPages<A>, Error> {
        let pages = self.pages_from(large(action.request()?));
        Ok(TypedPages { pages, action: PhantomData })
    }

    /// The same for the action with this id and an input given as a JSON object.
    ///
    /// # Errors
    /// Class `validation`, also where there is no such action.
    pub fn pages_untyped(&self, id: &str, input: &[u8]) -> Result<Pages, Error> {
        let action = self.connector().action(id).ok_or_else(|| Error::unknown_action(id))?;
        Ok(self.pages_from(large(action.prepare(input)?)))
    }

    /// All pages from this one on, of its own size: what [`Pages::position`] gave is gone on with.
    #[must_use]
    pub fn pages_from(&self, first: Request) -> Pages {
        Pages { client: self.clone(), next: Some(first), before: None, read: 0, most: Pages::MOST }
    }
}

impl Pages {
    /// How many pages are read where nothing else is said.
    pub const MOST: u32 = 100_000;

    /// The same pages, but no more than `most` of them: more are an error.
    #[must_use]
    pub fn at_most(mut self, most: u32) -> Self {
        self.most = most;
        self
    }

    /// The next page; `None` after the last. After an error the next call asks for the same page again.
    pub async fn next(&mut self) -> Option<Result<Reply<()>, Error>> {
        self.advance(Success::untyped).await
    }

    async fn advance<T>(
        &mut self,
        read: fn(Success) -> Result<Reply<T>, Error>,
    ) -> Option<Result<Reply<T>, Error>> {
        let request = self.next.clone()?;
        if self.read >= self.most {
            let detail = format!("too many pages: the list goes on after {}", self.most);
            return Some(Err(Error::endless(request.operation(), detail)));
        }
        let reply = match self.client.exchange(request.clone()).await.and_then(read) {
            Ok(reply) => reply,
            Err(error) => return Some(Err(error)),
        };
        let next = next_page(&request, &reply);
        let digest = digest(reply.json.as_str());
        // An empty page ends the list, however many there were.
        if self.before == Some(digest) && next.is_some() {
            let detail = "a page repeats the one before: the API does not go on".to_owned();
            return Some(Err(Error::endless(request.operation(), detail)));
        }
        (self.next, self.before) = (next, Some(digest));
        self.read += 1;
        Some(Ok(reply))
    }

    /// The request of the next page, to go on from later; `None` after the last.
    #[must_use]
    pub fn position(&self) -> Option<&Request> {
        self.next.as_ref()
    }

    /// The input that leads to the next page, by its name, and its value; see [`page_position`].
    #[must_use]
    pub fn resume_with(&self) -> Option<(&'static str, String)> {
        page_position(self.next.as_ref()?)
    }

    /// The pages as a stream, which ends with the first error.
    pub fn into_stream(self) -> impl Stream<Item = Result<Reply<()>, Error>> + Send {
        stream::unfold(Some(self), async |state| {
            let mut pages = state?;
            let page = pages.next().await?;
            let rest = page.is_ok().then_some(pages);
            Some((page, rest))
        })
    }
}

impl<A: Action> TypedPages<A> {
    /// The same pages, but no more than `most` of them: more are an error.
    #[must_use]
    pub fn at_most(self, most: u32) -> Self {
        Self { pages: self.pages.at_most(most), ..self }
    }

    /// The next page; `None` after the last. After an error the next call asks for the same page again.
    pub async fn next(&mut self) -> Option<Result<Reply<A::Output>, Error>> {
        self.pages.advance(Success::typed).await
    }

    /// The request of the next page, to go on from later; `None` after the last.
    #[must_use]
    pub fn position(&self) -> Option<&Request> {
        self.pages.position()
    }

    /// The items of all pages as a stream, which ends with the first error. One page is held at a time. What of an item
    /// could not be read stands in its extra fields; an item that is no record at all is an error here, while
    /// [`TypedPages::next`] lists it in [`Reply::unreadable`].
    pub fn items<T>(self) -> impl Stream<Item = Result<T, Error>> + Send
    where
        A: 'static,
        A::Output: IntoIterator<Item = T, IntoIter: Send> + Send,
        T: Send,
    {
        let start = (Some(self), None::<<A::Output as IntoIterator>::IntoIter>);
        stream::unfold(start, async |(mut pages, mut items)| {
            loop {
                if let Some(item) = items.as_mut().and_then(Iterator::next) {
                    return Some((Ok(item), (pages, items)));
                }
                match pages.as_mut()?.next().await?.and_then(without_blanks::<A>) {
                    Ok(data) => items = Some(data.into_iter()),
                    Err(error) => return Some((Err(error), (None, None))),
                }
            }
        })
    }
}

/// The data of a page in which every item is one.
fn without_blanks<A: Action>(mut reply: Reply<A::Output>) -> Result<A::Output, Error> {
    let is_item = |field: &str| field.rfind('[') == Some(0) && field.ends_with(']');
    reply.unreadable.retain(|violation| is_item(violation.field()));
    if reply.unreadable.is_empty() {
        return Ok(reply.data);
    }
    let (class, parts) = *misfit(reply.unreadable);
    let parts = Parts { status: Some(reply.status), request_id: reply.request_id, ..parts };
    Err(Error::new(class, A::OPERATION, parts))
}

/// The request with the greatest pages that the API gives, where it asks for no size: fewer requests are spent.
fn large(request: Request) -> Request {
    let operation = request.operation();
    let described = operation.paging.and_then(|paging| {
        let limit = operation.parameters.iter().find(|known| known.name == paging.limit)?;
        Some((limit.wire, paging.max_limit))
    });
    match described {
        Some((wire, most)) if request.query(wire).is_none() => request.with_query(wire, &most.to_string()),
        _ => request,
    }
}

fn digest(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
