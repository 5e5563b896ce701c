//! Who sends an event, in which order, what is sent, and how long it is kept.

use super::*;

#[tokio::test]
async fn ops_13_events_of_one_call_wait_for_the_earlier_ones_until_those_are_sent_or_dead() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let call = call(db, locks, 1).await;
        let number = phone("+972501234567");
        let id = LeadId(new_id());
        ensure_for_call(db, locks, Caller::Known(&number), &call, id, noon()).await.unwrap();
        book(db, locks, appointment(id, "2026-11-25T10:00:00Z"), noon()).await.unwrap();
        let end = entities::calls::EndOfCall { end_reason: "internal".to_owned(), ..hung_up() };
        report_end(db, locks, &call, end).await.unwrap();
        // Another call's does not wait.
        let other = phone("+972502222222");
        let other = Caller::Known(&other);
        ensure_for_call(db, locks, other, &call_sid(2), LeadId(new_id()), noon()).await.unwrap();

        let first = claimed(db, locks, ME, later()).await;
        let sent: Vec<_> = first.iter().map(|event| event.record.kind.as_str()).collect();
        assert_eq!(sent, ["lead.created", "lead.created"]);
        assert_eq!(claimed(db, locks, SOMEBODY, later()).await, [], "somebody else finds nothing");
        let again = Outcome::Again { at: later(), error: "HTTP 500".to_owned() };
        assert!(settle(db, &first[0], again, later()).await.unwrap());
        let retried = claimed(db, locks, SOMEBODY, later()).await;
        assert_eq!(retried.len(), 1);
        assert_eq!(
            (retried[0].record.tries, retried[0].record.number),
            (2, first[0].record.number)
        );
        let dead = Outcome::Dead { error: "HTTP 500".to_owned() };
        assert!(!settle(db, &first[0], dead.clone(), later()).await.unwrap(), "the claim is lost");
        assert!(settle(db, &retried[0], dead, later()).await.unwrap());
        for expected in ["appointment.booked", "call.ended", "call.failed"] {
            let next = claimed(db, locks, ME, later()).await;
            assert_eq!(next.len(), 1, "{expected}");
            assert_eq!(next[0].record.kind.as_str(), expected);
            assert!(settle(db, &next[0], Outcome::Sent, later()).await.unwrap());
        }
        assert_eq!(resend(db, locks, Which::All, later(), None).await.unwrap(), 1);
        let revived = claimed(db, locks, ME, later()).await;
        assert_eq!((revived.len(), revived[0].record.tries), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn ops_13_a_claim_that_nobody_settles_ends_and_the_event_is_sent_again() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        lead(db, locks, "+972501234567").await;
        let (lanes, _) = due(db, later()).await.unwrap();
        assert_eq!(lanes, [(locks, Target::Webhook)]);
        assert_eq!(claimed(db, locks, ME, later()).await.len(), 1);
        let (lanes, next) = due(db, later()).await.unwrap();
        assert_eq!((lanes.len(), next), (0, Some(later() + SignedDuration::from_secs(90))));
        let after = later() + SignedDuration::from_secs(90);
        assert_eq!(claimed(db, locks, SOMEBODY, after).await.len(), 1);
        // Its owner's next process does not wait for that.
        release(db, vec![ME], after).await.unwrap();
        assert_eq!(claimed(db, locks, ME, after).await, []);
        release(db, vec![SOMEBODY], after).await.unwrap();
        let mine = claimed(db, locks, ME, after).await;
        assert_eq!(mine[0].record.tries, 3);
        assert_eq!(backlog(db).await.unwrap().waiting, 1);
        assert_eq!(backlog(db).await.unwrap().oldest, Some(noon()));
        settle(db, &mine[0], Outcome::Sent, after).await.unwrap();
        assert_eq!(backlog(db).await.unwrap().waiting, 0);
        assert_eq!(events(db, locks).await[0].state, OutboxState::Sent);
    })
    .await;
}

#[tokio::test]
async fn ops_13_what_is_sent_of_a_call_is_its_whole_record_and_every_try_sends_the_same() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let call: CallSid = call(db, locks, 1).await;
        let person = lead(db, locks, "+972501234567").await;
        entities::calls::link_lead(db, locks, &call, person).await.unwrap();
        let turn = entities::call_turns::TurnRow {
            seq: 1,
            role: entities::call_turns::TurnRole::Caller,
            item_id: None,
            text: Some("שלום".to_owned()),
            heard_ms: None,
            cut: false,
            at: noon(),
            measures: entities::call_turns::TurnMeasures::default(),
        };
        entities::call_turns::upsert_many(db, locks, &call, &[turn]).await.unwrap();
        record_end(db, locks, &call, hung_up()).await.unwrap();
        assert_eq!(kinds(db, locks).await, ["lead.created", "call.ended"]);
        let early: Vec<_> =
            claimed(db, locks, ME, noon()).await.iter().map(|event| event.record.kind).collect();
        assert_eq!(early, [EventKind::LeadCreated], "the end settles");
        let ended = claimed(db, locks, ME, later()).await;
        let data = prepare(db, &ended[0]).await.unwrap().unwrap();
        assert_eq!(data["call_sid"], call.as_str());
        assert_eq!(data["end_reason"], "caller_hung_up");
        assert_eq!(data["turns"][0]["text"], "שלום");
        assert_eq!(data["lead"]["phone"], "+972501234567");
        let again = Outcome::Again { at: later(), error: "HTTP 500".to_owned() };
        settle(db, &ended[0], again, later()).await.unwrap();
        let changes =
            LeadChanges { full_name: Some("דנה".to_owned()), ..LeadChanges::default() };
        merge_details(db, locks, person, changes, None, ChangedBy::Api, noon()).await.unwrap();
        let second = claimed(db, locks, ME, later()).await;
        let second = second.iter().find(|event| event.record.kind == EventKind::CallEnded).unwrap();
        assert_eq!(prepare(db, second).await.unwrap(), Some(data));
        assert_eq!(prepare(db, &ended[0]).await.unwrap(), None, "the claim is lost");
    })
    .await;
}

#[tokio::test]
async fn ops_13_a_list_shows_one_business_in_pages_and_resends_what_is_named() {
    on_each(async |db| {
        let [locks, clinic] =
            [told(db, "locks", "+97231111111").await, told(db, "clinic", "+97232222222").await];
        for last in 0..5 {
            let (number, id) = (phone(&format!("+97250123456{last}")), LeadId(new_id()));
            ensure_for_operator(db, locks, &number, id, noon()).await.unwrap();
        }
        lead(db, clinic, "+972501234567").await;
        for event in claimed(db, locks, ME, later()).await {
            let dead = Outcome::Dead { error: "gone".to_owned() };
            settle(db, &event, dead, later()).await.unwrap();
        }
        let dead = OutboxFilter { state: Some(OutboxState::Dead), kind: None };
        let first = list(db, locks, dead, None, 3).await.unwrap();
        let rest = list(db, locks, dead, first.next, 3).await.unwrap();
        assert_eq!((first.items.len(), rest.items.len(), rest.next), (3, 2, None::<Number>));
        assert_eq!(first.items[0].last_error.as_deref(), Some("gone"));
        let one = first.items[0].id;
        assert_eq!(resend(db, clinic, Which::One(one), later(), None).await.unwrap(), 0);
        assert_eq!(resend(db, locks, Which::One(one), later(), None).await.unwrap(), 1);
        assert_eq!(list(db, locks, dead, None, 9).await.unwrap().items.len(), 4);
        let filter = OutboxFilter { state: None, kind: Some(EventKind::CallEnded) };
        assert_eq!(list(db, locks, filter, None, 9).await.unwrap().items, []);
    })
    .await;
}

#[tokio::test]
async fn ops_13_sent_events_go_after_a_week_dead_ones_with_the_business_s_retention_and_others_stay()
 {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        for last in 0..3 {
            let (number, id) = (phone(&format!("+97250123456{last}")), LeadId(new_id()));
            ensure_for_operator(db, locks, &number, id, noon()).await.unwrap();
        }
        let three = claimed(db, locks, ME, later()).await;
        settle(db, &three[0], Outcome::Sent, later()).await.unwrap();
        let dead = Outcome::Dead { error: "gone".to_owned() };
        settle(db, &three[1], dead, later()).await.unwrap();
        let days = |days: i64| later() + SignedDuration::from_hours(24 * days);
        let left = async |before: Timestamp, now: Timestamp| {
            delete_old(db, locks, Old::Events, before, 10, now).await.unwrap();
            events(db, locks).await.iter().map(|event| event.state).collect::<Vec<_>>()
        };
        use OutboxState::{Dead, Sent, Waiting};
        assert_eq!(left(at("2026-01-01T00:00:00Z"), days(6)).await, [Sent, Dead, Waiting]);
        assert_eq!(left(at("2026-01-01T00:00:00Z"), days(8)).await, [Dead, Waiting]);
        assert_eq!(left(days(9), days(9)).await, [Waiting]);
    })
    .await;
}
