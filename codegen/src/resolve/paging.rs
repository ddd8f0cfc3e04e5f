//! Paging styles.

use super::identifiers::{Identifiers, Names};
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest, Text};
use crate::model::{Paging, PagingStyle};
use crate::name;

/// Every paging style.
pub(super) fn resolve(manifest: &Manifest<'_>, faults: &mut Vec<Diagnostic>) -> Vec<Paging> {
    let mut names = Identifiers::new(Names::Ours, &[]);
    manifest.paging.iter().filter_map(|given| paging(given, &mut names, faults)).collect()
}

fn paging(
    given: &manifest::Paging<'_>,
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
            total: total.map(str::to_owned),
        },
        manifest::PagingStyle::Offset { parameter } => {
            PagingStyle::Offset { parameter: parameter.value.to_owned() }
        }
        manifest::PagingStyle::Cursor { parameter, next } => {
            PagingStyle::Cursor { parameter: owned(*parameter)?, next: (*next).to_owned() }
        }
        manifest::PagingStyle::Link { next } => PagingStyle::Link { next: (*next).to_owned() },
    };
    Some(Paging {
        name: given.name.value.to_owned(),
        rust: rust?,
        limit: owned(given.limit)?,
        default_limit: default_limit?,
        max_limit: max_limit?,
        style,
    })
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
