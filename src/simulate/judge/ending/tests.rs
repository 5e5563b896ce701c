//! Endings that hold, and endings that don't.

use std::path::Path;

use practice::speech::Fault;
use practice::twilio::{CallStatus, Echo, HeardSpeech, StreamView, VerbRun};
use protocol::ids::{CallSid, StreamSid};

use super::*;

fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A call whose last words end at 5.0 s and whose last mark is echoed at 5.1 s. `hang_up_at` is when the
/// hang-up was requested.
fn ended(hang_up_at: f64) -> CallView {
    let call = CallSid::parse("CA00000000000000000000000000000001").unwrap();
    let stream = StreamSid::parse("MZ00000000000000000000000000000001").unwrap();
    let mut view = CallView::new(call, "+1", "+2", Direction::Inbound);
    view.heard =
        vec![HeardSpeech { text: "bye".into(), flaw: None, from: secs(4.0), to: secs(5.0) }];
    let mut stream = StreamView::opened(stream, secs(0.1));
    stream.echoes = vec![Echo { name: "1".into(), at: secs(5.1), played: true }];
    view.streams = vec![stream];
    view.hang_up_asked_at = Some(secs(hang_up_at));
    view
}

#[test]
fn end_6_a_hang_up_within_the_delay_after_the_last_mark_is_detected() {
    for (at, holds) in [(6.099, false), (6.1, true), (9.0, true)] {
        let found = in_time(&ended(at), &[], secs(1.0));
        assert_eq!(found.is_ok(), holds, "{at}: {found:?}");
    }
    let mut never = ended(0.0);
    never.hang_up_asked_at = None;
    assert!(in_time(&never, &[], secs(1.0)).is_err());
}

#[test]
fn end_6_a_hang_up_that_was_forgotten_is_found_out_unless_the_caller_spoke_meanwhile() {
    assert!(in_time(&ended(21.2), &[], secs(1.0)).is_err());
    let said = Spoken { what: "say".into(), text: None, from: secs(10.0), to: secs(11.0) };
    assert!(in_time(&ended(21.2), &[said], secs(1.0)).is_ok());
}

#[test]
fn end_6_without_a_mark_the_last_sound_counts() {
    let mut view = ended(5.9);
    view.streams[0].echoes.clear();
    assert!(in_time(&view, &[], secs(1.0)).is_err());
    assert!(in_time(&view, &[], secs(0.9)).is_ok());
}

#[test]
fn end_6_a_last_line_that_was_cut_off_is_detected() {
    let mut view = ended(7.0);
    assert!(heard_to_its_end(&view).is_ok());
    view.heard[0].flaw = Some(Fault::CutOff);
    assert!(heard_to_its_end(&view).is_err());
    view.heard.clear();
    assert!(heard_to_its_end(&view).is_err());
}

#[test]
fn end_1_for_every_reason_somebody_may_end_the_call_by_at_most_one_request() {
    for reason in EndReason::ALL {
        let rule = Rule::of(reason);
        assert!(!rule.by.is_empty(), "{reason:?}");
        assert!(rule.hang_ups + u32::from(rule.apologises) <= 1, "{reason:?}");
    }
}

fn example(name: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/scenarios");
    Scenario::read(&folder.join(name)).unwrap()
}

#[test]
fn pipe_10_a_caller_who_reaches_neither_the_person_nor_an_apology_is_detected() {
    let rule = Rule::of(EndReason::UpstreamFailed);
    let (answers, busy, nobody) = (
        example("ends-upstream-put-through.toml"),
        example("ends-upstream-nobody-answers.toml"),
        example("ends-upstream-lost.toml"),
    );
    for (scenario, rung, apologised, holds) in [
        (&answers, true, false, true),
        (&answers, true, true, false),
        (&answers, false, true, false),
        (&answers, false, false, false),
        (&busy, true, true, true),
        (&busy, true, false, false),
        (&nobody, false, true, true),
        (&nobody, false, false, false),
    ] {
        let mut view = ended(7.0);
        let mut ran = |what| view.verbs.push(VerbRun { what, at: secs(6.0) });
        if rung {
            ran(Done::Dialled { number: "+442071234568".into() });
        }
        if apologised {
            let text = scenario.business.lines().apology;
            ran(Done::Said { text, voice: None, language: None });
        }
        let found = apologises_as_it_must(&rule, scenario, &view);
        assert_eq!(found.is_ok(), holds, "{} {rung} {apologised}: {found:?}", scenario.name());
    }
    let mut view = ended(7.0);
    view.ended = Some(Ended::CallerHangUp);
    assert!(apologises_as_it_must(&rule, &busy, &view).is_ok(), "they did not wait for it");
    assert!(apologises_as_it_must(&rule, &nobody, &view).is_err());
    let internal = Rule::of(EndReason::Internal);
    assert!(apologises_as_it_must(&internal, &answers, &view).is_err());
}

#[test]
fn call_5_a_record_with_another_status_or_length_than_twilios_is_detected() {
    let mut view = ended(7.0);
    (view.status, view.answered_at) = (CallStatus::Completed, Some(secs(0.2)));
    view.ended_at = Some(secs(7.5));
    let record = |status, seconds| CallRecord {
        call_sid: view.call_sid.clone(),
        business_id: protocol::ids::BusinessId(uuid::Uuid::nil()),
        lead_id: None,
        direction: entities::calls::CallDirection::Inbound,
        status,
        from_number: None,
        to_number: protocol::ids::PhoneNumber::parse("+97231234567").unwrap(),
        prompt_version: 1,
        started_at: jiff::Timestamp::UNIX_EPOCH,
        answered_at: None,
        ended_at: None,
        duration: Some(Duration::from_secs(seconds)),
        end_reason: None,
        ended_by: None,
        stats: None,
        is_test: false,
    };
    use entities::calls::CallStatus as Row;
    assert!(same_status(&record(Row::Completed, 8), &view).is_ok());
    assert!(same_status(&record(Row::Completed, 7), &view).is_err());
    assert!(same_status(&record(Row::Failed, 8), &view).is_err());
}
