//! The model says that the caller has declined (END-4).

use super::*;

const DECLINED: &str =
    r#"{"should_end_call":true,"end_reason":"customer_declined","lead_status":"declined"}"#;

impl Stage {
    /// A turn is answered by a response that calls `call_control`, and says nothing.
    fn is_answered_by_the_end(&mut self, turn: &str, words: Option<&str>) {
        let ask = self.turn(turn);
        if let Some(words) = words {
            self.words(turn, words);
        }
        self.controls(turn, ask);
    }

    fn controls(&mut self, name: &str, ask: AskNumber) {
        let response = format!("r-{name}");
        self.does(Event::ResponseStarted { response: resp(&response), asks: vec![ask] });
        self.ends(&response, vec![ask], control(DECLINED));
    }

    /// The model got its answer: the claim was refused, and it speaks.
    fn is_refused(&self) -> bool {
        self.reason().is_none()
            && self.asks().last().unwrap().want == Want::Answer(Reply::ToolOutput)
    }
}

#[test]
fn end_4_the_first_no_thanks_alone_is_no_end_whatever_the_model_says() {
    for words in ["לא תודה, לא צריך", "No, thanks!", "לא מעוניין, תודה רבה"]
    {
        let mut stage = Stage::open();
        stage.is_answered_by_the_end("u1", Some(words));
        assert!(stage.is_refused(), "{words}");
        let declined = Command::SetLeadStatus(crate::business::LeadStatus::Declined);
        assert_eq!(stage.count(&declined), 0);
        assert_eq!(stage.count(&Command::ToolsDone), 1);
    }
}

#[test]
fn end_4_a_second_no_thanks_or_one_that_says_more_ends_the_call() {
    for (first, second) in [
        ("לא צריך", "לא צריך"),
        ("כן", "אני לא רוצה שתתקשרו אליי יותר"),
        ("כן", "please remove me from your list"),
        ("כן", "לא"),
    ] {
        let mut stage = Stage::open();
        stage.turn("u1");
        stage.words("u1", first);
        stage.last_line_is_heard("1");
        stage.is_answered_by_the_end("u2", Some(second));
        assert_eq!(stage.reason(), Some(EndReason::CustomerDeclined), "{second}");
    }
}

#[test]
fn end_4_keys_are_no_decline() {
    let mut stage = Stage::open();
    stage.turn("u1");
    stage.words("u1", "לא צריך");
    stage.last_line_is_heard("1");
    stage.does(Event::DigitPressed { digit: '9' });
    stage.does(Event::DigitPressed { digit: '#' });
    let ask = stage.asks().last().unwrap().number;
    stage.controls("keys", ask);
    assert_eq!(stage.reason(), Some(EndReason::CustomerDeclined));
}

#[test]
fn end_4_a_claimed_decline_waits_1_5_s_for_the_callers_words() {
    let mut stage = Stage::open();
    stage.is_answered_by_the_end("u1", None);
    stage.waits(Duration::from_millis(1_499));
    assert_eq!(stage.reason(), None);
    stage.words("u1", "לא צריך");
    assert!(stage.is_refused());

    let mut stage = Stage::open();
    stage.is_answered_by_the_end("u1", None);
    stage.waits(Duration::from_millis(1_500));
    assert_eq!(stage.reason(), Some(EndReason::CustomerDeclined), "they did not come");

    let mut stage = Stage::open();
    stage.is_answered_by_the_end("u1", None);
    stage.does(Event::TurnTranscribed { item: item("u1"), text: None });
    assert_eq!(stage.reason(), Some(EndReason::CustomerDeclined), "they will not come");
}

#[test]
fn end_4_other_claims_do_not_wait_for_words() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    stage.ends("r1", vec![ask], control(GOODBYE));
    assert_eq!(stage.reason(), Some(EndReason::UserGoodbye));
}

#[test]
fn end_4_a_claimed_decline_waits_for_the_other_tools_too() {
    let mut stage = Stage::open();
    let ask = stage.turn("u1");
    stage.does(Event::ResponseStarted { response: resp("r1"), asks: vec![ask] });
    let call = ToolCallId::parse("call_9").unwrap();
    let mut calls = calls("update_lead_details", "{}");
    calls[0].call = call.clone();
    calls.extend(control(DECLINED));
    stage.ends("r1", vec![ask], calls);
    stage.waits(Duration::from_millis(9_500));
    assert_eq!(stage.reason(), None);
    let outcome = ToolOutcome::new("{}".to_owned(), true);
    stage.does(Event::ToolFinished { call, outcome });
    assert_eq!(stage.reason(), None, "the words have not come");
    stage.waits(Duration::from_millis(1_500));
    assert_eq!(stage.reason(), Some(EndReason::CustomerDeclined));
}
