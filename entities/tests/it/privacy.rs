//! What is stored of a person is given out and erased (LEAD-5). The tests know every table: a new one must be
//! named here, and in `docs/privacy.md`.

mod filled;

use std::collections::BTreeSet;

use entities::Database;
use entities::appointments;
use entities::calls;
use entities::conversations::{ConversationId, of_person, take_in};
use entities::leads::{
    self, Caller, ChangedBy, LeadChanges, LeadStatus, ensure_for_call, merge_details,
};
use entities::messages::{IncomingMessage, MessageId, MessageKind};
use entities::privacy::{
    self, AskedBy, ErasureRecord, Outcome, Subject, ask, carry_out, export, kept, merge,
};
use entities::retention::deleted;
use jiff::SignedDuration;
use protocol::ids::{BusinessId, LeadId};
use protocol::person_key::PersonKey;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};
use serde_json::json;

use crate::support::{call_sid, new_id, noon, on_each, phone, told};
use filled::{NAME, NUMBER, WORD, fill, finished, person, wrote};

/// Tables that hold something of a person.
const PERSONAL: [&str; 12] = [
    "leads",
    "lead_changes",
    "appointments",
    "calls",
    "call_turns",
    "call_snapshots",
    "call_snapshot_entries",
    "messages",
    "conversations",
    "outbox",
    "node_reports",
    "audit_log",
];
/// Tables that hold nothing of a person, and why.
const OTHERS: [(&str, &str); 22] = [
    ("businesses", "the business's own settings"),
    ("business_numbers", "the business's own numbers"),
    ("settings_versions", "the business's own settings"),
    ("drafts", "the business's own settings"),
    ("prompts", "the business's own words"),
    ("webhooks", "the business's own receiver"),
    ("subscriptions", "words of ours"),
    ("tokens", "hashes of keys, and the operator's names for them"),
    ("early_statuses", "a CallSid and words of ours"),
    ("nodes", "daemons"),
    ("node_orders", "a CallSid and words of ours"),
    ("deleted_counts", "counts"),
    ("erasures", "keyed hashes"),
    ("opt_outs", "keyed hashes"),
    ("users", "the operator's own people, and hashes of their passwords"),
    ("user_businesses", "who of those sees which business"),
    ("sessions", "hashes of secrets"),
    ("one_time_links", "hashes of secrets"),
    ("sign_in_failures", "hashes of names and addresses"),
    ("seaql_migrations", "names of migrations"),
    ("spatial_ref_sys", "of an extension that a shared PostgreSQL may have"),
    ("sqlite_sequence", "of SQLite"),
];

fn key() -> PersonKey {
    PersonKey::new(b"a key of the tests")
}

async fn texts(db: &Database, sql: String) -> Vec<String> {
    let rows = db.read(|db| async move {
        let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
        rows.into_iter()
            .map(|row| row.try_get_by_index::<String>(0))
            .collect::<Result<Vec<_>, DbErr>>()
    });
    rows.await.unwrap()
}

async fn tables(db: &Database) -> Vec<String> {
    let sql = if db.connection().get_database_backend() == DbBackend::Postgres {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
    } else {
        "SELECT name FROM sqlite_schema WHERE type = 'table'"
    };
    texts(db, sql.to_owned()).await
}

/// A table's rows as texts, every column of them.
async fn rows(db: &Database, table: &str) -> Vec<String> {
    if db.connection().get_database_backend() == DbBackend::Postgres {
        return texts(db, format!("SELECT row_to_json(t)::text FROM {table} t")).await;
    }
    let columns = texts(db, format!("SELECT name FROM pragma_table_info('{table}')")).await;
    // An id is 16 bytes.
    let text = |column: &String| {
        format!(
            "COALESCE(CASE WHEN typeof({column}) = 'blob' AND length({column}) = 16 THEN hex({column}) \
             ELSE CAST({column} AS TEXT) END, '')"
        )
    };
    let columns: Vec<_> = columns.iter().map(text).collect();
    texts(db, format!("SELECT {} FROM {table}", columns.join(" || ' | ' || "))).await
}

/// The tables in which something of the person is found.
async fn found(db: &Database) -> BTreeSet<String> {
    let marks = [NUMBER.trim_start_matches('+'), WORD, "Zebrowitz", "ZEBRA"];
    let mut found = BTreeSet::new();
    for table in tables(db).await {
        let rows = rows(db, &table).await;
        if rows.iter().any(|row| marks.iter().any(|mark| row.contains(mark))) {
            found.insert(table);
        }
    }
    found
}

async fn erased(db: &Database, business: BusinessId, subject: Subject) -> ErasureRecord {
    let asked = ask(db, &key(), business, subject, AskedBy::Api, new_id(), noon()).await.unwrap();
    let outcome = carry_out(db, &key(), asked.clone(), noon()).await.unwrap();
    assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    asked
}

#[tokio::test]
async fn lead_5_every_table_is_known_to_hold_something_of_a_person_or_nothing() {
    on_each(async |db| {
        let known: BTreeSet<&str> =
            PERSONAL.into_iter().chain(OTHERS.into_iter().map(|(table, _)| table)).collect();
        let unknown: Vec<_> =
            tables(db).await.into_iter().filter(|table| !known.contains(table.as_str())).collect();
        assert!(
            unknown.is_empty(),
            "{unknown:?} can hold something of a person, or not: say so here and in docs/privacy.md, and \
             if they can, fill, export and erase them"
        );
        let locks = told(db, "locks", "+97231111111").await;
        fill(db, locks).await;
        let personal: BTreeSet<_> = PERSONAL.into_iter().map(str::to_owned).collect();
        assert_eq!(found(db).await, personal);
    })
    .await;
}

#[tokio::test]
async fn lead_5_what_is_erased_leaves_no_name_number_or_word_and_every_count() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let clinic = told(db, "clinic", "+97232222222").await;
        let filled = fill(db, locks).await;
        let subject = || Subject::Number(person());
        // Both calls go on: nothing happens yet.
        let asked =
            ask(db, &key(), locks, subject(), AskedBy::Api, new_id(), noon()).await.unwrap();
        let waits = carry_out(db, &key(), asked.clone(), noon()).await.unwrap();
        assert_eq!(waits, Outcome::Waits);
        assert_eq!(found(db).await.len(), PERSONAL.len());
        finished(db, locks, &filled.inbound).await;
        assert_eq!(carry_out(db, &key(), asked.clone(), noon()).await.unwrap(), Outcome::Waits);
        finished(db, locks, &filled.outbound).await;
        let count = async |table: &str| rows(db, table).await.len();
        let before = [count("leads").await, count("calls").await, count("appointments").await];

        let Outcome::Done(done) = carry_out(db, &key(), asked, noon()).await.unwrap() else {
            panic!("both calls are over")
        };
        assert_eq!(found(db).await, BTreeSet::new());
        assert_eq!((done.leads, done.calls, done.turns), (1, 2, 4));
        assert_eq!((done.messages, done.conversations, done.cancelled), (2, 1, 1));
        let after = [count("leads").await, count("calls").await, count("appointments").await];
        assert_eq!(after, before);
        let counts: u64 = deleted(db, locks).await.unwrap().iter().map(|count| count.count).sum();
        assert_eq!(counts, 4 + 2 + 1, "turns, messages, a conversation");
        // Each can be read, and says what is left.
        let lead = leads::get(db, locks, filled.lead).await.unwrap().unwrap();
        assert_eq!(
            (lead.status, lead.phone, lead.erased_at),
            (LeadStatus::Complete, None, Some(noon()))
        );
        let history = leads::history(db, locks, filled.lead, None, 9).await.unwrap().items;
        assert_eq!((history.len(), history[0].new.as_str()), (1, "complete"));
        for call in [&filled.inbound, &filled.outbound] {
            let record = calls::get(db, locks, call).await.unwrap().unwrap();
            assert_eq!(record.end_reason.as_deref(), Some("caller_hung_up"));
            assert_eq!(record.to_number, phone("+97231111111"));
            assert!(record.stats.is_some());
        }
        for (id, status) in [(filled.booked, "booked"), (filled.to_come, "cancelled")] {
            let record = appointments::get(db, locks, id).await.unwrap().unwrap();
            assert_eq!((json!(record.status), record.notes), (json!(status), None));
        }
        // Another business's person is another person.
        fill_clinic(db, clinic).await;
        assert!(!found(db).await.is_empty());
    })
    .await;
}

/// The same number with another business.
async fn fill_clinic(db: &Database, clinic: BusinessId) {
    wrote(db, clinic, false, noon()).await;
    let asked = ask(
        db,
        &key(),
        clinic,
        Subject::Number(phone("+972500000009")),
        AskedBy::Command,
        new_id(),
        noon(),
    )
    .await
    .unwrap();
    let outcome = carry_out(db, &key(), asked, noon()).await.unwrap();
    assert_eq!(outcome, Outcome::Done(privacy::Erased::default()), "nobody has that number");
}

#[tokio::test]
async fn lead_5_an_export_has_something_of_every_table_and_of_no_other_business() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let clinic = told(db, "clinic", "+97232222222").await;
        let filled = fill(db, locks).await;
        for subject in [Subject::Number(person()), Subject::Lead(filled.lead)] {
            let given = export(db, locks, subject.clone(), noon()).await.unwrap();
            let given = json!(given);
            // What nodes have shown of themselves is no record of the person.
            for table in PERSONAL.into_iter().filter(|table| *table != "node_reports") {
                let rows = given[table].as_array().unwrap_or_else(|| panic!("no {table}: {given}"));
                let text = json!(rows).to_string();
                let marks = [NUMBER, WORD, NAME];
                assert!(marks.iter().any(|mark| text.contains(mark)), "{table}: {text}");
            }
            match export(db, clinic, subject, noon()).await {
                Err(entities::RecordsError::NotFound) => {}
                Ok(given) => {
                    assert!(!json!(given).to_string().contains(WORD), "{given:?}");
                }
                Err(other) => panic!("{other}"),
            }
        }
    })
    .await;
}

#[tokio::test]
async fn lead_5_a_restored_database_erases_again_what_is_older_and_not_what_came_later() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let filled = fill(db, locks).await;
        for call in [&filled.inbound, &filled.outbound] {
            finished(db, locks, call).await;
        }
        erased(db, locks, Subject::Lead(filled.lead)).await;
        let remembered = kept(db).await.unwrap();
        assert_eq!((remembered.erasures.len(), remembered.opt_outs.len()), (1, 1));
        let text = json!(remembered).to_string();
        assert!(!text.contains(NUMBER.trim_start_matches('+')), "{text}");

        // The backup is older than the erasure, so it has the person, and not the hashes.
        for table in ["erasures", "opt_outs"] {
            let sql = format!("DELETE FROM {table}");
            db.write(|db| async move { db.execute_unprepared(&sql).await }).await.unwrap();
        }
        wrote(db, locks, false, noon() - SignedDuration::from_hours(1)).await;
        assert!(!found(db).await.is_empty());
        assert_eq!(merge(db, remembered.clone()).await.unwrap(), 1);
        assert_eq!(merge(db, remembered.clone()).await.unwrap(), 0, "known by now");
        let kept = remembered.erasures[0].clone();
        let again = ErasureRecord {
            id: kept.id,
            business: kept.business,
            person: kept.person,
            key_id: kept.key_id,
            asked_by: kept.asked_by,
            asked_at: kept.asked_at,
            lead: None,
            done_at: kept.done_at,
        };
        let late = noon() + SignedDuration::from_hours(5);
        let other = PersonKey::new(b"another key");
        let outcome = carry_out(db, &other, again.clone(), late).await.unwrap();
        assert_eq!(outcome, Outcome::OtherKey);
        let outcome = carry_out(db, &key(), again.clone(), late).await.unwrap();
        assert!(matches!(outcome, Outcome::Done(done) if done.messages == 2), "{outcome:?}");
        assert_eq!(found(db).await, BTreeSet::new());

        // The person comes back later, and is not erased for that.
        let db = db.clone().with_person_key(key());
        wrote(&db, locks, false, late).await;
        let outcome = carry_out(&db, &key(), again, late).await.unwrap();
        assert_eq!(outcome, Outcome::Done(privacy::Erased::default()));
        assert!(of_person(&db, locks, &person()).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test]
async fn lead_5_an_opt_out_outlives_the_conversation_that_says_so() {
    on_each(async |db| {
        let db = &db.clone().with_person_key(key());
        let locks = told(db, "locks", "+97231111111").await;
        wrote(db, locks, true, noon()).await;
        erased(db, locks, Subject::Number(person())).await;
        assert_eq!(of_person(db, locks, &person()).await.unwrap(), None);
        let message = IncomingMessage {
            id: MessageId(new_id()),
            person: person(),
            provider_sid: "SM9".to_owned(),
            body: "hello".to_owned(),
            kind: MessageKind::Text,
            media: Vec::new(),
        };
        take_in(db, locks, message, ConversationId(new_id()), noon()).await.unwrap();
        assert!(of_person(db, locks, &person()).await.unwrap().unwrap().opted_out);
        // They want messages again.
        wrote(db, locks, false, noon()).await;
        assert!(!kept(db).await.unwrap().opt_outs[0].opted_out);
    })
    .await;
}

#[tokio::test]
async fn lead_5_somebody_who_withheld_their_number_is_erased_by_their_lead() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let (caller, new) = (Caller::Withheld, LeadId(new_id()));
        let lead = ensure_for_call(db, locks, caller, &call_sid(5), new, noon()).await.unwrap();
        let told = LeadChanges { full_name: Some(NAME.to_owned()), ..LeadChanges::default() };
        let id = lead.record.id;
        merge_details(db, locks, id, told, None, ChangedBy::Api, noon()).await.unwrap();
        erased(db, locks, Subject::Lead(id)).await;
        assert_eq!(found(db).await, BTreeSet::new());
        let again = ask(db, &key(), locks, Subject::Lead(id), AskedBy::Api, new_id(), noon()).await;
        assert!(matches!(again, Err(entities::RecordsError::NotFound)), "{again:?}");
    })
    .await;
}

#[tokio::test]
async fn lead_5_the_sqlite_file_holds_nothing_of_the_person_either() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("frontdesk.db").display());
    let pool = entities::PoolSettings::default();
    let db = Database::connect(&url, pool, entities::OpenMode::Create).await.unwrap();
    crate::support::migrate(&db).await;
    let locks = told(&db, "locks", "+97231111111").await;
    let filled = fill(&db, locks).await;
    for call in [&filled.inbound, &filled.outbound] {
        finished(&db, locks, call).await;
    }
    let holds = || {
        let files = std::fs::read_dir(folder.path()).unwrap();
        let bytes: Vec<u8> =
            files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect();
        let marks = [NUMBER.as_bytes(), WORD.as_bytes(), NAME.as_bytes()];
        marks.iter().any(|mark| bytes.windows(mark.len()).any(|window| window == *mark))
    };
    assert!(holds());
    erased(&db, locks, Subject::Lead(filled.lead)).await;
    db.close().await.unwrap();
    assert!(!holds());
}
