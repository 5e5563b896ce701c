//! `/api/openapi.json`: the document that says what the API takes and gives, from the handlers' own
//! comments and types.

use http::StatusCode;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::refusal::ErrorAnswer;
use super::{Answer, Ask, Nothing};
use super::{appointments, businesses, calls, leads, slots};
use crate::http::request::json;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The operator's API. Times are in UTC, but for slots, which have the business's \
                       offset. A business is named by its slug; nothing of another is found under it.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        businesses::list, businesses::show,
        leads::list, leads::show, leads::change, leads::history::list,
        appointments::list, appointments::book, appointments::show, appointments::cancel,
        slots::list,
        calls::list, calls::place, calls::show, calls::hang_up,
        show,
    ),
    components(schemas(ErrorAnswer)),
    modifiers(&OfAll),
    security(("token" = [])),
)]
pub(super) struct Document;

/// What holds for every address: the token, how errors look, and that all else shows every property,
/// null where there is nothing.
struct OfAll;

impl Modify for OfAll {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", token);
        let answers = components.schemas.iter_mut().filter(|(name, _)| !name.starts_with("Error"));
        answers.for_each(|(_, schema)| show_every_property(schema));
        let error =
            ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorAnswer"))).build();
        let refused = ResponseBuilder::new()
            .description("It was not done")
            .content("application/json", error)
            .build();
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), refused.clone().into());
        }
    }
}

/// What takes no unknown property is a request's, and left as it is.
fn show_every_property(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    if let Schema::AllOf(parts) = schema {
        parts.items.iter_mut().for_each(show_every_property);
    } else if let Schema::Array(array) = schema
        && let ArrayItems::RefOrSchema(items) = &mut array.items
    {
        show_every_property(items);
    } else if let Schema::Object(object) = schema
        && !matches!(
            object.additional_properties.as_deref(),
            Some(AdditionalProperties::FreeForm(false))
        )
    {
        object.required = object.properties.keys().cloned().collect();
        object.properties.values_mut().for_each(show_every_property);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, patch, delete, .. } = item;
    [get, post, patch, delete].into_iter().flatten()
}

/// This document
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "showDocument", tag = "about",
    responses((status = 200, description = "An OpenAPI document", body = Object)),
)]
pub(super) async fn show(ask: Ask<'_>) -> Answer {
    ask.query::<Nothing>()?;
    Ok(json(StatusCode::OK, &Document::openapi()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::http::api::ROUTES;

    #[test]
    fn ops_4_every_route_is_documented_and_nothing_else_is() {
        let routes: BTreeSet<(String, String)> = (ROUTES.iter())
            .map(|route| (route.method.as_str().to_lowercase(), route.path.to_owned()))
            .collect();
        let document = serde_json::to_value(Document::openapi()).unwrap();
        let documented: BTreeSet<(String, String)> =
            (document["paths"].as_object().unwrap().iter())
                .flat_map(|(path, item)| {
                    item.as_object().unwrap().keys().map(|method| (method.clone(), path.clone()))
                })
                .collect();
        assert_eq!(routes, documented);
        assert_eq!(routes.len(), ROUTES.len(), "no route hides another");
    }

    #[test]
    fn ops_4_no_two_operations_have_one_name() {
        let document = Document::openapi();
        let mut paths = document.paths.paths;
        let names: Vec<String> = (paths.values_mut().flat_map(operations))
            .filter_map(|operation| operation.operation_id.clone())
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), ROUTES.len(), "{names:?}");
    }
}
