use std::sync::Arc;

use entities::leads::{Caller, ensure_for_call};
use mistakes::{Mistake, plant};
use protocol::business::TimeSpan;
use protocol::calendar::{CalendarTool, Writer};
use protocol::call::FunctionCall;
use protocol::ids::PhoneNumber;

use super::*;
use crate::testing;

/// The appointments after a booking at nine whose answer was lost, or that failed before its commit, and its
/// retry.
async fn appointments_after_a_retry(committed: bool) -> usize {
    let (database, [business]) = testing::database(["locks"]).await;
    let chance = Chance::seeded(1);
    let clock = Clock::starting_at("2026-11-22T06:00:00Z".parse().unwrap());
    let number = PhoneNumber::parse("+972501234567").unwrap();
    let (caller, new_id) = (Caller::Known(&number), LeadId(uuid::Uuid::from_u128(1)));
    let call = testing::call_sid();
    let lead = ensure_for_call(&database, business, caller, &call, new_id, clock.wall()).await;
    let mut settings = testing::settings();
    settings.appointments.hours.monday = vec![TimeSpan::parse("09:00-13:00").unwrap()];
    let tool_use = ToolUse {
        business,
        settings: Arc::new(settings),
        call_sid: Some(call),
        lead: Some(lead.unwrap().record.id),
        newcomer: None,
        tool: CalendarTool::Create,
        writer: Writer::Program,
        call: FunctionCall {
            call: ToolCallId::parse("call_1").unwrap(),
            name: CalendarTool::Create.name().to_owned(),
            arguments: r#"{"slot_start":"2026-11-23T09:00:00+02:00"}"#.to_owned(),
        },
        lease: None,
        test: None,
    };
    let run = async |attempt| {
        let calendar = Calendar::of(&tool_use.settings, clock.wall());
        let operation = Operation {
            attempt,
            ledger: Ledger { db: &database, tool_use: &tool_use },
            clock,
            chance: &chance,
            tool_use: &tool_use,
            calendar,
        };
        let outcome = operation.run().await.unwrap();
        let is_booked =
            matches!(outcome, CalendarOutcome::Booked(_) | CalendarOutcome::BookedBefore(_));
        assert!(is_booked, "{outcome:?}");
    };
    if committed {
        run(0).await;
    }
    run(1).await;
    let (from, until) = ("2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z");
    let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
    entities::appointments::between(&database, business, from, until).await.unwrap().len()
}

#[tokio::test]
async fn double_booking_is_made_by_the_retry_of_a_booking_whose_answer_was_lost() {
    assert_eq!(appointments_after_a_retry(true).await, 1);
    let _planted = plant(Mistake::DoubleBooking);
    assert_eq!(appointments_after_a_retry(true).await, 2);
    assert_eq!(appointments_after_a_retry(false).await, 1);
}
