//! What a call knows of the person: the lead's facts, and which of them this call captured.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::LeadId;

/// The fields that describe the person rather than the job: once known, they are not asked anew.
const OF_THE_PERSON: [&str; 3] = ["full_name", "email", "phone"];

/// A lead as the call knows it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadFacts {
    /// Its id, once it was found or made.
    pub id: Option<LeadId>,
    /// Everything known, by field name (`full_name` and `email` among them).
    pub known: BTreeMap<String, String>,
    /// The fields that were captured in this call (END-3: those of the job are asked anew).
    pub captured: BTreeSet<String>,
}

impl LeadFacts {
    /// Takes over newer facts; what this call has captured stays captured.
    pub(super) fn learn(&mut self, newer: LeadFacts) {
        self.id = newer.id.or(self.id);
        self.known.extend(newer.known);
        self.captured.extend(newer.captured);
    }

    /// The required fields that are still missing in this call, in the business's order (END-8).
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
