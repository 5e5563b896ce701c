//! The OpenAPI document, compared with the responses.

use std::collections::BTreeSet;

use frontdesk::world::World;
use http::{Method, StatusCode};
use serde_json::Value;

use super::operator::{Operator, Wanted, operations};
use super::rows::Rows;
use crate::booking::{Schema, opened_on};
use crate::support::{
    brief, brief_in_writing, http_client, number, plan, virtually, within, world,
};

/// The differences between `value` and `schema`, in words.
fn misfits(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(name) = schema["$ref"].as_str() {
        let path = name.trim_start_matches('#');
        let meant = document.pointer(path).unwrap_or_else(|| panic!("{name} is not there"));
        return misfits(document, meant, value, place);
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let fits = |choice| misfits(document, choice, value, place).is_empty();
        return if choices.iter().any(fits) {
            Vec::new()
        } else {
            vec![format!("{place} is none of {choices:?}")]
        };
    }
    let one = schema["type"].as_str();
    let several = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut kinds: Vec<&str> = one.into_iter().chain(several).collect();
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !schema["allOf"].is_null() {
        kinds.push("object");
    }
    if !kinds.is_empty() && !kinds.contains(&kind) {
        return vec![format!("{place} is {kind}, not {kinds:?}")];
    }
    if let Some(words) = schema["enum"].as_array()
        && !words.contains(value)
    {
        return vec![format!("{place} is {value}, none of {words:?}")];
    }
    match value {
        Value::Array(items) => (items.iter().enumerate())
            .flat_map(|(n, item)| {
                misfits(document, &schema["items"], item, &format!("{place}[{n}]"))
            })
            .collect(),
        Value::Object(object) => {
            let known = Properties::of(document, schema);
            let missing = known.required.iter().filter(|name| !object.contains_key(**name));
            let mut found: Vec<String> =
                missing.map(|name| format!("{place}.{name} is missing")).collect();
            for (name, value) in object {
                let place = format!("{place}.{name}");
                match known.named(name) {
                    Some(schema) => found.extend(misfits(document, schema, value, &place)),
                    None if known.open => {}
                    None => found.push(format!("{place} is not documented")),
                }
            }
            found
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// The properties of an object over all parts of its schema.
#[derive(Default)]
struct Properties<'a> {
    known: Vec<(&'a str, &'a Value)>,
    required: BTreeSet<&'a str>,
    others: Option<&'a Value>,
    /// Whether the schema allows any property.
    open: bool,
}

impl<'a> Properties<'a> {
    fn of(document: &'a Value, schema: &'a Value) -> Self {
        let mut properties = Self::default();
        properties.add(document, schema);
        properties.open = properties.known.is_empty() && properties.others.is_none();
        properties
    }

    fn add(&mut self, document: &'a Value, schema: &'a Value) {
        if let Some(name) = schema["$ref"].as_str() {
            return self.add(document, document.pointer(name.trim_start_matches('#')).unwrap());
        }
        for part in schema["allOf"].as_array().into_iter().flatten() {
            self.add(document, part);
        }
        let known = schema["properties"].as_object().into_iter().flatten();
        self.known.extend(known.map(|(name, schema)| (name.as_str(), schema)));
        let required = schema["required"].as_array().into_iter().flatten();
        self.required.extend(required.filter_map(Value::as_str));
        self.others = self.others.or(schema.get("additionalProperties"));
    }

    fn named(&self, name: &str) -> Option<&'a Value> {
        let known = self.known.iter().find(|(known, _)| *known == name);
        known.map(|(_, schema)| *schema).or(self.others.filter(|others| others.is_object()))
    }
}

#[test]
fn ops_4_every_response_matches_the_openapi_document() {
    virtually(async {
        as_the_document_says(world(brief_in_writing).await).await;
    });
}

#[tokio::test]
async fn ops_4_every_response_from_postgresql_matches_the_openapi_document() {
    let Some(schema) = Schema::new().await else { return };
    let mut plan = plan();
    brief_in_writing(&mut plan);
    as_the_document_says(opened_on(&schema.url, plan).await).await;
    schema.drop().await;
}

async fn as_the_document_says(world: World) {
    let operator = Operator::of(&world);
    let document = operator.document().await;
    let rows = Rows::make(&world, world.business_id, 1).await;
    let mut checked = 0;
    for operation in operations(&document) {
        let wanted = Wanted::sample(&operation, &world.business.slug, &rows);
        let answer = operator.asks(&wanted).await;
        let (method, path) = operation.split_once(' ').unwrap();
        let responses = &document["paths"][path][method]["responses"];
        let mut documented = &responses[answer.status.as_str()];
        if documented.is_null() {
            documented = &responses["default"];
        }
        let schema = &documented["content"]["application/json"]["schema"];
        if schema.is_null() {
            assert_eq!(answer.body, Value::Null, "{operation}: {answer:?}");
            continue;
        }
        let found = misfits(&document, schema, &answer.body, "answer");
        assert!(found.is_empty(), "{operation}: {found:#?}\n{}", answer.body);
        let refused = operator.asks(&wanted.and("colour=red")).await;
        let schema = &responses["default"]["content"]["application/json"]["schema"];
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert_eq!(misfits(&document, schema, &refused.body, "answer"), [""; 0]);
        checked += usize::from(answer.status.is_success());
        if answer.status == StatusCode::CREATED && path == "/api/calls" {
            let callee = world.carrier.callee(number(7).as_str(), "he").await;
            callee.hang_up();
            within("the end", callee.ended()).await;
        }
    }
    // All but the hang-up of a call that has ended.
    assert_eq!(checked, operations(&document).len() - 1);
    world.close().await;
}

#[test]
fn ops_6_the_openapi_document_states_the_authentication_and_every_operation_requires_it() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let document = operator.document().await;
        assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
        assert_eq!(document["security"][0]["token"], Value::Array(Vec::new()));
        let address = world.app.admin_address().unwrap();
        let http = http_client(&world);
        for operation in operations(&document) {
            let (method, path) = operation.split_once(' ').unwrap();
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let answer =
                http.request(method, &format!("http://{address}{path}")).send().await.unwrap();
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{operation}");
        }
        world.close().await;
    });
}

#[test]
fn the_check_of_responses_finds_errors() {
    let document = serde_json::json!({ "schemas": {
        "Inner": { "type": "object", "required": ["a"], "properties": { "a": { "type": "string" } } },
        "Outer": { "allOf": [
            { "$ref": "#/schemas/Inner" },
            { "type": "object", "properties": { "b": { "type": ["integer", "null"] } } },
        ] },
    } });
    let schema = &serde_json::json!({ "$ref": "#/schemas/Outer" });
    let check = |value: Value| misfits(&document, schema, &value, "x");
    assert_eq!(check(serde_json::json!({ "a": "", "b": null })), [""; 0]);
    assert_eq!(check(serde_json::json!({ "b": 1 })), ["x.a is missing"]);
    assert_eq!(check(serde_json::json!({ "a": 1 })), ["x.a is integer, not [\"string\"]"]);
    assert_eq!(check(serde_json::json!({ "a": "", "c": 1 })), ["x.c is not documented"]);
    assert_eq!(check(serde_json::json!([])).len(), 1);
}
