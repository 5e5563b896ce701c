//! Finding, creating and updating leads.

use std::collections::{BTreeMap, BTreeSet};

use entities::Database;
use entities::leads::{
    Caller, EnsuredLead, LeadChanges, LeadFilter, LeadSource, LeadStatus, ensure_for_call,
    ensure_for_message, ensure_for_operator, get, list, merge_details,
};
use protocol::ids::{BusinessId, LeadId};
use tokio::task::JoinSet;

use crate::support::{at, business, call_sid, in_call, lead, new_id, noon, on_each, phone};

#[tokio::test]
async fn lead_1_a_second_call_from_a_number_finds_its_lead_and_becomes_its_last_call() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let number = phone("+972501234567");
        let caller = Caller::Known(&number);
        let made = ensure(db, locks, caller, 1).await;
        assert!(made.created);
        assert_eq!(made.record.source, LeadSource::PhoneCall);
        assert_eq!(made.record.phone.as_ref(), Some(&number));

        let found = ensure(db, locks, caller, 2).await;
        assert_eq!((found.record.id, found.created), (made.record.id, false));
        assert_eq!(found.record.last_call_sid, Some(call_sid(2)));

        let wrote = ensure_for_message(db, locks, &number, LeadId(new_id()), noon()).await;
        let wrote = wrote.unwrap();
        assert_eq!((wrote.record.id, wrote.created), (made.record.id, false));
        assert_eq!(wrote.record.last_call_sid, Some(call_sid(2)));
        assert_eq!(wrote.record.source, LeadSource::PhoneCall);
    })
    .await;
}

#[tokio::test]
async fn lead_1_each_call_with_a_withheld_number_has_one_lead() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut leads = BTreeSet::new();
        for n in [1, 2, 1, 2] {
            let record = ensure(db, locks, Caller::Withheld, n).await.record;
            assert_eq!(record.phone, None);
            leads.insert(record.id);
        }
        assert_eq!(leads.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lead_1_forty_calls_at_once_from_one_phone_make_one_lead() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut calls = JoinSet::new();
        for n in 0..40 {
            let db = db.clone();
            calls.spawn(async move {
                ensure(&db, locks, Caller::Known(&phone("+972501234567")), n).await
            });
        }
        let ensured = calls.join_all().await;
        assert_eq!(ensured.iter().filter(|lead| lead.created).count(), 1);
        let ids: BTreeSet<LeadId> = ensured.iter().map(|lead| lead.record.id).collect();
        assert_eq!(ids.len(), 1);
        assert_eq!(list(db, locks, LeadFilter::default(), None, 10).await.unwrap().items.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn lead_2_details_are_merged_and_an_empty_value_erases_nothing() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let id = lead(db, locks, "+972501234567").await;
        let told = LeadChanges {
            full_name: Some("דנה כהן".to_owned()),
            email: Some("dana@example.com".to_owned()),
            fields: fields(&[("city", "תל אביב"), ("floor", "3")]),
            ..LeadChanges::default()
        };
        merge_details(db, locks, id, told, None, in_call(1), noon()).await.unwrap();

        let later = at("2026-11-22T12:05:00Z");
        let emptier = LeadChanges {
            full_name: Some("  ".to_owned()),
            email: None,
            fields: fields(&[("city", ""), ("floor", "4"), ("budget", "500")]),
            ..LeadChanges::default()
        };
        merge_details(db, locks, id, emptier, None, in_call(1), later).await.unwrap();

        let known = get(db, locks, id).await.unwrap().unwrap();
        assert_eq!(known.full_name.as_deref(), Some("דנה כהן"));
        assert_eq!(known.email.as_deref(), Some("dana@example.com"));
        let expected = fields(&[("budget", "500"), ("city", "תל אביב"), ("floor", "4")]);
        assert_eq!(known.fields.0, expected);
        assert_eq!((known.status, known.updated_at), (LeadStatus::InProgress, later));
    })
    .await;
}

#[tokio::test]
async fn lead_2_a_complete_lead_can_be_declined_but_not_reopened() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let id = lead(db, locks, "+972501234567").await;
        for (given, expected) in [
            (LeadStatus::Complete, LeadStatus::Complete),
            (LeadStatus::InProgress, LeadStatus::Complete),
            (LeadStatus::Declined, LeadStatus::Declined),
        ] {
            let nothing = LeadChanges::default();
            let given = Some(given);
            let merged = merge_details(db, locks, id, nothing, given, in_call(1), noon()).await;
            assert_eq!(merged.unwrap().status, expected);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lead_2_simultaneous_changes_of_different_fields_are_all_kept() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let id = lead(db, locks, "+972501234567").await;
        let mut tellers = JoinSet::new();
        for n in 0..20 {
            let db = db.clone();
            tellers.spawn(async move {
                let fields = fields(&[(&format!("field_{n}"), "told")]);
                let changes = LeadChanges { fields, ..LeadChanges::default() };
                merge_details(&db, locks, id, changes, None, in_call(n), noon()).await.unwrap();
            });
        }
        tellers.join_all().await;
        assert_eq!(get(db, locks, id).await.unwrap().unwrap().fields.0.len(), 20);
    })
    .await;
}

#[tokio::test]
async fn ops_4_a_lead_for_an_operator_is_the_callers_lead_or_a_new_one() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let called = lead(db, locks, "+972501111111").await;
        for (number, source, expected) in [
            ("+972501111111", LeadSource::PhoneCall, Some(called)),
            ("+972502222222", LeadSource::Operator, None),
        ] {
            let id = LeadId(new_id());
            let found = ensure_for_operator(db, locks, &phone(number), id, noon()).await.unwrap();
            assert_eq!(
                (found.record.id, found.created),
                (expected.unwrap_or(id), expected.is_none())
            );
            assert_eq!(found.record.source, source);
        }
    })
    .await;
}

#[tokio::test]
async fn ops_4_leads_are_listed_newest_first_in_pages() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut made = Vec::new();
        for n in 0..5 {
            made.push(lead(db, locks, &format!("+97250000000{n}")).await);
        }
        made.reverse();
        let mut listed = Vec::new();
        let mut after = None;
        loop {
            let page = list(db, locks, LeadFilter::default(), after, 2).await.unwrap();
            assert!(page.items.len() <= 2);
            listed.extend(page.items.iter().map(|lead| lead.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, made);
    })
    .await;
}

async fn ensure(db: &Database, business: BusinessId, caller: Caller<'_>, call: u32) -> EnsuredLead {
    let id = LeadId(new_id());
    ensure_for_call(db, business, caller, &call_sid(call), id, noon()).await.unwrap()
}

fn fields(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
