//! The form of a lead. What the user was shown comes back with it, so that what has changed meanwhile is not undone.

use console::leads::LeadForm;
use entities::leads::{LeadRecord, LeadStatus};
use protocol::business::BusinessSettings;
use serde_json::{Map, Value};

use crate::http::console::form::Form;
use crate::http::console::persons;

/// The form with what is stored.
pub(super) fn of(lead: &LeadRecord, settings: &BusinessSettings) -> LeadForm {
    let stored = |name: &str| lead.fields.0.get(name).cloned().unwrap_or_default();
    let required = &settings.ending.required_lead_fields;
    let field =
        |name: &str| (name.to_owned(), stored(name), required.iter().any(|field| field == name));
    let fields: Vec<_> = settings.lead_fields().into_iter().map(field).collect();
    let name = lead.full_name.clone().unwrap_or_default();
    let email = lead.email.clone().unwrap_or_default();
    let status = persons::status(lead.status);
    let mut was = vec![
        ("full_name".to_owned(), name.clone()),
        ("email".to_owned(), email.clone()),
        ("status".to_owned(), status.word().to_owned()),
    ];
    was.extend(fields.iter().map(|(name, value, _)| (format!("fields.{name}"), value.clone())));
    LeadForm {
        name,
        email,
        status,
        is_decided: lead.status != LeadStatus::InProgress,
        fields,
        wrong: Vec::new(),
        was,
    }
}

/// Fills in what the user has entered.
pub(super) fn fill(form: &mut LeadForm, sent: &Form) {
    let entered = |name: &str, value: &mut String| {
        if let Some(given) = sent.raw(name) {
            given.clone_into(value);
        }
    };
    entered("full_name", &mut form.name);
    entered("email", &mut form.email);
    for (name, value, _) in &mut form.fields {
        entered(&format!("fields.{name}"), value);
    }
    if let Some(status) = sent.get("status").and_then(persons::status_of_word) {
        form.status = persons::status(status);
    }
}

/// What the user has changed.
#[derive(Debug)]
pub(super) struct Asked {
    /// In the form of the API: null clears a value.
    pub(super) told: Map<String, Value>,
    pub(super) status: Option<LeadStatus>,
}

/// Why nothing is saved.
#[derive(Debug)]
pub(super) enum SaveError {
    /// These fields have other values than the user was shown.
    ChangedMeanwhile(Vec<String>),
}

impl Asked {
    pub(super) fn of(
        sent: &Form,
        lead: &LeadRecord,
        settings: &BusinessSettings,
    ) -> Result<Self, SaveError> {
        let (mut told, mut own, mut overtaken) = (Map::new(), Map::new(), Vec::new());
        let mut status = None;
        for (field, stored) in of(lead, settings).was {
            let shown = sent.raw(&format!("was.{field}"));
            let (Some(new), Some(shown)) = (sent.raw(&field), shown) else { continue };
            let (new, shown) = (new.trim(), shown.trim());
            if same(new, shown) || same(new, &stored) {
                continue;
            }
            if !same(shown, &stored) {
                overtaken.push(field);
                continue;
            }
            let value = if new.is_empty() { Value::Null } else { Value::from(new) };
            match (field.as_str(), field.strip_prefix("fields.")) {
                ("status", _) => status = persons::status_of_word(new),
                (_, Some(name)) => drop(own.insert(name.to_owned(), value)),
                (_, None) => drop(told.insert(field, value)),
            }
        }
        if !overtaken.is_empty() {
            return Err(SaveError::ChangedMeanwhile(overtaken));
        }
        if !own.is_empty() {
            told.insert("fields".to_owned(), Value::Object(own));
        }
        Ok(Self { told, status })
    }

    /// The names of the fields.
    pub(super) fn changes(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (name, value) in &self.told {
            if let Value::Object(fields) = value {
                names.extend(fields.keys().cloned());
            } else {
                names.push(name.clone());
            }
        }
        names.extend(self.status.map(|_| "status".to_owned()));
        names
    }
}

/// Browsers end lines with both signs.
fn same(one: &str, other: &str) -> bool {
    one.replace("\r\n", "\n").trim() == other.replace("\r\n", "\n").trim()
}
