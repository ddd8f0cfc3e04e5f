//! Which fields of a document an answer shows: `include`, `include_fields` and `exclude_fields`.

use crate::answer::ApiError;
use crate::store::Document;

/// The parameters that [`Selection::read`] reads.
pub(crate) const SELECTION_PARAMETERS: [&str; 3] = ["include", "include_fields", "exclude_fields"];

/// What the selection has to know of a kind of resource.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The field that every answer shows.
    pub(crate) identifier: &'static str,
    /// The fields that an answer shows only where `include` names them.
    pub(crate) sub_resources: &'static [&'static str],
}

/// The choice that the parameters of one request make.
#[derive(Debug)]
pub(crate) struct Selection<'a> {
    shape: &'static Shape,
    include: Vec<&'a str>,
    /// Empty where the parameter was not sent: then every field of the resource itself is shown.
    include_fields: Vec<&'a str>,
    exclude_fields: Vec<&'a str>,
}

impl<'a> Selection<'a> {
    /// Reads the choice from the decoded parameters of a query; the other parameters are left alone.
    ///
    /// A sub-resource that the documentation does not list is refused. A field name that the resource does
    /// not have selects nothing.
    pub(crate) fn read(shape: &'static Shape, parameters: &'a [(String, String)]) -> Result<Self, ApiError> {
        let include = listed(parameters, "include");
        if let Some(unknown) = include.iter().find(|name| !shape.sub_resources.contains(name)) {
            let known = shape.sub_resources.join(", ");
            return Err(ApiError::invalid("include", format!("{unknown} is none of: {known}")));
        }
        Ok(Self {
            shape,
            include,
            include_fields: listed(parameters, "include_fields"),
            exclude_fields: listed(parameters, "exclude_fields"),
        })
    }

    /// The selected part of `document`.
    pub(crate) fn of(&self, document: &Document) -> Document {
        let shown = document.iter().filter(|(name, _)| self.shows(name));
        shown.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    /// Whether the request includes this sub-resource.
    pub(crate) fn includes(&self, sub_resource: &str) -> bool {
        self.include.contains(&sub_resource)
    }

    fn shows(&self, name: &str) -> bool {
        if name == self.shape.identifier {
            return true;
        }
        let chosen = if self.shape.sub_resources.contains(&name) {
            self.include.contains(&name)
        } else {
            self.include_fields.is_empty() || self.include_fields.contains(&name)
        };
        chosen && !self.exclude_fields.contains(&name)
    }
}

/// The items of a comma-joined parameter, over all its occurrences.
fn listed<'a>(parameters: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    let sent = parameters.iter().filter(|(sent, _)| sent == name);
    sent.flat_map(|(_, value)| value.split(',')).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;
    use serde_json::json;

    use super::{Document, Selection, Shape};
    use crate::answer::V3Error;

    const SHAPE: Shape = Shape { identifier: "id", sub_resources: &["images", "variants"] };

    fn fields(query: &[(&str, &str)]) -> Vec<String> {
        let parameters = owned(query);
        let selection = Selection::read(&SHAPE, &parameters).expect("a valid choice");
        selection.of(&document()).into_iter().map(|(name, _)| name).collect()
    }

    fn owned(query: &[(&str, &str)]) -> Vec<(String, String)> {
        query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn document() -> Document {
        let value = json!({"id": 1, "images": [], "name": "Jar", "sku": "J", "variants": []});
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn shows_the_resource_itself_and_no_sub_resource() {
        assert_eq!(fields(&[]), ["id", "name", "sku"]);
        assert_eq!(fields(&[("include", ""), ("include_fields", ""), ("limit", "3")]), ["id", "name", "sku"]);
    }

    #[test]
    fn includes_the_sub_resources_that_are_named() {
        assert_eq!(fields(&[("include", "images")]), ["id", "images", "name", "sku"]);
        let all = ["id", "images", "name", "sku", "variants"];
        assert_eq!(fields(&[("include", "variants,images")]), all);
        assert_eq!(fields(&[("include", "variants"), ("include", "images")]), all);
    }

    #[test]
    fn narrows_to_the_named_fields_and_the_id() {
        assert_eq!(fields(&[("include_fields", "name")]), ["id", "name"]);
        assert_eq!(fields(&[("include_fields", "name,sku")]), ["id", "name", "sku"]);
        assert_eq!(fields(&[("include_fields", "no_such_field")]), ["id"]);
        assert_eq!(fields(&[("include_fields", "name"), ("include", "images")]), ["id", "images", "name"]);
        assert_eq!(fields(&[("include_fields", "images")]), ["id"], "sub-resources come by include alone");
    }

    #[test]
    fn drops_the_named_fields_but_never_the_id() {
        assert_eq!(fields(&[("exclude_fields", "id,sku")]), ["id", "name"]);
        assert_eq!(fields(&[("include_fields", "name,sku"), ("exclude_fields", "sku")]), ["id", "name"]);
    }

    #[test]
    fn refuses_a_sub_resource_that_does_not_exist() {
        let parameters = owned(&[("include", "images,pictures")]);
        let error = Selection::read(&SHAPE, &parameters).expect_err("an unknown sub-resource");
        assert_eq!(V3Error::from(error).into_response().status(), 422);
    }
}
