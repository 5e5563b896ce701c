//! What a call knows of the person: the fields of the lead, and which of them this call captured.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::command::{Command, Record};
use super::{Call, Now};
use crate::ids::LeadId;

/// Fields that describe the person, not the job. Once known they are not asked for again.
const OF_THE_PERSON: [&str; 3] = ["full_name", "email", "phone"];

/// What a call knows of its lead.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadFacts {
    /// `None` until the lead was found or made.
    pub id: Option<LeadId>,
    /// Everything known, by field name; includes `full_name` and `email`.
    pub known: BTreeMap<String, String>,
    /// Names of the fields that this call has captured (END-3: each call asks for the job anew).
    pub captured: BTreeSet<String>,
}

impl LeadFacts {
    /// Adds newer facts. A captured field stays captured.
    pub(super) fn learn(&mut self, newer: LeadFacts) {
        self.id = newer.id.or(self.id);
        self.known.extend(newer.known);
        self.captured.extend(newer.captured);
    }

    /// The required fields that this call still lacks, in the order of `required` (END-8).
    #[must_use]
    pub fn missing<'a>(&self, required: &'a [String]) -> Vec<&'a str> {
        required
            .iter()
            .map(String::as_str)
            .filter(|field| {
                let person = OF_THE_PERSON.contains(field) && self.known.contains_key(*field);
                !person && !self.captured.contains(*field)
            })
            .collect()
    }
}

impl Call {
    pub(super) fn on_lead_known(&mut self, lead: LeadFacts, now: Now) {
        self.note_lead(lead, now);
        self.send_calendar_uses();
    }

    pub(super) fn note_lead(&mut self, lead: LeadFacts, now: Now) {
        let new = lead.id.filter(|_| self.lead.id.is_none());
        self.end_if_lead_is_complete(lead, now);
        if let Some(lead) = new {
            self.send(Command::Record(Record::Lead(lead)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn end_3_what_describes_the_job_is_asked_anew_and_what_describes_the_person_is_not() {
        let known = ["full_name", "city"].map(|f| (f.to_owned(), "x".to_owned()));
        let mut lead = LeadFacts { known: known.into(), ..LeadFacts::default() };
        let required = ["full_name", "city", "problem_description"].map(str::to_owned);
        assert_eq!(lead.missing(&required), ["city", "problem_description"]);
        lead.captured.insert("city".to_owned());
        assert_eq!(lead.missing(&required), ["problem_description"]);
    }
}
