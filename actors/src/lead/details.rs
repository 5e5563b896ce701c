//! The details of a lead, from the model's `update_lead_details` or from an operator: which values
//! are saved, refused or ignored (LEAD-2).

use entities::leads::LeadChanges;
use protocol::ids::PhoneNumber;
use protocol::phone;
use serde_json::{Map, Value, json};

/// The longest value of a field, in characters.
const MAX_CHARS: usize = 2000;

/// Checked details.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The valid values.
    pub changes: LeadChanges,
    /// The names of the fields with an invalid value.
    pub refused: Vec<String>,
    /// The names of the fields that the business does not have.
    pub ignored: Vec<String>,
}

/// The arguments are no JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(String);

impl Unreadable {
    /// The tool's output for the model.
    pub(super) fn output(&self) -> String {
        json!({ "ok": false, "error": format!("the arguments could not be read: {}", self.0) })
            .to_string()
    }
}

impl Details {
    /// Parses and checks the model's arguments.
    pub(super) fn read(
        arguments: &str,
        fields: &[&str],
        home: &PhoneNumber,
    ) -> Result<Self, Unreadable> {
        let values =
            serde_json::from_str(arguments).map_err(|error| Unreadable(error.to_string()))?;
        Ok(Self::of(values, fields, home))
    }

    /// Checks the values. `fields` are the business's lead fields. `home` is its own number: phone
    /// numbers of the same country need no country code.
    #[must_use]
    pub fn of(values: Map<String, Value>, fields: &[&str], home: &PhoneNumber) -> Self {
        let mut details = Self::default();
        for (name, value) in values {
            match (name.as_str(), value) {
                ("full_name", value) => details.take_name(&value),
                ("email", value) => details.take_email(&value),
                ("fields", Value::Object(values)) => details.take_fields(values, fields, home),
                ("fields", Value::Null) => {}
                ("fields", _) => details.refused.push(name),
                _ => details.ignored.push(name),
            }
        }
        details
    }

    /// Whether nothing was refused.
    pub(super) fn is_valid(&self) -> bool {
        self.refused.is_empty()
    }

    /// The names of the valid values.
    pub(super) fn saved(&self) -> Vec<String> {
        let LeadChanges { full_name, email, fields } = &self.changes;
        let person = [("full_name", full_name), ("email", email)];
        (person.into_iter().filter(|(_, value)| value.is_some()))
            .map(|(name, _)| name.to_owned())
            .chain(fields.keys().cloned())
            .collect()
    }

    /// The tool's output for the model.
    pub(super) fn output(&self) -> String {
        json!({
            "ok": self.refused.is_empty(),
            "saved": self.saved(),
            "refused": self.refused,
            "ignored": self.ignored,
        })
        .to_string()
    }

    fn take_fields(&mut self, values: Map<String, Value>, fields: &[&str], home: &PhoneNumber) {
        for (name, value) in values {
            match name.as_str() {
                "full_name" => self.take_name(&value),
                "email" => self.take_email(&value),
                known if !fields.contains(&known) => self.ignored.push(name),
                known => {
                    let text = self.text(known, &value);
                    let is_phone = known.split('_').any(|part| part == "phone");
                    match text.map(|text| if is_phone { phone(&text, home) } else { Some(text) }) {
                        Some(Some(text)) => drop(self.changes.fields.insert(name, text)),
                        Some(None) => self.refused.push(name),
                        None => {}
                    }
                }
            }
        }
    }

    fn take_name(&mut self, value: &Value) {
        if let Some(name) = self.text("full_name", value) {
            self.changes.full_name = Some(name);
        }
    }

    fn take_email(&mut self, value: &Value) {
        let Some(email) = self.text("email", value) else { return };
        let valid = email.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !email.contains(char::is_whitespace)
                && !host.contains('@')
        });
        if valid {
            self.changes.email = Some(email);
        } else {
            self.refused.push("email".to_owned());
        }
    }

    /// The value as text. `None` if it is empty or invalid; an empty value erases nothing.
    fn text(&mut self, name: &str, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            Value::Null => return None,
            Value::Array(_) | Value::Object(_) => {
                self.refused.push(name.to_owned());
                return None;
            }
        };
        if text.chars().count() > MAX_CHARS {
            self.refused.push(name.to_owned());
            return None;
        }
        (!text.is_empty()).then_some(text)
    }
}

/// A telephone number in E.164.
fn phone(text: &str, home: &PhoneNumber) -> Option<String> {
    phone::e164(text, Some(home)).map(|number| number.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a business in Israel reads them.
    fn read(arguments: &str, fields: &[&str]) -> Result<Details, Unreadable> {
        let home = PhoneNumber::parse("+97231234567").unwrap();
        Details::read(arguments, fields, &home)
    }

    #[test]
    fn lead_2_a_phone_number_is_stored_in_e164_and_an_invalid_one_is_refused() {
        let arguments = r#"{"fields":{"phone":"050-123-4567","second_phone":"yes","city":"1"}}"#;
        let details = read(arguments, &["phone", "second_phone", "city"]).unwrap();
        assert_eq!(details.changes.fields["phone"], "+972501234567");
        assert_eq!(details.refused, ["second_phone"]);
        assert_eq!(details.saved(), ["city", "phone"]);
    }

    #[test]
    fn lead_2_name_and_email_are_accepted_among_the_fields_too() {
        let arguments = r#"{"email":"","fields":{"full_name":"דנה","email":"dana@example.com"}}"#;
        let details = read(arguments, &[]).unwrap();
        assert_eq!(details.saved(), ["full_name", "email"]);
        let refused = read(r#"{"fields":{"email":"dana at example"}}"#, &[]).unwrap();
        assert_eq!(
            (refused.saved(), refused.refused),
            (Vec::<String>::new(), vec!["email".into()])
        );
    }

    #[test]
    fn lead_2_known_fields_are_saved_and_the_others_are_named() {
        let arguments = r#"{"full_name":" דנה ","email":"x","age":4,
            "fields":{"city":"תל אביב","floor":3,"colour":"red","problem_description":null}}"#;
        let details = read(arguments, &["city", "floor", "problem_description"]).unwrap();
        assert_eq!(details.saved(), ["full_name", "city", "floor"]);
        let output: Value = serde_json::from_str(&details.output()).unwrap();
        assert_eq!(output["refused"], json!(["email"]));
        assert_eq!(output["ignored"], json!(["age", "colour"]));
        assert_eq!(output["ok"], false);
        assert_eq!(details.changes.full_name.as_deref(), Some("דנה"));
    }

    #[test]
    fn lead_2_an_empty_value_erases_nothing() {
        let details = read(r#"{"full_name":"","fields":{"city":"  "}}"#, &["city"]).unwrap();
        assert_eq!(details.changes, LeadChanges::default());
        assert!(details.is_valid());
        let nothing = r#"{"full_name":null,"email":null,"fields":null}"#;
        assert_eq!(read(nothing, &["city"]), Ok(Details::default()));
    }

    #[test]
    fn lead_2_an_empty_value_does_not_undo_a_value_elsewhere_in_the_same_arguments() {
        for empty in ["null", "\"\"", "\" \""] {
            let fields = r#"{"full_name":"דנה","email":"dana@example.com","city":null}"#;
            let arguments = format!(r#"{{"full_name":{empty},"email":{empty},"fields":{fields}}}"#);
            let details = read(&arguments, &["city"]).unwrap();
            assert_eq!(details.saved(), ["full_name", "email"], "{arguments}");
        }
    }

    #[test]
    fn lead_2_arguments_that_are_no_json_are_refused() {
        let refusal = read("{\"full_name\":", &[]).unwrap_err();
        assert!(refusal.output().contains("could not be read"));
    }
}
