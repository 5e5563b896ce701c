use super::*;

const USED: ModelVoice<'_> = ModelVoice { model: "gpt-realtime-2.1", voice: "marin" };
/// Another business's: the same model with another voice.
const OTHER_VOICE: ModelVoice<'_> = ModelVoice { voice: "cedar", ..USED };
const OTHER_MODEL: ModelVoice<'_> = ModelVoice { model: "another", ..USED };

#[expect(clippy::disallowed_methods, reason = "a base for moments that the test moves by hand")]
fn base() -> Instant {
    Instant::now()
}

fn call(number: u8) -> Asker {
    Asker::from(&CallSid::parse(&format!("CA{number:032x}")).unwrap())
}

#[test]
fn pipe_10_a_key_or_quota_fault_turns_away_every_call_for_thirty_seconds() {
    for cause in [FatalCause::BadKey, FatalCause::Quota, FatalCause::AccountClosed] {
        let (mut breaker, now) = (Breaker::default(), base());
        assert_eq!(breaker.admit(&call(1), USED, now), Ok(()));
        breaker.failed(cause, USED, now);
        assert_eq!(breaker.broken(), Some(cause));
        let almost = now + OPEN_FOR - Duration::from_millis(1);
        assert_eq!(breaker.admit(&call(2), OTHER_MODEL, almost), Err(cause));
        assert_eq!(breaker.admit(&call(2), OTHER_MODEL, now + OPEN_FOR), Ok(()));
    }
}

#[test]
fn pipe_10_a_model_fault_turns_away_calls_with_that_model_only() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::BadModel, USED, now);
    for used in [USED, OTHER_VOICE] {
        assert_eq!(breaker.admit(&call(1), used, now), Err(FatalCause::BadModel));
    }
    assert_eq!(breaker.admit(&call(1), OTHER_MODEL, now), Ok(()));
    assert_eq!(breaker.broken(), None, "calls with another model are answered");
}

#[test]
fn pipe_10_a_voice_fault_turns_away_calls_with_that_voice_of_that_model_only() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::BadVoice, USED, now);
    assert_eq!(breaker.admit(&call(1), USED, now), Err(FatalCause::BadVoice));
    for used in [OTHER_VOICE, OTHER_MODEL] {
        assert_eq!(breaker.admit(&call(1), used, now), Ok(()), "{used:?}");
    }
    // A good voice says nothing of the bad one.
    breaker.answered(&call(1), OTHER_VOICE);
    assert_eq!(breaker.admit(&call(2), USED, now), Err(FatalCause::BadVoice));
    // The model too is refused: its calls wait for both.
    breaker.failed(FatalCause::BadModel, OTHER_VOICE, now + OPEN_FOR / 2);
    assert_eq!(breaker.admit(&call(2), USED, now + OPEN_FOR), Err(FatalCause::BadModel));
    assert_eq!(breaker.admit(&call(2), USED, now + 2 * OPEN_FOR), Ok(()));
    breaker.answered(&call(2), USED);
    assert_eq!(breaker.view(now), [], "the voice works, and so does its model");
}

#[test]
fn pipe_10_a_call_is_placed_only_if_it_could_be_spoken_to_and_takes_no_ones_turn() {
    let (mut breaker, now) = (Breaker::default(), base());
    assert_eq!(breaker.would_admit(USED, now), Ok(()));
    breaker.failed(FatalCause::Quota, USED, now);
    assert_eq!(breaker.would_admit(OTHER_MODEL, now), Err(FatalCause::Quota));
    let later = now + OPEN_FOR;
    assert_eq!(breaker.would_admit(USED, later), Ok(()));
    assert_eq!(breaker.would_admit(USED, later), Ok(()), "nobody tries yet");
    assert_eq!(breaker.admit(&call(1), USED, later), Ok(()));
    assert_eq!(breaker.would_admit(USED, later), Err(FatalCause::Quota), "a call tries");
    assert_eq!(breaker.would_admit(USED, later + TRIAL_PATIENCE), Ok(()));
    breaker.failed(FatalCause::BadVoice, OTHER_VOICE, later);
    assert_eq!(breaker.would_admit(OTHER_VOICE, later), Err(FatalCause::Quota));
    breaker.answered(&call(1), USED);
    assert_eq!(breaker.would_admit(OTHER_VOICE, later), Err(FatalCause::BadVoice));
    assert_eq!(breaker.would_admit(USED, later), Ok(()));
}

#[test]
fn pipe_10_the_one_try_belongs_to_one_call_until_it_is_decided() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Quota, USED, now);
    let later = now + OPEN_FOR;
    assert_eq!(breaker.admit(&call(1), USED, later), Ok(()));
    assert_eq!(breaker.admit(&call(1), USED, later), Ok(()), "a repeated webhook");
    assert_eq!(breaker.admit(&call(2), USED, later), Err(FatalCause::Quota));
    breaker.answered(&call(2), USED);
    assert_eq!(breaker.admit(&call(2), USED, later), Err(FatalCause::Quota), "an older call");
    breaker.answered(&call(1), USED);
    assert_eq!(breaker.admit(&call(2), USED, later), Ok(()));
    assert_eq!((breaker.broken(), breaker.view(later)), (None, vec![]));
}

#[test]
fn pipe_10_a_try_that_fails_opens_it_again_and_one_that_is_never_decided_is_another_s() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::BadModel, USED, now);
    let later = now + OPEN_FOR;
    assert_eq!(breaker.admit(&call(1), USED, later), Ok(()));
    breaker.failed(FatalCause::BadModel, USED, later);
    assert_eq!(breaker.admit(&call(2), USED, later), Err(FatalCause::BadModel));
    let last = later + OPEN_FOR;
    assert_eq!(breaker.admit(&call(2), USED, last), Ok(()));
    assert_eq!(breaker.admit(&call(3), USED, last), Err(FatalCause::BadModel));
    assert_eq!(breaker.admit(&call(3), USED, last + TRIAL_PATIENCE), Ok(()));
}

#[test]
fn pipe_10_a_fault_of_one_call_alone_turns_nobody_away_and_is_counted() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Refused, USED, now);
    assert_eq!(breaker.admit(&call(1), USED, now), Ok(()));
    assert_eq!(breaker.faults(), 1);
}

#[test]
fn pipe_10_the_number_of_circuits_is_bounded_and_the_account_s_stays() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Quota, USED, now);
    for number in 1..200u64 {
        let at = now + Duration::from_millis(number);
        let model = format!("model-{number}");
        breaker.failed(FatalCause::BadModel, ModelVoice { model: &model, ..USED }, at);
    }
    assert_eq!(breaker.view(now).len(), MOST_CIRCUITS);
    assert_eq!(breaker.broken(), Some(FatalCause::Quota));
    breaker.circuits.remove(&Scope::Account);
    let newest = ModelVoice { model: "model-199", ..USED };
    assert!(breaker.admit(&call(1), newest, now).is_err(), "the newest is kept");
    let oldest = ModelVoice { model: "model-1", ..USED };
    assert!(breaker.admit(&call(1), oldest, now).is_ok(), "the oldest is forgotten");
}

#[test]
fn ops_9_introspection_shows_what_is_open_and_for_how_long() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Quota, USED, now);
    breaker.failed(FatalCause::BadVoice, USED, now);
    breaker.failed(FatalCause::BadModel, USED, now);
    let shown = breaker.view(now + Duration::from_secs(10));
    let named = |at: usize| (shown[at].model.as_deref(), shown[at].voice.as_deref());
    assert_eq!((named(0), shown[0].cause.as_str()), ((None, None), "quota"));
    assert_eq!(named(1), (Some(USED.model), None));
    assert_eq!(named(2), (Some(USED.model), Some(USED.voice)));
    assert_eq!((shown[2].cause.as_str(), shown[2].next_try_in_ms), ("bad_voice", 20_000));
    assert_eq!(breaker.view(now + OPEN_FOR)[0].state, "half_open");
}

#[test]
fn pipe_10_calls_and_messages_share_the_account_and_not_their_models() {
    const TEXT: &str = "gpt-6-luna";
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::BadModel, ModelVoice::text(TEXT), now);
    assert_eq!(breaker.admit(&call(1), USED, now), Ok(()));
    let text = |breaker: &mut Breaker, number, now| {
        breaker.admit(&Asker::Text(number), ModelVoice::text(TEXT), now)
    };
    assert_eq!(text(&mut breaker, 1, now), Err(FatalCause::BadModel));
    breaker.failed(FatalCause::Quota, USED, now);
    assert_eq!(text(&mut breaker, 1, now), Err(FatalCause::Quota));
    // One question tries for both circuits.
    let later = now + OPEN_FOR;
    assert_eq!(text(&mut breaker, 2, later), Ok(()));
    assert_eq!(breaker.admit(&call(2), USED, later), Err(FatalCause::Quota));
    breaker.answered(&Asker::Text(2), ModelVoice::text(TEXT));
    assert_eq!(breaker.admit(&call(2), USED, later), Ok(()));
    assert_eq!(breaker.view(later), []);
}

#[test]
fn pipe_10_one_who_tried_and_found_nothing_out_holds_nobody_up() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Quota, USED, now);
    let later = now + OPEN_FOR;
    assert_eq!(breaker.admit(&Asker::Text(1), ModelVoice::text("gpt-6-luna"), later), Ok(()));
    assert_eq!(breaker.admit(&call(1), USED, later), Err(FatalCause::Quota));
    breaker.found_nothing(&Asker::Text(2));
    assert_eq!(breaker.admit(&call(1), USED, later), Err(FatalCause::Quota), "somebody else");
    breaker.found_nothing(&Asker::Text(1));
    assert_eq!(breaker.admit(&call(1), USED, later), Ok(()));
    assert_eq!(breaker.broken(), Some(FatalCause::Quota), "nobody has been answered yet");
}
