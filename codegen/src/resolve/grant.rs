//! How a credential is obtained, and what the vendor calls afterwards.

use super::unknown;
use crate::diagnostic::{Code, Diagnostic};
use crate::manifest::{self, Manifest};
use crate::model::{Callbacks, External, OAuth2};
use crate::source::Spanned;
use crate::template;

/// The OAuth 2 grant.
pub(super) fn oauth2(
    given: &manifest::OAuth2<'_>,
    manifest: &Manifest<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<OAuth2> {
    let credential = given.credential?;
    if !manifest.credentials.iter().any(|known| known.name.value == credential.value) {
        let known = manifest.credentials.iter().map(|credential| credential.name.value);
        faults.push(unknown(Code::UnknownCredential, "credential", credential, known));
    }
    if let Some(install) = given.install {
        check_template(install, manifest, &["client_id"], faults);
    }
    for (_, template) in &given.extra {
        check_template(*template, manifest, &[], faults);
    }
    let external = given.external.as_ref().and_then(|external| {
        let (succeeded, failed) = (external.succeeded?, external.failed?);
        for link in [succeeded, failed] {
            check_template(link, manifest, &["client_id"], faults);
        }
        let owned = str::to_owned;
        Some(External {
            parameter: owned(external.parameter),
            succeeded: owned(succeeded.value),
            failed: owned(failed.value),
        })
    });
    let extra = given.extra.iter().map(|(name, template)| (name.value.to_owned(), template.value.to_owned()));
    Some(OAuth2 {
        install: given.install.map(|install| install.value.to_owned()),
        authorize: given.authorize.to_owned(),
        token: given.token.to_owned(),
        credential: credential.value.to_owned(),
        extra: extra.collect(),
        external,
    })
}

/// The lifecycle callbacks.
pub(super) fn callbacks(
    given: &manifest::Callbacks<'_>,
    manifest: &Manifest<'_>,
    faults: &mut Vec<Diagnostic>,
) -> Option<Callbacks> {
    let subject = given.subject?;
    check_template(subject, manifest, &[], faults);
    Some(Callbacks {
        parameter: given.parameter.to_owned(),
        issuer: given.issuer.to_owned(),
        subject: subject.value.to_owned(),
        frames: given.frames.iter().map(|frame| frame.value.to_owned()).collect(),
        routes: given
            .routes
            .iter()
            .map(|(name, caller)| (name.value.to_owned(), *caller == "browser"))
            .collect(),
    })
}

/// Every variable of a template must be a connection field or one of `others`.
pub(super) fn check_template(
    template: Spanned<&str>,
    manifest: &Manifest<'_>,
    others: &[&str],
    faults: &mut Vec<Diagnostic>,
) {
    match template::variables(template) {
        Err((span, what)) => faults.push(Diagnostic::new(Code::BadTemplate, span, what).help(template::HELP)),
        Ok(variables) => {
            let known = || manifest.fields.iter().map(|field| field.name.value).chain(others.iter().copied());
            for variable in
                variables.into_iter().filter(|variable| !known().any(|name| name == variable.value))
            {
                faults.push(unknown(Code::BadTemplate, "connection field", variable, known()));
            }
        }
    }
}
