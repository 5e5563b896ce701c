//! `/api/openapi.json`: the OpenAPI document, from the handlers' comments and types.

use http::StatusCode;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi};

use super::error::{ApiResult, ErrorAnswer};
use super::request::ApiRequest;
use super::{appointments, businesses, calls, conversations, leads, messages, slots, webhooks};
use crate::http::response::json;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Frontdesk",
        description = "The operator's API. Times are in UTC; those of slots have the business's offset. \
                       A request names a business by its slug, and finds nothing of any other.",
        license(name = "MIT OR Apache-2.0"),
    ),
    paths(
        businesses::list, businesses::show, businesses::change,
        leads::list, leads::show, leads::change, leads::seen_to, leads::history::list,
        leads::privacy::export, leads::privacy::erase,
        appointments::list, appointments::book, appointments::show, appointments::reschedule,
        appointments::cancel,
        slots::list,
        calls::list, calls::place, calls::show, calls::hang_up,
        conversations::list, conversations::show, conversations::handled, conversations::write,
        messages::list,
        webhooks::list, webhooks::resend,
        show,
    ),
    components(schemas(ErrorAnswer)),
    modifiers(&Common),
    security(("token" = [])),
)]
struct Document;

/// What all operations share: the token, the form of errors, and that responses have every property,
/// null if there is no value.
struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", token);
        let responses =
            components.schemas.iter_mut().filter(|(name, _)| !name.starts_with("Error"));
        responses.for_each(|(_, schema)| require_every_property(schema));
        let error =
            ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorAnswer"))).build();
        let failed = ResponseBuilder::new()
            .description("The request failed")
            .content("application/json", error)
            .build();
        for operation in document.paths.paths.values_mut().flat_map(operations) {
            let responses = &mut operation.responses.responses;
            responses.insert("default".to_owned(), failed.clone().into());
        }
    }
}

/// Skips the schemas of requests. Those allow no unknown property.
fn require_every_property(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else { return };
    if let Schema::AllOf(parts) = schema {
        parts.items.iter_mut().for_each(require_every_property);
    } else if let Schema::Array(array) = schema
        && let ArrayItems::RefOrSchema(items) = &mut array.items
    {
        require_every_property(items);
    } else if let Schema::Object(object) = schema
        && !matches!(
            object.additional_properties.as_deref(),
            Some(AdditionalProperties::FreeForm(false))
        )
    {
        object.required = object.properties.keys().cloned().collect();
        object.properties.values_mut().for_each(require_every_property);
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, post, patch, delete, .. } = item;
    [get, post, patch, delete].into_iter().flatten()
}

/// The whole document.
pub(super) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// This document
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "showDocument", tag = "about",
    responses((status = 200, description = "An OpenAPI document", body = Object)),
)]
pub(super) async fn show(request: ApiRequest<'_>) -> ApiResult {
    request.no_query()?;
    Ok(json(StatusCode::OK, &document()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ops_4_no_two_operations_have_one_name() {
        let mut paths = document().paths.paths;
        let names: Vec<_> = (paths.values_mut().flat_map(operations))
            .map(|operation| operation.operation_id.clone().unwrap())
            .collect();
        assert!(!names.is_empty());
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
}
