//! The tools that write a lead, put the caller through and use the calendar, described in the call's language.

use protocol::business::BusinessSettings;
use protocol::calendar::{Tongue, Tool};
use protocol::openai::session::ToolSpec;
use serde_json::{Map, Value, json};

/// A text in Hebrew and in English.
type Both = (&'static str, &'static str);

const UPDATE_LEAD: Both = (
    "לרשום את מה שהלקוח סיפר על עצמו ועל מה שהוא צריך, מיד כשסיפר.",
    "Write down what the caller has told about themselves and what they need, as soon as they have \
     told it.",
);
const TRANSFER: Both = (
    "להעביר את השיחה לנציג אנושי, כשהלקוח מבקש לדבר עם אדם. בלי להודיע על ההעברה: הלקוח שומע את \
     ההודעה לבד.",
    "Put the caller through to a person, when they ask for one. Say nothing with it: the caller is \
     told of it without you.",
);
const FIND: Both = (
    "למצוא את המועדים הפנויים הקרובים לתאריך. להציע ללקוח רק מועדים שהכלי החזיר.",
    "Find the free appointment times nearest to a date. Offer the caller only times that this \
     returned.",
);
const CREATE: Both = (
    "לקבוע פגישה ללקוח שבשיחה, במועד שהוא בחר. הפגישה נקבעה רק אם הכלי אישר.",
    "Book an appointment for the caller at the time they chose. It is booked only if this confirms \
     it.",
);
const CANCEL: Both = (
    "לבטל פגישה של הלקוח שבשיחה, לפי המזהה שלה או לפי המועד שלה.",
    "Cancel an appointment of the caller's, by its id or by its start.",
);
const DATE: Both = (
    "תאריך מלא עם שנה, YYYY-MM-DD, ואפשר גם שעה: YYYY-MM-DDTHH:MM.",
    "A full date with its year, YYYY-MM-DD, or with a time of day to look around: YYYY-MM-DDTHH:MM.",
);
const START: Both = (
    "תחילת הפגישה, בדיוק כפי שהתקבלה מ־find_available_slots.",
    "When the appointment begins, exactly as find_available_slots returned it.",
);
const CANCEL_START: Both =
    ("תחילת הפגישה שיש לבטל.", "When the appointment to be cancelled begins.");
const LENGTH: Both = (
    "אורך הפגישה בדקות, רק אם הלקוח ביקש אורך אחר מהרגיל.",
    "How many minutes it lasts, only if the caller asked for another length than usual.",
);
const NOTES: Both = ("מה שחשוב לדעת לקראת הפגישה.", "What is worth knowing for the appointment.");
const ID: Both = (
    "מזהה הפגישה, כפי שהתקבל כשנקבעה.",
    "The appointment's id, as it was returned when it was booked.",
);

/// The tool that writes down what the caller tells.
pub(super) fn update_lead_details(settings: &BusinessSettings) -> ToolSpec {
    let fields: Map<String, Value> = (settings.lead_fields().into_iter())
        .map(|field| (field.to_owned(), json!({ "type": ["string", "null"] })))
        .collect();
    ToolSpec {
        name: "update_lead_details".to_owned(),
        description: in_language(settings, UPDATE_LEAD),
        parameters: json!({
            "type": "object",
            "properties": {
                "full_name": { "type": ["string", "null"] },
                "email": { "type": ["string", "null"] },
                "fields": { "type": "object", "properties": fields },
            },
        }),
    }
}

/// The tool that puts the caller through to a person (CALL-10).
pub(super) fn transfer_call(settings: &BusinessSettings) -> ToolSpec {
    ToolSpec {
        name: "transfer_call".to_owned(),
        description: in_language(settings, TRANSFER),
        parameters: json!({ "type": "object", "properties": {} }),
    }
}

/// A tool of the calendar's.
pub(super) fn calendar(tool: Tool, settings: &BusinessSettings) -> ToolSpec {
    let argument =
        |kind: Value, text| json!({ "type": kind, "description": in_language(settings, text) });
    let (text, text_or_none) = (json!("string"), json!(["string", "null"]));
    let length = || argument(json!(["integer", "null"]), LENGTH);
    let (description, properties, required) = match tool {
        Tool::Find => (
            FIND,
            json!({ "date_iso": argument(text, DATE), "duration_min": length() }),
            json!(["date_iso"]),
        ),
        Tool::Create => (
            CREATE,
            json!({
                "slot_start": argument(text, START),
                "duration_min": length(),
                "notes": argument(text_or_none, NOTES),
            }),
            json!(["slot_start"]),
        ),
        Tool::Cancel => (
            CANCEL,
            json!({
                "appointment_id": argument(text_or_none.clone(), ID),
                "slot_start": argument(text_or_none, CANCEL_START),
            }),
            json!([]),
        ),
    };
    ToolSpec {
        name: tool.name().to_owned(),
        description: in_language(settings, description),
        parameters: json!({ "type": "object", "properties": properties, "required": required }),
    }
}

fn in_language(settings: &BusinessSettings, (hebrew, english): Both) -> String {
    match Tongue::of(&settings.language) {
        Tongue::Hebrew => hebrew,
        Tongue::English => english,
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use protocol::business::{Language, TimeSpan};
    use protocol::ids::{PhoneNumber, Slug};

    use super::*;

    fn settings(language: Language) -> BusinessSettings {
        let number = PhoneNumber::parse("+97231234567").unwrap();
        let mut settings = BusinessSettings::new(Slug::parse("b").unwrap(), "b", vec![number]);
        settings.language = language;
        settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
        settings
    }

    #[test]
    fn cal_1_every_tool_and_argument_of_the_calendar_is_described_in_the_calls_language() {
        let is_hebrew = |text: &str| text.chars().any(|letter| ('א'..='ת').contains(&letter));
        for (language, hebrew) in [(Language::HEBREW, true), (Language::ENGLISH, false)] {
            let settings = settings(language);
            for tool in Tool::ALL {
                let spec = calendar(tool, &settings);
                assert_eq!(is_hebrew(&spec.description), hebrew);
                for (name, argument) in spec.parameters["properties"].as_object().unwrap() {
                    let description = argument["description"].as_str().unwrap();
                    assert_eq!(is_hebrew(description), hebrew, "{name}");
                }
            }
            for tool in [update_lead_details(&settings), transfer_call(&settings)] {
                assert_eq!(is_hebrew(&tool.description), hebrew, "{}", tool.name);
            }
        }
    }

    #[test]
    fn lead_3_no_argument_of_a_tool_names_a_business_or_a_person() {
        let settings = settings(Language::HEBREW);
        let names: Vec<String> = (Tool::ALL.into_iter())
            .flat_map(|tool| {
                let spec = calendar(tool, &settings);
                let properties = spec.parameters["properties"].as_object().unwrap().clone();
                properties.into_iter().map(|(name, _)| name)
            })
            .collect();
        let expected = [
            "date_iso",
            "duration_min",
            "duration_min",
            "notes",
            "slot_start",
            "appointment_id",
            "slot_start",
        ];
        assert_eq!(names, expected);
    }
}
