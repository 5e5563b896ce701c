//! JSON Schemas of the tools' arguments. No argument can name a business or a person (LEAD-3).

use serde_json::{Map, Value, json};

use super::Tool;
use super::wording::{ADDITIONAL, CANCEL_START, DATE, FROM_START, ID, LENGTH, NOTES, START, Text};
use crate::business::{BusinessSettings, Locale};
use crate::calendar::CalendarTool;

/// The schema of one tool's arguments object.
pub(super) fn parameters(tool: Tool, settings: &BusinessSettings) -> Value {
    match tool {
        Tool::CallControl => call_control(),
        Tool::UpdateLeadDetails => update_lead_details(settings),
        Tool::TransferCall => json!({ "type": "object", "properties": {} }),
        Tool::Calendar(tool) => calendar(tool, Locale::of(&settings.language)),
    }
}

fn call_control() -> Value {
    json!({
        "type": "object",
        "properties": {
            "should_end_call": { "type": "boolean" },
            "end_reason": {
                "type": ["string", "null"],
                "enum": ["lead_complete", "user_goodbye", "customer_declined", "no_response", null],
            },
            "lead_status": { "type": "string", "enum": ["in_progress", "complete", "declined"] },
            "missing_fields": { "type": "array", "items": { "type": "string" } },
            "notes": { "type": "string" },
        },
        "required": ["should_end_call", "lead_status", "missing_fields"],
    })
}

fn update_lead_details(settings: &BusinessSettings) -> Value {
    let fields: Map<String, Value> = (settings.lead_fields().into_iter())
        .map(|field| (field.to_owned(), json!({ "type": ["string", "null"] })))
        .collect();
    json!({
        "type": "object",
        "properties": {
            "full_name": { "type": ["string", "null"] },
            "email": { "type": ["string", "null"] },
            "fields": { "type": "object", "properties": fields },
        },
    })
}

fn calendar(tool: CalendarTool, locale: Locale) -> Value {
    let argument =
        |kind: Value, text: Text| json!({ "type": kind, "description": text.in_locale(locale) });
    let (text, text_or_none) = (json!("string"), json!(["string", "null"]));
    let length = || argument(json!(["integer", "null"]), LENGTH);
    let (properties, required) = match tool {
        CalendarTool::Find => (
            json!({ "date_iso": argument(text, DATE), "duration_min": length() }),
            json!(["date_iso"]),
        ),
        CalendarTool::Create => (
            json!({
                "slot_start": argument(text, START),
                "duration_min": length(),
                "notes": argument(text_or_none, NOTES),
                "additional": argument(json!(["boolean", "null"]), ADDITIONAL),
            }),
            json!(["slot_start"]),
        ),
        CalendarTool::Reschedule => (
            json!({
                "appointment_id": argument(text_or_none.clone(), ID),
                "from_start": argument(text_or_none, FROM_START),
                "slot_start": argument(text, START),
            }),
            json!(["slot_start"]),
        ),
        CalendarTool::Cancel => (
            json!({
                "appointment_id": argument(text_or_none.clone(), ID),
                "slot_start": argument(text_or_none, CANCEL_START),
            }),
            json!([]),
        ),
    };
    json!({ "type": "object", "properties": properties, "required": required })
}
