//! The history of leads: what was changed, when, and by whom.

use std::collections::BTreeMap;

use entities::leads::{
    Caller, ChangedBy, HistoryEntry, LeadChanges, LeadRecord, LeadStatus, ensure_for_call,
    ensure_for_message, get, history, merge_details,
};
use entities::{Database, RecordsError};
use protocol::ids::{BusinessId, LeadId};
use sea_orm::ConnectionTrait;
use tokio::task::JoinSet;

use crate::support::{at, business, call_sid, in_call, lead, new_id, noon, on_each, phone};

fn told(name: Option<&str>, email: Option<&str>, fields: &[(&str, &str)]) -> LeadChanges {
    LeadChanges {
        full_name: name.map(str::to_owned),
        email: email.map(str::to_owned),
        fields: fields.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
        ..LeadChanges::default()
    }
}

/// The whole history, oldest first.
async fn all(db: &Database, business: BusinessId, lead: LeadId) -> Vec<HistoryEntry> {
    let page = history(db, business, lead, None, 1000).await.unwrap();
    assert_eq!(page.next, None);
    page.items.into_iter().rev().collect()
}

/// An entry as one line: number, author, field, old value, new value.
fn line(entry: &HistoryEntry) -> String {
    let by = match &entry.by {
        ChangedBy::Call { call_sid } => &call_sid.as_str()[31..],
        ChangedBy::Message => "message",
        ChangedBy::Api => "api",
    };
    let old = entry.old.as_deref().unwrap_or("-");
    format!("{} {by} {}: {old} > {}", entry.seq, entry.field, entry.new)
}

/// The values that a history leads to. Asserts that each old value is the previous new value.
fn replayed(entries: &[HistoryEntry]) -> BTreeMap<&str, &str> {
    let mut now = BTreeMap::new();
    for (entry, seq) in entries.iter().zip(1..) {
        assert_eq!(entry.seq, seq, "numbered without a gap");
        assert_eq!(now.insert(&*entry.field, &*entry.new), entry.old.as_deref(), "{entry:?}");
        assert_ne!(entry.old.as_ref(), Some(&entry.new), "{entry:?}");
    }
    now
}

/// The values in the lead's row.
fn present(lead: &LeadRecord) -> BTreeMap<String, String> {
    let status = match lead.status {
        LeadStatus::InProgress => "in_progress",
        LeadStatus::Complete => "complete",
        LeadStatus::Declined => "declined",
    };
    let columns = [
        ("phone", lead.phone.as_ref().map(ToString::to_string)),
        ("full_name", lead.full_name.clone()),
        ("email", lead.email.clone()),
        ("status", Some(status.to_owned())),
    ];
    let columns = columns.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let fields = lead.fields.0.iter().map(|(name, value)| (format!("fields.{name}"), value));
    columns.chain(fields.map(|(name, value)| (name, value.clone()))).collect()
}

async fn matches_the_lead(db: &Database, business: BusinessId, lead: LeadId) {
    let entries = all(db, business, lead).await;
    let known = get(db, business, lead).await.unwrap().unwrap();
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    assert_eq!(
        replayed(&entries).into_iter().map(owned).collect::<BTreeMap<_, _>>(),
        present(&known)
    );
}

#[tokio::test]
async fn lead_2_the_history_has_every_change_of_a_lead_with_time_and_author() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = lead(db, locks, "+972501111111").await;
        let later = at("2026-11-23T08:00:00Z");
        let first = told(Some("דנה"), None, &[("city", "חיפה"), ("phone", "+97248888888")]);
        merge_details(db, locks, dana, first, None, in_call(1), noon()).await.unwrap();
        let then = told(None, Some("d@example.com"), &[("city", "עכו"), ("floor", "3")]);
        let complete = Some(LeadStatus::Complete);
        merge_details(db, locks, dana, then, complete, in_call(2), later).await.unwrap();
        let corrected = told(Some("דנה כהן"), None, &[]);
        let declined = Some(LeadStatus::Declined);
        merge_details(db, locks, dana, corrected, declined, ChangedBy::Api, later).await.unwrap();

        let entries = all(db, locks, dana).await;
        assert_eq!(
            entries.iter().map(line).collect::<Vec<_>>(),
            [
                "1 000 status: - > in_progress",
                "2 000 phone: - > +972501111111",
                "3 001 full_name: - > דנה",
                "4 001 fields.city: - > חיפה",
                "5 001 fields.phone: - > +97248888888",
                "6 002 email: - > d@example.com",
                "7 002 fields.city: חיפה > עכו",
                "8 002 fields.floor: - > 3",
                "9 002 status: in_progress > complete",
                "10 api full_name: דנה > דנה כהן",
                "11 api status: complete > declined",
            ]
        );
        let shown = serde_json::json!({
            "seq": 3, "at": "2026-11-22T12:00:00Z", "changed_by": "call", "call_sid": call_sid(1),
            "field": "full_name", "old": null, "new": "דנה",
        });
        assert_eq!(serde_json::to_value(&entries[2]).unwrap(), shown);
        assert!(entries[..5].iter().all(|entry| entry.at == noon()));
        assert!(entries[5..].iter().all(|entry| entry.at == later));
        matches_the_lead(db, locks, dana).await;
    })
    .await;
}

#[tokio::test]
async fn lead_1_the_history_of_a_lead_begins_once_however_often_it_is_found() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let number = phone("+972501111111");
        let mut made = None;
        for n in 1..=3 {
            let (caller, id) = (Caller::Known(&number), LeadId(new_id()));
            let call = call_sid(n);
            let found = ensure_for_call(db, locks, caller, &call, id, noon()).await.unwrap();
            assert_eq!(*made.get_or_insert(found.record.id), found.record.id);
        }
        let dana = made.unwrap();
        ensure_for_message(db, locks, &number, LeadId(new_id()), noon()).await.unwrap();
        let lines: Vec<String> = all(db, locks, dana).await.iter().map(line).collect();
        assert_eq!(lines, ["1 001 status: - > in_progress", "2 001 phone: - > +972501111111"]);

        let (number, id) = (phone("+972502222222"), LeadId(new_id()));
        ensure_for_message(db, locks, &number, id, noon()).await.unwrap();
        let lines: Vec<String> = all(db, locks, id).await.iter().map(line).collect();
        assert_eq!(
            lines,
            ["1 message status: - > in_progress", "2 message phone: - > +972502222222"]
        );
        let (withheld, id) = (Caller::Withheld, LeadId(new_id()));
        let nobody = ensure_for_call(db, locks, withheld, &call_sid(9), id, noon()).await.unwrap();
        let lines: Vec<String> = all(db, locks, nobody.record.id).await.iter().map(line).collect();
        assert_eq!(lines, ["1 009 status: - > in_progress"]);
    })
    .await;
}

#[tokio::test]
async fn lead_2_blank_and_unchanged_values_write_nothing() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = lead(db, locks, "+972501111111").await;
        let details = || told(Some("דנה"), Some("d@example.com"), &[("city", "חיפה")]);
        let complete = Some(LeadStatus::Complete);
        let known = merge_details(db, locks, dana, details(), complete, in_call(1), noon()).await;
        let (known, before) = (known.unwrap(), all(db, locks, dana).await);
        let empty = told(Some(""), Some(" "), &[("city", "  "), ("floor", "")]);
        for (told, status) in [
            (details(), complete),
            (details(), Some(LeadStatus::InProgress)),
            (empty, None),
            (LeadChanges::default(), None),
        ] {
            let later = at("2026-11-23T08:00:00Z");
            let merged = merge_details(db, locks, dana, told, status, in_call(2), later).await;
            assert_eq!(merged.unwrap(), known);
        }
        assert_eq!(get(db, locks, dana).await.unwrap(), Some(known));
        assert_eq!(all(db, locks, dana).await, before);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn lead_2_invariant_13_the_history_of_simultaneous_changes_leads_to_the_leads_present_values()
{
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = lead(db, locks, "+972501111111").await;
        let mut tellers = JoinSet::new();
        for n in 0..24 {
            let db = db.clone();
            tellers.spawn(async move {
                let (city, floor) = (format!("city {}", n % 5), format!("{}", n % 3));
                let told =
                    told(Some(&format!("name {n}")), None, &[("city", &city), ("floor", &floor)]);
                let status = [LeadStatus::Complete, LeadStatus::Declined][n as usize % 2];
                merge_details(&db, locks, dana, told, Some(status), in_call(n), noon())
                    .await
                    .unwrap();
            });
        }
        tellers.join_all().await;
        let names = all(db, locks, dana).await;
        assert_eq!(names.iter().filter(|entry| entry.field == "full_name").count(), 24);
        matches_the_lead(db, locks, dana).await;
    })
    .await;
}

#[tokio::test]
async fn lead_2_a_change_is_not_made_if_its_history_cannot_be_written() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = lead(db, locks, "+972501111111").await;
        let before = get(db, locks, dana).await.unwrap();
        db.write(move |db| async move { db.execute_unprepared("DROP TABLE lead_changes").await })
            .await
            .unwrap();

        let details = told(Some("דנה"), None, &[("city", "חיפה")]);
        let refused = merge_details(db, locks, dana, details, None, in_call(1), noon()).await;
        assert!(matches!(refused, Err(RecordsError::Database(_))), "{refused:?}");
        assert_eq!(get(db, locks, dana).await.unwrap(), before);

        let (number, id) = (phone("+972502222222"), LeadId(new_id()));
        let (caller, call) = (Caller::Known(&number), call_sid(2));
        let refused = ensure_for_call(db, locks, caller, &call, id, noon()).await;
        assert!(matches!(refused, Err(RecordsError::Database(_))), "{refused:?}");
        assert_eq!(get(db, locks, id).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn ops_4_a_history_is_listed_newest_first_in_pages() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = lead(db, locks, "+972501111111").await;
        let noa = lead(db, locks, "+972502222222").await;
        for n in 0..5 {
            for lead in [dana, noa] {
                let told = told(Some(&format!("name {n}")), None, &[]);
                merge_details(db, locks, lead, told, None, in_call(n), noon()).await.unwrap();
            }
        }
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = history(db, locks, dana, after, 3).await.unwrap();
            assert!(page.items.len() <= 3);
            listed.extend(page.items.iter().map(|entry| entry.seq));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(listed, [7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(history(db, locks, LeadId(new_id()), None, 3).await.unwrap().items, []);
    })
    .await;
}

#[tokio::test]
async fn lead_2_what_is_cleared_is_empty_and_its_history_says_so() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let dana = lead(db, locks, "+972501111111").await;
        let given =
            told(Some("דנה"), Some("dana@example.com"), &[("city", "חיפה"), ("floor", "3")]);
        let merge = async |changes| {
            merge_details(db, locks, dana, changes, None, ChangedBy::Api, noon()).await.unwrap()
        };
        merge(given).await;
        let cleared =
            ["full_name", "email", "fields.city", "fields.none"].map(str::to_owned).into();
        let changes = LeadChanges { cleared, ..told(None, None, &[]) };
        let empty = merge(changes.clone()).await;
        assert_eq!((&empty.full_name, &empty.email), (&None, &None));
        assert_eq!(empty.fields.0.keys().collect::<Vec<_>>(), ["floor"]);
        let history = history(db, locks, dana, None, 9).await.unwrap().items;
        let newest: Vec<_> = history
            .iter()
            .take(3)
            .map(|change| (change.field.as_str(), change.old.as_deref(), change.new.as_str()))
            .collect();
        assert_eq!(
            newest,
            [
                ("fields.city", Some("חיפה"), ""),
                ("email", Some("dana@example.com"), ""),
                ("full_name", Some("דנה"), ""),
            ]
        );
        assert_eq!(merge(changes.clone()).await, empty, "there is nothing more to clear");
        // A new value counts more than clearing.
        let named = LeadChanges { full_name: Some("נועה".to_owned()), ..changes };
        assert_eq!(merge(named).await.full_name.as_deref(), Some("נועה"));
    })
    .await;
}
