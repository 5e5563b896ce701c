use protocol::twilio::twiml::{Dial, Say};

use super::*;
use crate::testing::call_sid;

fn say() -> Apology {
    let say = Say { voice: "v".to_owned(), language: "en".to_owned(), text: "sorry".to_owned() };
    Apology::Say(say)
}

#[tokio::test]
async fn con_5_a_line_ends_as_the_daemon_asks() {
    let (lines, call) = (BrowserLines::default(), call_sid());
    let number = PhoneNumber::parse("+972501111111").unwrap();
    let dial = Dial {
        number: number.clone(),
        action: "https://x/".to_owned(),
        timeout_secs: 20,
        caller_id: None,
    };
    for (document, expected) in [
        (None, LineEnd::HungUp),
        (Some(Twiml::transfer(dial)), LineEnd::PutThrough(number)),
        (Some(Twiml::apology(say())), LineEnd::Apologised(say())),
        (Some(Twiml::hangup()), LineEnd::HungUp),
    ] {
        let mut line = lines.open(call.clone());
        let answer = match &document {
            None => lines.hang_up(&call).await,
            Some(document) => lines.redirect(&call, document).await,
        };
        assert_eq!((answer, line.ended().await), (Ok(Answer::Done), expected.clone()));
        assert_eq!(line.ended().await, expected, "it can be asked again");
        assert_eq!(lines.hang_up(&call).await, Ok(Answer::NotInProgress), "it has ended");
    }
}

#[tokio::test]
async fn con_5_a_line_that_nobody_holds_is_not_in_progress() {
    let (lines, call) = (BrowserLines::default(), call_sid());
    assert_eq!(lines.hang_up(&call).await, Ok(Answer::NotInProgress), "it never was");
    drop(lines.open(call.clone()));
    let hang_up = Twiml::hangup();
    assert_eq!(
        lines.redirect(&call, &hang_up).await,
        Ok(Answer::NotInProgress),
        "its page has gone"
    );
    let (former, mut line) = (lines.open(call.clone()), lines.open(call.clone()));
    drop(former);
    lines.call_over(&call);
    assert_eq!(line.ended().await, LineEnd::HungUp, "the newer line stays until the call is over");
}
