//! One person: what is known, how it became known, and what can be done with it.

use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use super::Status;
use crate::call::CallEnd;
use crate::components::{Choice, Control, Field, Person};
use crate::page::page;
use crate::texts::Texts;

/// Who changed a value.
#[derive(Debug, Clone)]
pub enum Author {
    /// The person, in a call.
    Call { sid: String },
    /// The person, in writing.
    Message,
    /// Somebody of the business.
    User { name: Option<String> },
}

/// A value that changed.
#[derive(Debug, Clone)]
pub struct Change {
    pub at: Timestamp,
    pub by: Author,
    pub field: String,
    pub old: Option<String>,
    pub new: String,
}

/// A call of the person's.
#[derive(Debug, Clone)]
pub struct PastCall {
    pub sid: String,
    pub at: Timestamp,
    pub duration: Option<Duration>,
    pub end: Option<CallEnd>,
}

/// An appointment of the person's.
#[derive(Debug, Clone)]
pub struct PastVisit {
    pub id: Uuid,
    pub starts_at: Timestamp,
    pub cancelled: bool,
}

/// The form, with what the user has entered.
#[derive(Debug, Clone)]
pub struct LeadForm {
    pub name: String,
    pub email: String,
    pub status: Status,
    /// A decided lead does not go back to `in_progress`.
    pub is_decided: bool,
    /// The business's own fields: name, value, whether it is required.
    pub fields: Vec<(String, String, bool)>,
    /// What is wrong: the field's name and why.
    pub wrong: Vec<(String, String)>,
    /// What the user was shown: the field's name and value. So a value that changed meanwhile is not undone.
    pub was: Vec<(String, String)>,
}

impl LeadForm {
    pub(crate) fn controls(&self, t: &Texts) -> Vec<Field> {
        let name = Field::line("full_name", t.say("field-name"), &*self.name);
        let email = Field::typed("email", "email", t.say("field-email"), &*self.email);
        let mut fields = vec![name.autocomplete("off"), email.autocomplete("off"), self.status(t)];
        for (name, value, required) in &self.fields {
            let mut field = Field::line(format!("fields.{name}"), name, value);
            field.help = required.then(|| t.say("lead-field-required"));
            fields.push(field);
        }
        for field in &mut fields {
            let wrong = self.wrong.iter().find(|(name, _)| *name == field.name);
            field.error = wrong.map(|(_, why)| why.clone());
        }
        fields
    }

    fn status(&self, t: &Texts) -> Field {
        let all = [Status::InProgress, Status::Complete, Status::Declined];
        let open = all.into_iter().filter(|it| !self.is_decided || *it != Status::InProgress);
        let choices = open.map(|it| Choice::new(it.word(), t.say(it.key()))).collect();
        let value = self.status.word().to_owned();
        Field::new("status", t.say("lead-status"), Control::Choice { value, choices })
    }
}

/// The page.
#[derive(Debug, Clone)]
pub struct LeadPage {
    pub person: Person,
    pub form: LeadForm,
    pub since: Timestamp,
    /// Newest first.
    pub history: Vec<Change>,
    pub calls: Vec<PastCall>,
    pub visits: Vec<PastVisit>,
    pub conversation: Option<Uuid>,
    /// The person was erased then; nothing else is known.
    pub erased_at: Option<Timestamp>,
    /// Erasure waits for the end of the person's call.
    pub erasure_waits: bool,
    /// The user has asked to erase, and is asked once more.
    pub erasing: bool,
}

impl LeadPage {
    pub(crate) fn id(&self) -> Uuid {
        self.person.lead.unwrap_or_default()
    }

    /// A value as it is read: a status in words, all else as it is.
    pub(crate) fn value(&self, t: &Texts, field: &str, value: &str) -> String {
        let all = [Status::InProgress, Status::Complete, Status::Declined];
        let status = all.into_iter().find(|it| field == "status" && it.word() == value);
        status.map_or_else(|| value.to_owned(), |status| t.say(status.key()))
    }

    /// The words for a field of every lead, or the business's own name for it.
    pub(crate) fn field_name(&self, t: &Texts, field: &str) -> String {
        match field {
            "full_name" => t.say("field-name"),
            "email" => t.say("field-email"),
            "phone" => t.say("field-phone"),
            "status" => t.say("lead-status"),
            own => own.strip_prefix("fields.").unwrap_or(own).to_owned(),
        }
    }
}

page!(LeadPage, "lead.html");
