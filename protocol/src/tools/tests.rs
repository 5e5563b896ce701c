//! What the model is told about the tools, byte for byte, and for whom.

use super::*;
use crate::business::{Language, TimeSpan, Transfer};
use crate::ids::{PhoneNumber, Slug};

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// A business that offers every tool.
fn settings(language: Language) -> BusinessSettings {
    let slug = Slug::parse("b").unwrap();
    let mut settings = BusinessSettings::new(slug, "b", vec![number("+97231234567")]);
    settings.language = language;
    settings.appointments.hours.sunday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    settings.transfer = Some(Transfer { number: number("+972501112233"), text: None });
    settings.ending.required_lead_fields =
        ["full_name", "city", "service_category"].map(str::to_owned).to_vec();
    settings.lead.fields = vec!["urgency".to_owned()];
    settings
}

fn is_hebrew(text: &str) -> bool {
    text.chars().any(|letter| ('א'..='ת').contains(&letter))
}

#[test]
fn the_session_is_told_of_the_tools_byte_for_byte_as_in_the_stored_files() {
    for (language, stored) in [
        (Language::HEBREW, include_str!("tests/hebrew.json")),
        (Language::ENGLISH, include_str!("tests/english.json")),
    ] {
        let told: Vec<Value> =
            specs(&settings(language.clone())).iter().map(ToolSpec::to_realtime).collect();
        let told = serde_json::to_string_pretty(&told).unwrap() + "\n";
        assert_eq!(told, stored, "{language}");
    }
}

#[test]
fn every_tool_is_found_by_its_name_and_a_made_up_name_is_none() {
    for tool in Tool::ALL {
        assert_eq!(Tool::named(tool.name()), Some(tool));
    }
    assert_eq!(Tool::named("order_pizza"), None);
}

#[test]
fn call_10_cal_1_tools_that_a_business_cannot_serve_are_not_offered() {
    let mut settings = settings(Language::HEBREW);
    let names = |settings: &BusinessSettings| {
        specs(settings).into_iter().map(|spec| spec.name).collect::<Vec<_>>()
    };
    assert_eq!(names(&settings), Tool::ALL.map(Tool::name));
    settings.transfer = None;
    settings.appointments.hours.sunday.clear();
    assert_eq!(names(&settings), ["call_control", "update_lead_details"]);
}

#[test]
fn cal_1_every_tool_and_argument_of_the_calendar_is_described_in_the_calls_language() {
    for (language, hebrew) in [(Language::HEBREW, true), (Language::ENGLISH, false)] {
        let settings = settings(language);
        for tool in CalendarTool::ALL {
            let spec = Tool::Calendar(tool).spec(&settings);
            assert_eq!(is_hebrew(&spec.description), hebrew);
            for (name, argument) in spec.parameters["properties"].as_object().unwrap() {
                let description = argument["description"].as_str().unwrap();
                assert_eq!(is_hebrew(description), hebrew, "{name}");
            }
        }
        for tool in [Tool::UpdateLeadDetails, Tool::TransferCall] {
            let spec = tool.spec(&settings);
            assert_eq!(is_hebrew(&spec.description), hebrew, "{}", spec.name);
        }
    }
}

#[test]
fn lead_3_no_argument_of_a_tool_names_a_business_or_a_person() {
    let settings = settings(Language::HEBREW);
    let names: Vec<String> = (CalendarTool::ALL.into_iter())
        .flat_map(|tool| {
            let spec = Tool::Calendar(tool).spec(&settings);
            let properties = spec.parameters["properties"].as_object().unwrap().clone();
            properties.into_iter().map(|(name, _)| name)
        })
        .collect();
    let expected = [
        "date_iso",
        "duration_min",
        "additional",
        "duration_min",
        "notes",
        "slot_start",
        "appointment_id",
        "from_start",
        "slot_start",
        "appointment_id",
        "slot_start",
    ];
    assert_eq!(names, expected);
}

#[test]
fn cal_1_the_calendar_reads_exactly_the_arguments_that_its_schemas_name() {
    let settings = settings(Language::ENGLISH);
    for tool in CalendarTool::ALL {
        let spec = Tool::Calendar(tool).spec(&settings);
        let named = spec.parameters["properties"].as_object().unwrap();
        let mut read = tool.arguments().to_vec();
        read.sort_unstable();
        assert!(named.keys().map(String::as_str).eq(read), "{}", spec.name);
    }
}
