//! The details of a lead, from the model's `update_lead_details` or from an operator: which values
//! are saved, refused or ignored (LEAD-2).

use entities::leads::LeadChanges;
use protocol::ids::PhoneNumber;
use protocol::phone;
use protocol::text::{self, Flaw};
use serde_json::{Map, Value, json};
use thiserror::Error;

/// The longest value of a field, in characters.
const MAX_CHARS: usize = 2000;

/// Who has written the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Author {
    /// The model. A null erases nothing, and a number is a text.
    Model,
    /// An operator. A null clears the value, and every other value is a text.
    Operator,
}

/// Checked details.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details {
    /// The valid values.
    pub changes: LeadChanges,
    /// The fields with an invalid value, and what is wrong with it.
    pub refused: Vec<(String, Wrong)>,
    /// The names of the fields that the business does not have.
    pub ignored: Vec<String>,
}

/// What is wrong with a value. It reads on from the field's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Wrong {
    #[error("must be a text")]
    NotText,
    #[error("must be an object of the fields and their values")]
    NotFields,
    #[error("is not an e-mail address, as in \"dana@example.com\"")]
    NotEmail,
    #[error("is not a telephone number, as in \"+972501234567\"")]
    NotPhone,
    #[error(transparent)]
    Flawed(#[from] Flaw),
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
        Ok(Self::of(values, fields, home, Author::Model))
    }

    /// Checks the values. `fields` are the business's lead fields. `home` is its own number: phone
    /// numbers of the same country need no country code.
    #[must_use]
    pub fn of(
        values: Map<String, Value>,
        fields: &[&str],
        home: &PhoneNumber,
        author: Author,
    ) -> Self {
        let mut reading = Reading { details: Self::default(), fields, home, author };
        for (name, value) in values {
            match (name.as_str(), value) {
                ("fields", Value::Object(values)) => reading.take_fields(values),
                ("fields", Value::Null) if author == Author::Model => {}
                ("fields", _) => reading.details.refused.push((name, Wrong::NotFields)),
                ("full_name" | "email", value) => reading.take(name, &value),
                _ => reading.details.ignored.push(name),
            }
        }
        reading.details
    }

    /// Whether nothing was refused.
    pub(super) fn is_valid(&self) -> bool {
        self.refused.is_empty()
    }

    /// The names of the valid values.
    pub(super) fn saved(&self) -> Vec<String> {
        let LeadChanges { full_name, email, fields, .. } = &self.changes;
        let person = [("full_name", full_name), ("email", email)];
        (person.into_iter().filter(|(_, value)| value.is_some()))
            .map(|(name, _)| name.to_owned())
            .chain(fields.keys().cloned())
            .collect()
    }

    /// The tool's output for the model.
    pub(super) fn output(&self) -> String {
        let names: Vec<&String> = self.refused.iter().map(|(name, _)| name).collect();
        let mut output = json!({
            "ok": self.refused.is_empty(),
            "saved": self.saved(),
            "refused": names,
            "ignored": self.ignored,
        });
        if !self.refused.is_empty() {
            let told = |(name, wrong): &(String, Wrong)| format!("{name} {wrong}");
            output["why"] = self.refused.iter().map(told).collect();
        }
        output.to_string()
    }
}

/// Values that are being checked.
struct Reading<'a> {
    details: Details,
    fields: &'a [&'a str],
    home: &'a PhoneNumber,
    author: Author,
}

impl Reading<'_> {
    fn take_fields(&mut self, values: Map<String, Value>) {
        for (name, value) in values {
            let is_known = name == "full_name" || name == "email";
            if is_known || self.fields.contains(&name.as_str()) {
                self.take(name, &value);
            } else {
                self.details.ignored.push(name);
            }
        }
    }

    fn take(&mut self, name: String, value: &Value) {
        let is_phone = name.split('_').any(|part| part == "phone");
        let checked = match self.text(&name, value) {
            Ok(Some(text)) if name == "email" && !is_email(&text) => Err(Wrong::NotEmail),
            Ok(Some(text)) if is_phone => phone(&text, self.home).map(Some).ok_or(Wrong::NotPhone),
            checked => checked,
        };
        let changes = &mut self.details.changes;
        match (name.as_str(), checked) {
            (_, Err(wrong)) => self.details.refused.push((name, wrong)),
            (own, Ok(None)) if value.is_null() && self.author == Author::Operator => {
                let is_own = own != "full_name" && own != "email";
                changes.cleared.insert(if is_own { format!("fields.{own}") } else { name });
            }
            (_, Ok(None)) => {}
            ("full_name", Ok(text)) => changes.full_name = text,
            ("email", Ok(text)) => changes.email = text,
            (_, Ok(Some(text))) => drop(changes.fields.insert(name, text)),
        }
    }

    /// The value as text. `None` if it is empty: an empty value erases nothing.
    fn text(&self, name: &str, value: &Value) -> Result<Option<String>, Wrong> {
        let is_line = name == "full_name" || name == "email";
        let takes_others = self.author == Author::Model && !is_line;
        let text = match value {
            Value::String(text) => text.trim().replace("\r\n", "\n"),
            Value::Number(number) if takes_others => number.to_string(),
            Value::Bool(flag) if takes_others => flag.to_string(),
            Value::Null => return Ok(None),
            Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                return Err(Wrong::NotText);
            }
        };
        if is_line {
            text::check_name(&text, MAX_CHARS)?;
        } else {
            text::check_lines(&text, MAX_CHARS)?;
        }
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

fn is_email(email: &str) -> bool {
    email.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty()
            && host.contains('.')
            && !host.starts_with('.')
            && !host.ends_with('.')
            && !email.contains(char::is_whitespace)
            && !host.contains('@')
    })
}

/// A telephone number in E.164, with its extension behind it.
fn phone(text: &str, home: &PhoneNumber) -> Option<String> {
    let written = phone::read(text, Some(home)).ok()?;
    let number = written.number.as_str();
    Some(match written.extension {
        Some(extension) => format!("{number} ext. {extension}"),
        None => number.to_owned(),
    })
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
        assert_eq!(details.refused, [("second_phone".to_owned(), Wrong::NotPhone)]);
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
            (Vec::<String>::new(), vec![("email".to_owned(), Wrong::NotEmail)])
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
    fn lead_2_an_operator_clears_with_null_and_writes_nothing_but_texts() {
        let home = PhoneNumber::parse("+97231234567").unwrap();
        let of = |values: Value, author| {
            let Value::Object(values) = values else { panic!("an object") };
            Details::of(values, &["city", "floor"], &home, author)
        };
        let nulls =
            json!({"full_name": null, "email": null, "fields": {"city": null, "floor": ""}});
        let cleared = of(nulls.clone(), Author::Operator).changes.cleared;
        assert_eq!(cleared.into_iter().collect::<Vec<_>>(), ["email", "fields.city", "full_name"]);
        assert_eq!(of(nulls, Author::Model), Details::default());
        for wrong in [json!(false), json!(3), json!([]), json!({}), json!("a\u{0}b")] {
            for (values, name) in [
                (json!({ "full_name": wrong }), "full_name"),
                (json!({ "email": wrong }), "email"),
                (json!({ "fields": { "city": wrong } }), "city"),
            ] {
                let names = |author| {
                    let refused = of(values.clone(), author).refused;
                    refused.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
                };
                assert_eq!(names(Author::Operator), [name], "{values}");
                if name != "city" {
                    assert_eq!(names(Author::Model), [name], "{values}");
                }
            }
        }
        let fields = of(json!({ "fields": null }), Author::Operator).refused;
        assert_eq!(fields, [("fields".to_owned(), Wrong::NotFields)]);
        let floor = of(json!({ "fields": { "floor": 3, "city": true } }), Author::Model);
        assert_eq!(
            (&*floor.changes.fields["floor"], &*floor.changes.fields["city"]),
            ("3", "true")
        );
    }

    #[test]
    fn ops_12_a_name_is_one_line_of_what_is_seen_and_a_field_keeps_its_lines() {
        let arguments = |value: &str| {
            json!({"full_name": value, "email": value, "fields": {"city": value}}).to_string()
        };
        for (value, mark, of_field) in [
            ("dana\u{202E}@x.co", '\u{202E}', Some('\u{202E}')),
            ("dana\n@x.co", '\n', None),
            ("da\u{200B}na@x.co", '\u{200B}', None),
            ("dana\t@x.co", '\t', Some('\t')),
            ("dana\u{0}@x.co", '\u{0}', Some('\u{0}')),
            ("dana\u{9F}@x.co", '\u{9F}', Some('\u{9F}')),
        ] {
            let details = read(&arguments(value), &["city"]).unwrap();
            let why = |name: &str| {
                details.refused.iter().find(|(field, _)| field == name).map(|(_, why)| *why)
            };
            let invisible = Some(Wrong::Flawed(Flaw::Invisible(mark)));
            assert_eq!((why("full_name"), why("email")), (invisible, invisible), "{value:?}");
            let control = of_field.map(|mark| Wrong::Flawed(Flaw::Control(mark)));
            assert_eq!(why("city"), control, "{value:?}");
            let output: Value = serde_json::from_str(&details.output()).unwrap();
            assert!(output["refused"].as_array().unwrap().contains(&json!("full_name")));
            let told = output["why"].to_string();
            assert!(told.contains("full_name holds the invisible character U+"), "{told}");
        }
        let kept = read(r#"{"fields":{"city":"a\r\nb"}}"#, &["city"]).unwrap();
        assert_eq!(kept.changes.fields["city"], "a\nb");
        assert!(!kept.output().contains("why"), "{}", kept.output());
    }

    #[test]
    fn lead_4_the_extension_of_a_number_is_kept_behind_it() {
        let arguments =
            r#"{"fields":{"office_phone":"03-1234567 שלוחה 12","phone":"+9720501234567"}}"#;
        let details = read(arguments, &["office_phone", "phone"]).unwrap();
        assert_eq!(details.changes.fields["office_phone"], "+97231234567 ext. 12");
        assert_eq!(details.changes.fields["phone"], "+972501234567");
    }

    #[test]
    fn lead_2_arguments_that_are_no_json_are_refused() {
        let refusal = read("{\"full_name\":", &[]).unwrap_err();
        assert!(refusal.output().contains("could not be read"));
    }
}
