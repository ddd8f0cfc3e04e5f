//! What a manifest declares about the pages of a list: plain `static` data.

/// How the answers of an operation come in pages. Parameters have the caller's names. Every other name is a dotted path
/// into what an answer says about its data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// How the next page is asked for.
    pub style: PagingStyle,
    /// The parameter that sets the size of a page.
    pub limit: &'static str,
    /// The size of a page when the parameter is absent, in items.
    pub default_limit: u32,
    /// The greatest size of a page, in items.
    pub max_limit: u32,
    /// The flag that announces another page.
    pub more: Option<&'static str>,
    /// The number of items on all pages.
    pub items: Option<&'static str>,
    /// Whether a page with fewer items than requested ends a list that has neither flag nor total.
    pub ends_short: bool,
    /// The answers to a request for a page behind the last page; any of them ends the list.
    pub past_end: &'static [PastEnd],
}

impl Paging {
    /// Paging of this style, whose lists end with the style's own mark or total, or with an empty page.
    #[must_use]
    pub const fn new(style: PagingStyle, limit: &'static str, default_limit: u32, max_limit: u32) -> Self {
        let (more, items, ends_short, past_end) = (None, None, false, &[]);
        Self { style, limit, default_limit, max_limit, more, items, ends_short, past_end }
    }

    /// The same paging with a flag that announces another page.
    #[must_use]
    pub const fn more(self, path: &'static str) -> Self {
        Self { more: Some(path), ..self }
    }

    /// The same paging with the number of items on all pages.
    #[must_use]
    pub const fn items(self, path: &'static str) -> Self {
        Self { items: Some(path), ..self }
    }

    /// The same paging, in which a short page ends a list.
    #[must_use]
    pub const fn ends_short(self) -> Self {
        Self { ends_short: true, ..self }
    }

    /// The same paging with answers to a request behind the last page.
    #[must_use]
    pub const fn past_end(self, past_end: &'static [PastEnd]) -> Self {
        Self { past_end, ..self }
    }

    /// The input that leads into the middle of a list; `None` when only links lead there.
    #[must_use]
    pub const fn place(&self) -> Option<&'static str> {
        match self.style {
            PagingStyle::Page { parameter, .. }
            | PagingStyle::Offset { parameter }
            | PagingStyle::Cursor { parameter, .. } => Some(parameter),
            PagingStyle::Link { .. } => None,
        }
    }
}

/// How the next page is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagingStyle {
    /// By its number.
    Page {
        /// The parameter of the number.
        parameter: &'static str,
        /// The number of the first page.
        first: u32,
        /// The number of pages; `None` when no answer contains it.
        total: Option<&'static str>,
    },
    /// By the number of items to skip.
    Offset {
        /// The parameter of the number.
        parameter: &'static str,
    },
    /// By a mark that the page before contains.
    Cursor {
        /// The parameter of the mark.
        parameter: &'static str,
        /// The mark.
        next: &'static str,
    },
    /// By an address that the page before contains.
    Link {
        /// The address, resolved against the request (RFC 3986, section 5).
        next: &'static str,
    },
}

/// An error answer that means: there is no such page, the list is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PastEnd {
    /// HTTP status.
    pub status: u16,
    /// A dotted path into the body, and the text or number that must stand there. `None`: the status suffices.
    pub code: Option<(&'static str, &'static str)>,
}
