//! Answers of Twilio's REST API, classified. The client that sends the requests is `actors::twilio_rest`.

pub mod messaging;
mod placing;

use thiserror::Error;

pub use placing::{
    CallResource, NewOutbound, PlacingOutcome, placing_outcome, read_call, read_calls,
};

/// "Call is not in-progress": it has ended or not begun.
const NOT_IN_PROGRESS: u32 = 21220;
/// "The requested resource was not found".
const NOT_FOUND: u32 = 20404;

/// An answer with an error status. Its text leaves Twilio's message out, which can contain a person's
/// number (OPS-6).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Twilio answered HTTP {http_status}{}", .code.map(|code| format!(", error {code}")).unwrap_or_default())]
pub struct RestError {
    /// HTTP status.
    pub http_status: u16,
    /// Twilio's error code, if the body has one: <https://www.twilio.com/docs/api/errors>.
    pub code: Option<u32>,
}

impl RestError {
    /// Reads an error body. If it is not Twilio's JSON (a proxy's page, or empty), only the HTTP status
    /// is known.
    #[must_use]
    pub fn read(http_status: u16, body: &str) -> Self {
        let body: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
        let code = body["code"].as_u64().and_then(|code| code.try_into().ok());
        Self { http_status, code }
    }

    /// Whether Twilio itself does not know the resource. (A 404 of a wrong URL has no such code.)
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.http_status == 404 && self.code == Some(NOT_FOUND)
    }
}

/// The result of a request to end a call (`Status=completed`) or to redirect it (`Twiml=…`). Both may be
/// repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HangupOutcome {
    /// Twilio has done it.
    Done,
    /// The call had ended before.
    NotInProgress,
    /// Temporary: send it again, with backoff.
    Retry(RestError),
    /// Permanent: wrong credentials or URL.
    Fatal(RestError),
}

/// Classifies the answer to a request to end or redirect a call.
///
/// A 404 means that the call has ended only with Twilio's own error code. Without it the URL is wrong, and
/// the call goes on at the business's cost.
#[must_use]
pub fn hangup_outcome(http_status: u16, body: &str) -> HangupOutcome {
    if (200..300).contains(&http_status) {
        return HangupOutcome::Done;
    }
    let error = RestError::read(http_status, body);
    match (http_status, error.code) {
        _ if error.is_not_found() => HangupOutcome::NotInProgress,
        (400, Some(NOT_IN_PROGRESS)) => HangupOutcome::NotInProgress,
        (408 | 429 | 500..=599, _) => HangupOutcome::Retry(error),
        _ => HangupOutcome::Fatal(error),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn body(code: u32, status: u16) -> String {
        format!(
            r#"{{"code":{code},"message":"words","more_info":"https://www.twilio.com/docs/errors/{code}","status":{status}}}"#
        )
    }

    #[test]
    fn call_6_a_call_that_was_ended_is_done() {
        let answer = r#"{"sid":"CA00000000000000000000000000000001","status":"completed"}"#;
        assert_eq!(hangup_outcome(200, answer), HangupOutcome::Done);
        assert_eq!(hangup_outcome(204, ""), HangupOutcome::Done);
    }

    #[test]
    fn call_6_a_call_that_is_not_in_progress_counts_as_done() {
        for (status, code) in [(404, 20404), (400, 21220)] {
            let outcome = hangup_outcome(status, &body(code, status));
            assert_eq!(outcome, HangupOutcome::NotInProgress);
        }
    }

    #[test]
    fn call_6_too_many_requests_and_server_faults_are_tried_again() {
        for (status, text) in [
            (429, body(20429, 429)),
            (500, body(20500, 500)),
            (502, "<html><body>Bad Gateway</body></html>".to_owned()),
            (503, String::new()),
            (408, String::new()),
        ] {
            let outcome = hangup_outcome(status, &text);
            assert!(matches!(outcome, HangupOutcome::Retry(_)), "{outcome:?}");
        }
    }

    #[test]
    fn call_6_what_can_never_work_is_not_tried_again() {
        for (status, text) in [
            (401, body(20003, 401)),
            (403, String::new()),
            (400, body(21205, 400)),
            (404, "<html>no such page</html>".to_owned()),
            (301, String::new()),
        ] {
            let outcome = hangup_outcome(status, &text);
            assert!(matches!(outcome, HangupOutcome::Fatal(_)), "{outcome:?}");
        }
    }

    #[test]
    fn an_error_body_is_read_as_far_as_it_is_one() {
        let error = RestError::read(400, &body(21220, 400));
        assert_eq!(error.code, Some(21220));
        let odd = RestError::read(400, r#"{"code":"21220","message":"words"}"#);
        assert_eq!(odd.code, None);
        for text in ["", "[]", "null", "<html>", "{\"code\":", r#"{"code":-1}"#, r#"{"code":1e99}"#]
        {
            let error = RestError::read(500, text);
            assert_eq!(error.code, None, "{text}");
        }
    }

    #[test]
    fn ops_6_a_printed_error_has_codes_and_no_persons_number() {
        let text = r#"{"code":21211,"message":"'To' number +972501234567 is not valid"}"#;
        let error = RestError::read(400, text);
        assert_eq!(error.to_string(), "Twilio answered HTTP 400, error 21211");
        assert_eq!(RestError::read(502, "").to_string(), "Twilio answered HTTP 502");
    }

    proptest! {
        #[test]
        fn ops_6_no_answer_makes_the_reader_panic(status in any::<u16>(), text in any::<String>()) {
            let done = matches!(hangup_outcome(status, &text), HangupOutcome::Done);
            prop_assert_eq!(done, (200..300).contains(&status));
        }
    }
}
