//! Paging styles.

use super::identifiers::{Identifiers, Names};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest, Text};
use crate::model::{Paging, PagingStyle, PastEnd, RateLimit};
use crate::name;

/// Every paging style.
pub(super) fn resolve(
    manifest: &Manifest<'_>,
    rate_limit: Option<&RateLimit>,
    faults: &mut Vec<Diagnostic>,
) -> Vec<Paging> {
    let mut names = Identifiers::new(Names::Ours, &[]);
    manifest.paging.iter().filter_map(|given| paging(given, rate_limit, &mut names, faults)).collect()
}

fn paging(
    given: &manifest::Paging<'_>,
    rate_limit: Option<&RateLimit>,
    names: &mut Identifiers,
    faults: &mut Vec<Diagnostic>,
) -> Option<Paging> {
    let rust = names.take(given.name, name::constant, faults);
    let default_limit = size(given.default_limit, 1, faults);
    let max_limit = size(given.max_limit, 1, faults);
    if let (Some(default), Some(max), Some(place)) = (default_limit, max_limit, given.default_limit)
        && default > max
    {
        let fault = Diagnostic::new(Code::BadDefault, place.span, "the default size is beyond the greatest");
        faults.push(fault.help("make `default` at most `max`"));
    }
    let owned = |text: Option<Text<'_>>| text.map(|text| text.value.to_owned());
    let style = match given.style.as_ref()? {
        manifest::PagingStyle::Page { parameter, first, total } => PagingStyle::Page {
            parameter: owned(*parameter)?,
            first: first.map_or(Some(1), |first| size(Some(first), 0, faults))?,
            total: owned(*total),
        },
        manifest::PagingStyle::Offset { parameter } => {
            PagingStyle::Offset { parameter: parameter.value.to_owned() }
        }
        manifest::PagingStyle::Cursor { parameter, next } => {
            PagingStyle::Cursor { parameter: owned(*parameter)?, next: owned(*next)? }
        }
        manifest::PagingStyle::Link { next } => PagingStyle::Link { next: next.value.to_owned() },
    };
    let ends_short = given.ends.is_some_and(|ends| ends.value == "short");
    if let Some(ends) = given.ends.filter(|_| ends_short) {
        check_ends(ends, given.more.is_some(), &style, faults);
    }
    let past_end = given.past_end.iter().filter_map(|given| past_end(given, rate_limit, faults)).collect();
    Some(Paging {
        name: given.name.value.to_owned(),
        rust: rust?,
        limit: owned(given.limit)?,
        default_limit: default_limit?,
        max_limit: max_limit?,
        style,
        more: owned(given.more),
        items: owned(given.items),
        ends_short,
        past_end,
    })
}

/// A mark or flag decides before the size of a page, so that `ends: short` beside one would have no effect.
fn check_ends(ends: Text<'_>, has_flag: bool, style: &PagingStyle, faults: &mut Vec<Diagnostic>) {
    let sign = match style {
        _ if has_flag => "`more`",
        PagingStyle::Cursor { .. } => "`cursor`",
        PagingStyle::Link { .. } => "`link`",
        PagingStyle::Page { .. } | PagingStyle::Offset { .. } => return,
    };
    let message = format!("a short page ends no list whose end {sign} decides");
    faults.push(Diagnostic::new(Code::BadPaging, ends.span, message).help("remove `ends: short`"));
}

/// The answer to a request behind the last page: nothing else may look like it.
fn past_end(
    given: &manifest::PastEnd<'_>,
    rate_limit: Option<&RateLimit>,
    faults: &mut Vec<Diagnostic>,
) -> Option<PastEnd> {
    let place = given.status?;
    let mut refuse = |text: Text<'_>, message: &str, help: &str| {
        faults.push(Diagnostic::new(Code::BadPaging, text.span, message).help(help));
        None
    };
    let status = place.value.parse::<u16>().ok().filter(|status| (400..500).contains(status));
    let Some(status) = status else {
        return refuse(
            place,
            "a page that does not exist has a status from 400 to 499",
            "correct the status",
        );
    };
    let is_refusal = |limit: &RateLimit| limit.status == status || limit.also.contains(&status);
    if matches!(status, 401 | 403 | 408) || rate_limit.is_some_and(is_refusal) {
        let help = "remove the answer: a call that is refused or limited must not end a list";
        return refuse(place, "this status has another meaning than the end of a list", help);
    }
    let code = match (given.path, given.is) {
        (Some(path), Some(is)) => Some((path.value.to_owned(), is.value.to_owned())),
        (Some(alone), None) | (None, Some(alone)) => {
            return refuse(
                alone,
                "the code of an error needs a place and a value",
                "give both `path` and `is`",
            );
        }
        (None, None) if matches!(status, 404 | 410) => None,
        (None, None) => {
            let help = "add the error's code: `path` says where it stands in the body, `is` which it must be";
            return refuse(place, "this status alone can mean a wrong input as well", help);
        }
    };
    Some((status, code))
}

fn size(given: Option<Text<'_>>, least: u32, faults: &mut Vec<Diagnostic>) -> Option<u32> {
    let given = given?;
    let number: i64 = given.value.parse().ok()?;
    let size = u32::try_from(number).ok().filter(|size| *size >= least);
    if size.is_none() {
        let fault = Diagnostic::new(Code::BadValue, given.span, "no page has this number or size");
        faults.push(fault.help(format!("give a whole number from {least}")));
    }
    size
}
