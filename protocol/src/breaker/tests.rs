use super::*;

const MODEL: &str = "gpt-realtime-2.1";

#[expect(clippy::disallowed_methods, reason = "a base for moments that the test moves by hand")]
fn base() -> Instant {
    Instant::now()
}

fn call(number: u8) -> CallSid {
    CallSid::parse(&format!("CA{number:032x}")).unwrap()
}

#[test]
fn pipe_10_a_key_or_quota_fault_turns_away_every_call_for_thirty_seconds() {
    for cause in [FatalCause::BadKey, FatalCause::Quota, FatalCause::AccountClosed] {
        let (mut breaker, now) = (Breaker::default(), base());
        assert_eq!(breaker.admit(&call(1), MODEL, now), Ok(()));
        breaker.failed(cause, MODEL, now);
        assert_eq!(breaker.broken(), Some(cause));
        let almost = now + OPEN_FOR - Duration::from_millis(1);
        assert_eq!(breaker.admit(&call(2), "another", almost), Err(cause));
        assert_eq!(breaker.admit(&call(2), "another", now + OPEN_FOR), Ok(()));
    }
}

#[test]
fn pipe_10_a_model_or_voice_fault_turns_away_calls_with_that_model_only() {
    for cause in [FatalCause::BadModel, FatalCause::BadVoice] {
        let (mut breaker, now) = (Breaker::default(), base());
        breaker.failed(cause, MODEL, now);
        assert_eq!(breaker.admit(&call(1), MODEL, now), Err(cause));
        assert_eq!(breaker.admit(&call(1), "another", now), Ok(()));
        assert_eq!(breaker.broken(), None, "calls with another model are answered");
    }
}

#[test]
fn pipe_10_the_one_try_belongs_to_one_call_until_it_is_decided() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Quota, MODEL, now);
    let later = now + OPEN_FOR;
    assert_eq!(breaker.admit(&call(1), MODEL, later), Ok(()));
    assert_eq!(breaker.admit(&call(1), MODEL, later), Ok(()), "a repeated webhook");
    assert_eq!(breaker.admit(&call(2), MODEL, later), Err(FatalCause::Quota));
    breaker.spoke(&call(2), MODEL);
    assert_eq!(breaker.admit(&call(2), MODEL, later), Err(FatalCause::Quota), "an older call");
    breaker.spoke(&call(1), MODEL);
    assert_eq!(breaker.admit(&call(2), MODEL, later), Ok(()));
    assert_eq!((breaker.broken(), breaker.view(later)), (None, vec![]));
}

#[test]
fn pipe_10_a_try_that_fails_opens_it_again_and_one_that_is_never_decided_is_another_s() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::BadModel, MODEL, now);
    let later = now + OPEN_FOR;
    assert_eq!(breaker.admit(&call(1), MODEL, later), Ok(()));
    breaker.failed(FatalCause::BadModel, MODEL, later);
    assert_eq!(breaker.admit(&call(2), MODEL, later), Err(FatalCause::BadModel));
    let last = later + OPEN_FOR;
    assert_eq!(breaker.admit(&call(2), MODEL, last), Ok(()));
    assert_eq!(breaker.admit(&call(3), MODEL, last), Err(FatalCause::BadModel));
    assert_eq!(breaker.admit(&call(3), MODEL, last + TRIAL_PATIENCE), Ok(()));
}

#[test]
fn pipe_10_a_fault_of_one_call_alone_turns_nobody_away_and_is_counted() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Refused, MODEL, now);
    assert_eq!(breaker.admit(&call(1), MODEL, now), Ok(()));
    assert_eq!(breaker.faults(), 1);
}

#[test]
fn pipe_10_the_number_of_models_is_bounded() {
    let (mut breaker, now) = (Breaker::default(), base());
    for number in 0..200u64 {
        let at = now + Duration::from_millis(number);
        breaker.failed(FatalCause::BadModel, &format!("model-{number}"), at);
    }
    assert_eq!(breaker.view(now).len(), MOST_MODELS);
    assert!(breaker.admit(&call(1), "model-199", now).is_err(), "the newest is kept");
}

#[test]
fn ops_9_introspection_shows_what_is_open_and_for_how_long() {
    let (mut breaker, now) = (Breaker::default(), base());
    breaker.failed(FatalCause::Quota, MODEL, now);
    breaker.failed(FatalCause::BadVoice, MODEL, now);
    let shown = breaker.view(now + Duration::from_secs(10));
    assert_eq!((shown[0].model.as_deref(), shown[0].cause.as_str()), (None, "quota"));
    assert_eq!((shown[1].model.as_deref(), shown[1].opens_for_ms), (Some(MODEL), 20_000));
    assert_eq!(breaker.view(now + OPEN_FOR)[0].state, "half_open");
}
