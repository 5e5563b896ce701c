//! Who a row is about, as pages name them.

use std::collections::BTreeMap;

use console::components::Person;
use console::leads::Status;
use entities::calls::CallRecord;
use entities::leads::{LeadRecord, LeadStatus};
use protocol::business::BusinessSettings;
use protocol::ids::{LeadId, PhoneNumber};

pub(super) fn of_lead(lead: &LeadRecord) -> Person {
    Person { lead: Some(lead.id.0), name: lead.full_name.clone(), phone: lead.phone.clone() }
}

/// The person of a call, with the name that is known by now.
pub(super) fn of_call(call: &CallRecord, leads: &BTreeMap<LeadId, LeadRecord>) -> Person {
    let lead = call.lead_id.and_then(|lead| leads.get(&lead));
    let is_erased = lead.is_some_and(|lead| lead.erased_at.is_some());
    Person {
        lead: call.lead_id.map(|lead| lead.0),
        name: lead.and_then(|lead| lead.full_name.clone()),
        phone: call.person().filter(|_| !is_erased).cloned(),
    }
}

/// Whoever has this number.
pub(super) fn of_number(number: &PhoneNumber, lead: Option<&LeadRecord>) -> Person {
    Person {
        lead: lead.map(|lead| lead.id.0),
        name: lead.and_then(|lead| lead.full_name.clone()),
        phone: Some(number.clone()),
    }
}

/// What a person wants: the values of the business's own fields, in the order of its settings.
pub(super) fn wants(lead: &LeadRecord, settings: &BusinessSettings) -> Option<String> {
    let mut values: Vec<&str> = Vec::new();
    for field in settings.lead_fields() {
        // A person who says little has told the same for several fields.
        let value = lead.fields.0.get(field).filter(|value| !values.contains(&value.as_str()));
        values.extend(value.map(String::as_str));
    }
    (!values.is_empty()).then(|| values.join(", "))
}

pub(super) fn status(status: LeadStatus) -> Status {
    match status {
        LeadStatus::InProgress => Status::InProgress,
        LeadStatus::Complete => Status::Complete,
        LeadStatus::Declined => Status::Declined,
    }
}

/// The status with this word of a form or a query.
pub(super) fn status_of_word(word: &str) -> Option<LeadStatus> {
    let all = [LeadStatus::InProgress, LeadStatus::Complete, LeadStatus::Declined];
    all.into_iter().find(|it| status(*it).word() == word)
}
