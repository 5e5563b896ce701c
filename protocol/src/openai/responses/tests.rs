//! The wire of the Responses API, as it is written and as it is read.

mod answers;
mod sdk;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::business::{BusinessSettings, TimeSpan, Transfer};
use crate::ids::{PhoneNumber, Slug, ToolCallId};
use crate::tools::Tool;

/// A business that offers every tool.
pub(super) fn business() -> BusinessSettings {
    let slug = Slug::parse("b").unwrap();
    let number = PhoneNumber::parse("+97231234567").unwrap();
    let mut settings = BusinessSettings::new(slug, "b", vec![number.clone()]);
    settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    settings.transfer = Some(Transfer { number, text: None });
    settings.ending.required_lead_fields = ["full_name", "city"].map(str::to_owned).to_vec();
    settings.lead.fields = vec!["floor".to_owned()];
    settings
}

/// A request with every kind of item.
pub(super) fn request() -> TextRequest {
    let text = |text: &str| text.to_owned();
    let call = json!({"type": "function_call", "id": "fc_1", "call_id": "call_1",
        "name": "find_available_slots", "arguments": "{}", "status": "completed"});
    let history = vec![
        HistoryItem::Note { text: text("The person called an hour ago.") },
        HistoryItem::Person { text: text("שלום") },
        HistoryItem::Agent { text: text("שלום, איך אפשר לעזור?") },
        HistoryItem::Person { text: text("מחר?") },
        HistoryItem::Returned { item: call },
        HistoryItem::ToolOutput {
            call_id: ToolCallId::parse("call_1").unwrap(),
            output: text("{\"ok\":true}"),
        },
    ];
    TextRequest::new(Arc::new(business()), "gpt-6-luna", "Be kind.".into(), history)
}

#[test]
fn wa_1_a_request_holds_the_conversation_and_leaves_nothing_at_openai() {
    let body = request().to_value();
    assert_eq!(body["model"], "gpt-6-luna");
    assert_eq!(body["store"], json!(false));
    assert_eq!(body["instructions"], "Be kind.");
    assert_eq!(body["max_output_tokens"], json!(4_000));
    assert_eq!(
        body["input"][1],
        json!({"role": "user", "content": [{"type": "input_text", "text": "שלום"}]})
    );
    assert_eq!(body["input"][2]["content"][0]["type"], "output_text");
    assert_eq!(body["input"][4]["call_id"], body["input"][5]["call_id"]);
    // A reasoning model refuses them.
    assert!(body.get("temperature").is_none() && body.get("top_p").is_none());
}

#[test]
fn wa_1_a_model_that_is_not_known_to_reason_is_asked_for_no_effort_and_no_limit_is_left_out() {
    let other = TextRequest { model: "house-model".to_owned(), ..request() };
    assert!(other.to_value().get("reasoning").is_none());
    assert_eq!(request().to_value()["reasoning"], json!({"effort": "low"}));
    let dated = TextRequest { model: "gpt-6-luna-2026-09-22".to_owned(), ..request() };
    assert_eq!(dated.to_value()["reasoning"], json!({"effort": "low"}));
    let unlimited = TextRequest { max_output_tokens: None, ..request() };
    assert!(unlimited.to_value().get("max_output_tokens").is_none());
    let tiny = TextRequest { max_output_tokens: Some(1), ..request() };
    assert_eq!(tiny.to_value()["max_output_tokens"], json!(16));
}

#[test]
fn wa_4_the_tools_in_writing_are_those_of_the_phone_but_for_the_calls_own() {
    let request = request();
    let offered: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| request.offers(*tool)).collect();
    let left: Vec<Tool> = Tool::ALL.into_iter().filter(|tool| !offered.contains(tool)).collect();
    assert_eq!(left, [Tool::CallControl, Tool::TransferCall]);
    let body = request.to_value();
    let names: Vec<_> =
        body["tools"].as_array().unwrap().iter().map(|tool| tool["name"].clone()).collect();
    assert_eq!(names, offered.iter().map(|tool| json!(tool.name())).collect::<Vec<_>>());
    let withheld = TextRequest { tools: Tools::Withheld, ..request };
    assert_eq!(withheld.to_value()["tool_choice"], "none");
    assert!(!Tool::ALL.into_iter().any(|tool| withheld.offers(tool)));
}

/// What strict mode refuses, as the API's reference lists it.
pub(super) fn is_strict(schema: &Value) -> Result<(), String> {
    for word in ["oneOf", "allOf", "not", "if", "then", "else"] {
        if schema.get(word).is_some() {
            return Err(format!("{word} is not allowed"));
        }
    }
    if schema["type"] == "object" || schema.get("properties").is_some() {
        let properties = schema["properties"].as_object().ok_or("an object without properties")?;
        if schema["additionalProperties"] != json!(false) {
            return Err("additionalProperties must be false".to_owned());
        }
        let required = schema["required"].as_array().ok_or("no list of required properties")?;
        if !properties.keys().eq(required.iter().filter_map(Value::as_str)) {
            let mut names: Vec<_> = required.iter().filter_map(Value::as_str).collect();
            names.sort_unstable();
            if !properties.keys().eq(names) {
                return Err(format!("required is {required:?}"));
            }
        }
        properties.values().try_for_each(is_strict)?;
    }
    schema.get("items").map_or(Ok(()), is_strict)
}

#[test]
fn wa_4_every_schema_is_strict() {
    let mut no_fields = business();
    no_fields.ending.required_lead_fields.clear();
    no_fields.lead.fields.clear();
    for business in [business(), no_fields] {
        let request = TextRequest { business: Arc::new(business), ..request() };
        let body = request.to_value();
        is_strict(&body["text"]["format"]["schema"]).unwrap();
        for tool in body["tools"].as_array().unwrap() {
            assert_eq!(tool["strict"], json!(true));
            let checked = is_strict(&tool["parameters"]);
            assert_eq!(checked, Ok(()), "{}", tool["name"]);
        }
    }
}

#[test]
fn wa_4_an_argument_that_may_be_left_out_on_the_phone_may_be_null_in_writing_and_no_other() {
    let settings = business();
    for tool in Tool::ALL {
        let phone = tool.spec(&settings).parameters;
        let writing = strict(phone.clone());
        let required = phone["required"].as_array().cloned().unwrap_or_default();
        for (name, property) in writing["properties"].as_object().unwrap() {
            let may_be_null =
                property["type"].as_array().is_some_and(|kinds| kinds.contains(&json!("null")));
            let was_null = phone["properties"][name]["type"].is_array();
            let optional = !required.contains(&json!(name)) && property["type"] != "object";
            assert_eq!(may_be_null, optional || was_null, "{} {name}", tool.name());
        }
    }
}

#[test]
fn wa_4_the_answers_schema_is_that_of_the_type_that_reads_it() {
    let format = request().to_value()["text"]["format"].clone();
    assert_eq!((&format["type"], &format["strict"]), (&json!("json_schema"), &json!(true)));
    let schema = &format["schema"];
    assert_eq!(schema["required"], json!(["reply", "control"]));
    let control = &schema["properties"]["control"];
    assert_eq!(
        control["required"],
        json!(["should_end_call", "end_reason", "lead_status", "missing_fields", "notes"])
    );
    let end_reason = &control["properties"]["end_reason"];
    assert_eq!(end_reason["type"], json!(["string", "null"]));
    let claims = end_reason["enum"].as_array().unwrap();
    assert_eq!(claims.last(), Some(&Value::Null));
    for claim in EndClaim::ALL {
        assert_eq!(json!(claim), json!(claim.as_str()));
        assert!(claims.contains(&json!(claim)));
    }
    assert_eq!(control["properties"]["notes"]["type"], "string");
    // The phone's tool has the same fields.
    let phone = Tool::CallControl.spec(&business()).parameters;
    assert!(
        phone["properties"]
            .as_object()
            .unwrap()
            .keys()
            .eq(control["properties"].as_object().unwrap().keys())
    );
    assert_eq!(phone["properties"]["end_reason"]["enum"], end_reason["enum"]);
    assert_eq!(
        phone["properties"]["lead_status"]["enum"],
        control["properties"]["lead_status"]["enum"]
    );
}

#[test]
fn wa_2_the_history_survives_a_restart() {
    let history = request().history;
    let stored = serde_json::to_string(&history).unwrap();
    assert_eq!(serde_json::from_str::<Vec<HistoryItem>>(&stored).unwrap(), history);
}
