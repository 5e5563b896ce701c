//! Calls and leads by name, number and words, and who is to be called back.

use std::time::Duration;

use entities::Database;
use entities::appointments::{self, AppointmentId, NewAppointment, book};
use entities::call_turns::{self, TurnMeasures, TurnRole, TurnRow};
use entities::calls::{self, CallFilter, CallOutcome, CallSearch, NewCall, insert_started};
use entities::leads::{self, LeadChanges, LeadSearch, LeadStatus, merge_details};
use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, ToolCallId};

use crate::support::{
    at, call_sid, hung_up, in_call, inbound, lead, new_id, noon, on_each, phone, two_businesses,
};

/// A call of a person, so many minutes after noon, in which they said this.
async fn said(db: &Database, business: BusinessId, n: u32, of: LeadId, words: &str) -> CallSid {
    let started_at = noon() + Duration::from_mins(n.into());
    let from_number = Some(phone(&format!("+97250{:07}", n)));
    let new = NewCall { lead_id: Some(of), from_number, started_at, ..inbound(n) };
    let call = insert_started(db, business, new).await.unwrap().record.call_sid;
    let turn = TurnRow {
        seq: 1,
        role: TurnRole::Caller,
        item_id: None,
        text: Some(words.to_owned()),
        heard_ms: None,
        cut: false,
        at: started_at,
        measures: TurnMeasures::default(),
    };
    call_turns::upsert_many(db, business, &call, &[turn]).await.unwrap();
    call
}

async fn named(db: &Database, business: BusinessId, n: u32, name: &str) -> LeadId {
    let lead = lead(db, business, &format!("+97250{n:07}")).await;
    let told = LeadChanges { full_name: Some(name.to_owned()), ..LeadChanges::default() };
    merge_details(db, business, lead, told, None, in_call(n), noon()).await.unwrap();
    lead
}

async fn found(db: &Database, business: BusinessId, search: CallSearch) -> Vec<CallSid> {
    let page = calls::search(db, business, search, None, 10).await.unwrap();
    assert_eq!(page.next, None);
    page.items.into_iter().map(|call| call.call_sid).collect()
}

fn only(call: &CallSid) -> &[CallSid] {
    std::slice::from_ref(call)
}

fn by_words(words: &str) -> CallSearch {
    CallSearch { words: words.to_owned(), ..CallSearch::default() }
}

fn by_outcome(outcome: CallOutcome) -> CallSearch {
    CallSearch { outcome: Some(outcome), ..CallSearch::default() }
}

#[tokio::test]
async fn con_3_calls_are_found_by_name_by_number_and_by_words_of_their_own_business() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let ruth = named(db, locks, 1, "Ruth Abrahams").await;
        let dana = named(db, locks, 2, "דנה כהן").await;
        let other = named(db, clinic, 3, "Ruth Levi").await;
        let first = said(db, locks, 1, ruth, "The lock is 100% stuck").await;
        let second = said(db, locks, 2, dana, "המנעול_החכם תקוע").await;
        let foreign = said(db, clinic, 3, other, "My tooth is stuck").await;

        let search = |words: &'static str| found(db, locks, by_words(words));
        assert_eq!(search("ruth").await, only(&first));
        assert_eq!(search("כהן").await, only(&second));
        assert_eq!(search("STUCK").await, only(&first));
        assert_eq!(search("תקוע").await, only(&second));
        assert_eq!(search("050-000 0002").await, only(&second));
        assert_eq!(search("+972500000001").await, only(&first));
        // Signs of patterns are letters like others.
        assert_eq!(search("100%").await, only(&first));
        assert_eq!(search("_").await, only(&second));
        assert_eq!(search("0%s").await, Vec::<CallSid>::new());
        assert_eq!(search("").await, [second.clone(), first.clone()]);
        assert_eq!(found(db, clinic, by_words("stuck")).await, only(&foreign));
    })
    .await;
}

#[tokio::test]
async fn con_3_calls_are_found_by_what_came_of_them_and_by_their_time() {
    on_each(async |db| {
        let [locks, _] = two_businesses(db).await;
        let one = named(db, locks, 1, "Ruth").await;
        let two = named(db, locks, 2, "Dana").await;
        let booked = said(db, locks, 1, one, "a").await;
        let complete = said(db, locks, 2, two, "b").await;
        let failed = said(db, locks, 3, one, "c").await;
        let wanted = NewAppointment {
            id: AppointmentId(new_id()),
            lead_id: one,
            call_sid: Some(booked.clone()),
            starts_at: at("2026-11-25T10:00:00Z"),
            ends_at: at("2026-11-25T10:30:00Z"),
            busy_until: at("2026-11-25T10:30:00Z"),
            notes: None,
            idempotency_key: None,
            additional: true,
        };
        let appointment = book(db, locks, wanted, noon()).await.unwrap();
        let (none, status) = (LeadChanges::default(), Some(LeadStatus::Complete));
        merge_details(db, locks, two, none, status, in_call(2), noon()).await.unwrap();
        let end = calls::EndOfCall { end_reason: "internal".to_owned(), ..hung_up() };
        calls::record_end(db, locks, &failed, end).await.unwrap();

        assert_eq!(found(db, locks, by_outcome(CallOutcome::Booked)).await, only(&booked));
        assert_eq!(found(db, locks, by_outcome(CallOutcome::Complete)).await, only(&complete));
        assert_eq!(found(db, locks, by_outcome(CallOutcome::Failed)).await, only(&failed));
        let until =
            CallFilter { until: Some(noon() + Duration::from_secs(90)), ..CallFilter::default() };
        let early = CallSearch { filter: until, ..CallSearch::default() };
        assert_eq!(found(db, locks, early).await, only(&booked));

        let sids = vec![booked.clone(), failed.clone()];
        let with_visit = calls::booked_in(db, locks, sids).await.unwrap();
        assert_eq!(with_visit.into_iter().collect::<Vec<_>>(), only(&booked));
        let of_call = appointments::of_call(db, locks, &booked).await.unwrap();
        assert_eq!(of_call.map(|it| it.id), Some(appointment.id));
        let day = calls::failed_since(db, locks, noon(), 5).await.unwrap();
        assert_eq!(day.into_iter().map(|it| it.call_sid).collect::<Vec<_>>(), only(&failed));
        assert_eq!(calls::count_since(db, locks, noon()).await.unwrap(), 3);
        let live = calls::live(db, locks, noon(), 5).await.unwrap();
        assert_eq!(live.len(), 2, "one is over");
    })
    .await;
}

#[tokio::test]
async fn con_3_a_search_reads_a_bounded_part_and_goes_on_behind_it() {
    const SEARCHED: u32 = 1_000;
    on_each(async |db| {
        let [locks, _] = two_businesses(db).await;
        let ruth = named(db, locks, 1, "Ruth").await;
        let oldest = said(db, locks, 1, ruth, "needle").await;
        for n in 2..SEARCHED + 3 {
            let started_at = noon() + Duration::from_mins(n.into());
            insert_started(db, locks, NewCall { started_at, ..inbound(n) }).await.unwrap();
        }
        let search = by_words("needle");
        let first = calls::search(db, locks, search.clone(), None, 10).await.unwrap();
        assert_eq!(first.items, []);
        let next = first.next.expect("older calls");
        assert_eq!(next, call_sid(3), "the thousandth of them");
        let second = calls::search(db, locks, search, Some(&next), 10).await.unwrap();
        assert_eq!(
            second.items.into_iter().map(|it| it.call_sid).collect::<Vec<_>>(),
            only(&oldest)
        );
        assert_eq!(second.next, None);
    })
    .await;
}

#[tokio::test]
async fn con_3_leads_are_found_by_name_number_field_and_status_the_last_contact_first() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let ruth = named(db, locks, 1, "Ruth Abrahams").await;
        let dana = named(db, locks, 2, "דנה כהן").await;
        named(db, clinic, 3, "Ruth Levi").await;
        let city = [("city".to_owned(), "תל אביב".to_owned())].into();
        let told = LeadChanges { fields: city, ..LeadChanges::default() };
        let (complete, later) = (Some(LeadStatus::Complete), noon() + Duration::from_secs(1));
        merge_details(db, locks, ruth, told, complete, in_call(1), later).await.unwrap();
        let search = async |words: &str, status| {
            let search = LeadSearch { words: words.to_owned(), status };
            let page = leads::search(db, locks, search, None, 10).await.unwrap();
            page.items.into_iter().map(|lead| lead.id).collect::<Vec<_>>()
        };
        assert_eq!(search("", None).await, [ruth, dana]);
        assert_eq!(search("abra", None).await, [ruth]);
        assert_eq!(search("אביב", None).await, [ruth]);
        assert_eq!(search("0500000002", None).await, [dana]);
        assert_eq!(search("", Some(LeadStatus::InProgress)).await, [dana]);

        let page = leads::search(db, locks, LeadSearch::default(), None, 1).await.unwrap();
        let rest = leads::search(db, locks, LeadSearch::default(), page.next, 1).await.unwrap();
        assert_eq!((rest.items[0].id, rest.next), (dana, None));
    })
    .await;
}

#[tokio::test]
async fn con_3_who_was_in_touch_and_has_not_declined_may_be_called_back_until_they_are_seen_to() {
    on_each(async |db| {
        let [locks, clinic] = two_businesses(db).await;
        let ruth = named(db, locks, 1, "Ruth").await;
        let dana = named(db, locks, 2, "Dana").await;
        let (none, declined) = (LeadChanges::default(), Some(LeadStatus::Declined));
        merge_details(db, locks, dana, none, declined, in_call(2), noon()).await.unwrap();
        let in_touch = async |since: Timestamp| {
            let leads = leads::in_touch(db, locks, since, 10).await.unwrap();
            leads.into_iter().map(|lead| (lead.id, lead.seen_to_at)).collect::<Vec<_>>()
        };
        assert_eq!(in_touch(noon()).await, [(ruth, None)]);
        assert_eq!(in_touch(noon() + Duration::from_secs(1)).await, []);
        leads::note_seen_to(db, locks, ruth, noon()).await.unwrap();
        assert_eq!(in_touch(noon()).await, [(ruth, Some(noon()))]);
        let foreign = leads::note_seen_to(db, clinic, ruth, noon()).await;
        assert!(matches!(foreign, Err(entities::RecordsError::NotFound)));
        assert_eq!(leads::count_new_since(db, locks, noon()).await.unwrap(), 2);
        let both = leads::some(db, locks, vec![ruth, dana]).await.unwrap();
        assert_eq!(both.len(), 2);
        assert!(leads::some(db, clinic, vec![ruth]).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn ops_3_what_was_measured_of_a_turn_stays_when_its_words_come_later() {
    on_each(async |db| {
        let [locks, _] = two_businesses(db).await;
        let ruth = named(db, locks, 1, "Ruth").await;
        let call = said(db, locks, 1, ruth, "first").await;
        let tool_call = ToolCallId::parse("call_1").ok();
        let turn = TurnRow {
            seq: 2,
            role: TurnRole::Agent,
            item_id: None,
            text: None,
            heard_ms: None,
            cut: false,
            at: noon(),
            measures: TurnMeasures { waited_ms: Some(700), lasts_ms: None, tool_call },
        };
        let measures = TurnMeasures { lasts_ms: Some(2_100), ..TurnMeasures::default() };
        let later = TurnRow { text: Some("words".to_owned()), measures, ..turn.clone() };
        for turn in [turn.clone(), later] {
            call_turns::upsert_many(db, locks, &call, &[turn]).await.unwrap();
        }
        let stored = call_turns::of_call(db, locks, &call).await.unwrap();
        let measures = TurnMeasures { lasts_ms: Some(2_100), ..turn.measures };
        assert_eq!((stored[1].text.as_deref(), &stored[1].measures), (Some("words"), &measures));
        let last = call_turns::last_words(db, locks, &call).await.unwrap();
        assert_eq!(last.map(|turn| turn.seq), Some(2));
    })
    .await;
}
