//! Importing businesses and finding them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use entities::Database;
use entities::appointments::{AppointmentId, Authority, NewAppointment, Selector, book, cancel};
use entities::businesses::{
    CallKey, ImportError, find_by_slug, find_by_whatsapp_number, find_for_voice, import, list,
    numbers, prompt,
};
use jiff::SignedDuration;
use protocol::ids::PhoneNumber;
use protocol::ids::{BusinessId, LeadId};

use crate::support::{
    at, business, file, lead, new_id, noon, on_each, phone, slug, two_businesses,
};

/// Books half an hour for a lead.
async fn booked(
    db: &Database,
    business: BusinessId,
    lead_id: LeadId,
    starts_at: &str,
) -> AppointmentId {
    let starts_at = at(starts_at);
    let ends_at = starts_at + SignedDuration::from_mins(30);
    let wanted = NewAppointment {
        id: AppointmentId(new_id()),
        lead_id,
        call_sid: None,
        starts_at,
        ends_at,
        busy_until: ends_at,
        notes: None,
        idempotency_key: None,
        additional: true,
    };
    book(db, business, wanted, noon()).await.unwrap().id
}

fn from<'a>(our_number: &'a PhoneNumber, their_number: Option<&'a PhoneNumber>) -> CallKey<'a> {
    CallKey { our_number, their_number, call: None }
}

#[tokio::test]
async fn call_1_one_statement_reads_business_settings_newest_prompt_and_the_callers_lead() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let mut newer = file("locks", "+97231111111");
        newer.prompt = "ענה בקצרה".to_owned();
        import(db, newer, noon()).await.unwrap();
        let caller = lead(db, locks, "+972501234567").await;
        // One in the past, one cancelled, one of another lead, and two upcoming ones.
        booked(db, locks, caller, "2026-11-21T10:00:00Z").await;
        let cancelled = booked(db, locks, caller, "2026-11-24T10:00:00Z").await;
        cancel(db, locks, Authority::Lead(caller), Selector::Id(cancelled), noon()).await.unwrap();
        let somebody = lead(db, locks, "+972508888888").await;
        booked(db, locks, somebody, "2026-11-25T10:00:00Z").await;
        let later = booked(db, locks, caller, "2026-11-27T10:00:00Z").await;
        let next = booked(db, locks, caller, "2026-11-26T10:00:00Z").await;
        lead(db, locks, "+972509999999").await;
        lead(db, clinic, "+972501234567").await;

        let statements = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&statements);
        let counted = db.observed(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let (ours, theirs) = (phone("+97231111111"), phone("+972501234567"));
        let found =
            find_for_voice(&counted, from(&ours, Some(&theirs)), noon()).await.unwrap().unwrap();

        assert_eq!(statements.load(Ordering::Relaxed), 1);
        assert_eq!(found.business.id, locks);
        assert_eq!(found.business.settings, file("locks", "+97231111111").settings);
        assert_eq!((found.prompt_version, found.prompt_text.as_str()), (2, "ענה בקצרה"));
        let lead = found.lead.unwrap();
        assert_eq!((lead.id, lead.business_id), (caller, locks));
        let coming: Vec<_> = found.appointments.iter().map(|appointment| appointment.id).collect();
        assert_eq!(coming, [next, later], "what the prompt tells (PROMPT-1)");
    })
    .await;
}

#[tokio::test]
async fn call_1_an_unknown_number_finds_nothing_and_a_new_or_withheld_caller_has_no_lead() {
    on_each(async |db| {
        let [locks, _] = two_businesses(db).await;
        lead(db, locks, "+972501234567").await;
        let ours = phone("+97231111111");
        let unknown = phone("+15550000000");
        assert_eq!(find_for_voice(db, from(&unknown, None), noon()).await.unwrap(), None);
        for person in [None, Some(&unknown)] {
            let found = find_for_voice(db, from(&ours, person), noon()).await.unwrap().unwrap();
            assert_eq!((found.business.id, found.lead), (locks, None));
            assert_eq!(found.appointments, []);
        }
    })
    .await;
}

#[tokio::test]
async fn prompt_1_only_a_changed_prompt_becomes_a_new_version_and_old_versions_stay() {
    on_each(async |db| {
        let first = import(db, file("locks", "+97231111111"), noon()).await.unwrap();
        assert!(first.created);
        let later = at("2026-12-01T00:00:00Z");
        let mut again = file("locks", "+97231111111");
        again.name = "Tel Aviv Locks".to_owned();
        let second = import(db, again.clone(), later).await.unwrap();
        assert_eq!((second.id, second.created, second.prompt_version), (first.id, false, 1));

        again.prompt = "another".to_owned();
        assert_eq!(import(db, again, later).await.unwrap().prompt_version, 2);
        assert_eq!(prompt(db, first.id, 1).await.unwrap().unwrap(), "ענה בנימוס");
        assert_eq!(prompt(db, first.id, 2).await.unwrap().unwrap(), "another");

        let stored = find_by_slug(db, &slug("locks")).await.unwrap().unwrap();
        assert_eq!(stored.name, "Tel Aviv Locks");
        assert_eq!((stored.created_at, stored.updated_at), (noon(), later));
        assert_eq!(stored.retention, file("locks", "+97231111111").retention);
    })
    .await;
}

#[tokio::test]
async fn an_import_replaces_the_numbers_and_frees_the_old_ones() {
    on_each(async |db| {
        let locks = business(db, "locks", "+97231111111").await;
        let mut moved = file("locks", "+97233333333");
        moved.phone_numbers.push(phone("+97234444444"));
        import(db, moved, noon()).await.unwrap();
        let now = numbers(db, locks).await.unwrap();
        assert_eq!(now, [phone("+97233333333"), phone("+97234444444")]);

        let clinic = business(db, "clinic", "+97231111111").await;
        let ours = phone("+97231111111");
        let found = find_for_voice(db, from(&ours, None), noon()).await.unwrap().unwrap();
        assert_eq!(found.business.id, clinic);
    })
    .await;
}

#[tokio::test]
async fn importing_a_number_of_another_business_names_that_business_and_stores_nothing() {
    on_each(async |db| {
        let mut locks = file("locks", "+97231111111");
        locks.whatsapp_number = Some(phone("+97239999999"));
        let locks = import(db, locks, noon()).await.unwrap().id;

        let mut greedy = file("clinic", "+97232222222");
        greedy.phone_numbers.push(phone("+97231111111"));
        let refused = import(db, greedy, noon()).await.unwrap_err();
        assert_eq!(refused.to_string(), "the number +97231111111 belongs to the business locks");
        let mut greedy = file("clinic", "+97232222222");
        greedy.whatsapp_number = Some(phone("+97239999999"));
        let refused = import(db, greedy, noon()).await.unwrap_err();
        assert!(
            matches!(refused, ImportError::NumberTaken { owner, .. } if owner == slug("locks"))
        );

        assert_eq!(find_by_slug(db, &slug("clinic")).await.unwrap(), None);
        assert_eq!(
            find_for_voice(db, from(&phone("+97232222222"), None), noon()).await.unwrap(),
            None
        );
        let texting = find_by_whatsapp_number(db, &phone("+97239999999")).await.unwrap();
        assert_eq!(texting.unwrap().id, locks);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_simultaneous_imports_of_one_number_one_succeeds() {
    on_each(async |db| {
        let mut claims = tokio::task::JoinSet::new();
        for n in 0..12 {
            let db = db.clone();
            let file = file(&format!("business-{n}"), "+97231111111");
            claims.spawn(async move { import(&db, file, noon()).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) =
            claims.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for refused in lost {
            assert!(matches!(refused, Err(ImportError::NumberTaken { .. })), "{refused:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn ops_4_businesses_are_listed_in_pages() {
    on_each(async |db| {
        for (n, name) in ["bakery", "clinic", "locks"].into_iter().enumerate() {
            business(db, name, &format!("+9723111111{n}")).await;
        }
        let first = list(db, None, 2).await.unwrap();
        assert_eq!(first.next, Some(slug("clinic")));
        let second = list(db, first.next.as_ref(), 2).await.unwrap();
        assert_eq!((second.items[0].slug.as_str(), second.next), ("locks", None));
        assert_eq!(list(db, None, 3).await.unwrap().next, None);
        assert_eq!(prompt(db, BusinessId(new_id()), 1).await.unwrap(), None);
    })
    .await;
}
