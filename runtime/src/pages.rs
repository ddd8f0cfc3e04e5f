//! All pages of a list, one after the other, each through the same gate as every other call.

use std::marker::PhantomData;

use futures_core::Stream;
use futures_util::stream;

use crate::action::Action;
use crate::answer::Reply;
use crate::client::Client;
use crate::error::{Error, Parts};
use crate::paging::{NextPage, Outlook, Walk, input, page_position};
use crate::request::Request;
use crate::success::{Success, misfit};

/// The pages of a list as raw JSON. It holds one request and 16 bytes for each page, whatever the length of the list.
///
/// The list ends when the vendor's mark or flag says so, then by the total, then with an empty page; a short page ends it
/// only if the manifest declares that, and so does an error answer. These are errors of class `decode`: an answer that is no
/// list, a mark, flag or total that is unreadable, a flag that announces a page without a mark, the same address or the same
/// items twice, and [`MOST_EMPTY_PAGES`](crate::MOST_EMPTY_PAGES) pages in a row without items. Pages beyond
/// [`Pages::at_most`] are errors as well, so that no answer makes it go on for ever.
pub struct Pages {
    client: Client,
    next: Option<NextPage>,
    walk: Walk,
    read: u32,
    most: u32,
}

/// The pages of a list, typed.
pub struct TypedPages<A> {
    pages: Pages,
    action: PhantomData<fn() -> A>,
}

impl Client {
    /// All pages of a list from the one that `action` asks for, each as large as the API allows if it gives neither a size nor
    /// a place in the list.
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
        let walk = Walk::beginning_at(&first);
        let next = Some(NextPage { request: first, outlook: Outlook::Announced });
        Pages { client: self.clone(), next, walk, read: 0, most: Pages::MOST }
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
        let request = self.next.as_ref()?.request.clone();
        let fault = |detail| Some(Err(Error::paging(request.operation(), detail)));
        if self.read >= self.most {
            return fault(format!("too many pages: the list goes on after {}", self.most));
        }
        let reply = match self.client.exchange(request.clone()).await.and_then(read) {
            Ok(reply) => reply,
            Err(error) if error.is_past_end() && self.walk.may_be_past_end(&request) => {
                self.next = None;
                return None;
            }
            Err(error) => return Some(Err(error)),
        };
        let step = match self.walk.next(self.client.connection(), &request, &reply) {
            Ok(step) => step,
            Err(detail) => return fault(detail),
        };
        self.walk.note(&step);
        self.next = step.next;
        self.read = self.read.saturating_add(1);
        Some(Ok(reply))
    }

    /// The request of the next page, to go on from later; `None` after the last.
    #[must_use]
    pub fn position(&self) -> Option<&Request> {
        Some(&self.next.as_ref()?.request)
    }

    /// How sure it is that the next page has items; `None` after the last page.
    #[must_use]
    pub fn outlook(&self) -> Option<Outlook> {
        Some(self.next.as_ref()?.outlook)
    }

    /// The input that leads to the next page, by its name, and its value; see [`page_position`]. It belongs to pages of
    /// [`Pages::page_size`]: give both inputs to go on.
    #[must_use]
    pub fn resume_with(&self) -> Option<(&'static str, String)> {
        page_position(self.position()?)
    }

    /// The input that sets the size of the pages, by its name, and its value; `None` when the request has no size, and after
    /// the last page.
    #[must_use]
    pub fn page_size(&self) -> Option<(&'static str, String)> {
        let request = self.position()?;
        input(request, request.operation().paging?.limit)
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

/// The request with the greatest pages that the API gives, where it asks for no size: fewer requests are spent. A request
/// for the middle of a list keeps its size: page 2 of large pages lies behind items that the caller has not seen.
fn large(request: Request) -> Request {
    let operation = request.operation();
    let described = operation.paging.and_then(|paging| {
        let limit = operation.parameters.iter().find(|known| known.name == paging.limit)?;
        Some((limit.wire, paging.max_limit))
    });
    match described {
        Some((wire, most)) if request.query(wire).is_none() && page_position(&request).is_none() => {
            request.with_query(wire, &most.to_string())
        }
        _ => request,
    }
}
