//! What the path of a request says before any route is matched: the API version and the store.

/// The two generations of the management API, which differ in envelopes and in the shape of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ApiVersion {
    /// Bare objects and arrays; errors are arrays of `{status, message}`.
    V2,
    /// `{data, meta}`; errors are objects `{status, title, type}`.
    V3,
}

/// A path of the management API: `/stores/{store_hash}/{version}/…`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ApiPath<'a> {
    /// The segment after `/stores/`, as it was sent.
    pub(crate) store_hash: &'a str,
    /// v3 also where the version is missing or unknown: its error shape is the newer one.
    pub(crate) version: ApiVersion,
    /// The segment after the version, empty where there is none.
    pub(crate) resource: &'a str,
}

impl<'a> ApiPath<'a> {
    /// Reads `path`, or says `None` where it does not belong to the management API.
    pub(crate) fn parse(path: &'a str) -> Option<Self> {
        let mut segments = path.strip_prefix("/stores/")?.split('/');
        let store_hash = segments.next()?;
        let version = if segments.next() == Some("v2") { ApiVersion::V2 } else { ApiVersion::V3 };
        Some(Self { store_hash, version, resource: segments.next().unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::{ApiPath, ApiVersion};

    #[test]
    fn reads_the_store_and_the_version() {
        let v2 = ApiPath { store_hash: "abc", version: ApiVersion::V2, resource: "time" };
        let v3 = ApiPath { store_hash: "abc", version: ApiVersion::V3, resource: "catalog" };
        assert_eq!(ApiPath::parse("/stores/abc/v2/time"), Some(v2));
        assert_eq!(ApiPath::parse("/stores/abc/v3/catalog/products/1"), Some(v3));
        assert_eq!(ApiPath::parse("/stores/abc"), Some(ApiPath { resource: "", ..v3 }));
        assert_eq!(ApiPath::parse("/stores/stores/abc/v3").map(|path| path.store_hash), Some("stores"));
    }

    #[test]
    fn leaves_other_paths_alone() {
        assert_eq!(ApiPath::parse("/"), None);
        assert_eq!(ApiPath::parse("/store/abc/v3"), None);
    }
}
