//! Twilio's REST API, the part that needs no network: what an answer means. The client that sends
//! the requests lives with the actors.

mod placing;

use serde::Deserialize;
use thiserror::Error;

pub use placing::{
    CallResource, NewOutbound, PlacingOutcome, placing_outcome, read_call, read_calls,
};

/// "Call is not in-progress": it has already ended, or has not begun.
const NOT_IN_PROGRESS: u32 = 21220;
/// "The requested resource was not found": the call is gone.
const NOT_FOUND: u32 = 20404;

/// An answer that is not a success.
///
/// The text it prints holds no words of Twilio's: those can contain a person's number.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("Twilio answered HTTP {http_status}{}", .code.map(|code| format!(", error {code}")).unwrap_or_default())]
pub struct ApiError {
    /// The HTTP status.
    pub http_status: u16,
    /// Twilio's error code, when the body has one: <https://www.twilio.com/docs/api/errors>.
    pub code: Option<u32>,
    /// Twilio's words, when the body has some.
    pub message: Option<String>,
}

impl ApiError {
    /// Reads an error body leniently: where it is not Twilio's JSON (a proxy's page, nothing at
    /// all), the HTTP status is all there is.
    #[must_use]
    pub fn read(http_status: u16, body: &str) -> Self {
        /// Each field is taken for itself: one of the wrong kind does not spoil the other.
        #[derive(Default, Deserialize)]
        struct Body {
            #[serde(default)]
            code: serde_json::Value,
            #[serde(default)]
            message: serde_json::Value,
        }
        let body: Body = serde_json::from_str(body).unwrap_or_default();
        Self {
            http_status,
            code: body.code.as_u64().and_then(|code| code.try_into().ok()),
            message: body.message.as_str().map(str::to_owned),
        }
    }
}

/// What became of ending a call (`Status=completed`), which may be asked for any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HangupOutcome {
    /// Twilio has ended the call.
    Done,
    /// There was nothing to end any more.
    NotInProgress,
    /// Not now: to be sent again, with backoff.
    Retry(ApiError),
    /// It will never work as it was asked: wrong credentials, wrong address.
    Fatal(ApiError),
}

impl HangupOutcome {
    /// Whether the call is over as far as Twilio knows.
    #[must_use]
    pub fn is_done(&self) -> bool {
        match self {
            Self::Done | Self::NotInProgress => true,
            Self::Retry(_) | Self::Fatal(_) => false,
        }
    }
}

/// Reads the answer to a request to end a call.
///
/// A 404 counts as "gone" only with Twilio's own code: without it the address is wrong, and a call
/// taken for ended would go on at the business's cost.
#[must_use]
pub fn hangup_outcome(http_status: u16, body: &str) -> HangupOutcome {
    if (200..300).contains(&http_status) {
        return HangupOutcome::Done;
    }
    let error = ApiError::read(http_status, body);
    match (http_status, error.code) {
        (404, Some(NOT_FOUND)) | (400, Some(NOT_IN_PROGRESS)) => HangupOutcome::NotInProgress,
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
            assert!(outcome.is_done());
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
            assert!(!outcome.is_done());
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
            assert!(!outcome.is_done());
        }
    }

    #[test]
    fn an_error_body_is_read_as_far_as_it_is_one() {
        let error = ApiError::read(400, &body(21220, 400));
        assert_eq!((error.code, error.message.as_deref()), (Some(21220), Some("words")));
        let odd = ApiError::read(400, r#"{"code":"21220","message":"words"}"#);
        assert_eq!((odd.code, odd.message.as_deref()), (None, Some("words")));
        for text in ["", "[]", "null", "<html>", "{\"code\":", r#"{"code":-1}"#, r#"{"code":1e99}"#]
        {
            let error = ApiError::read(500, text);
            assert_eq!((error.code, error.message), (None, None), "{text}");
        }
    }

    #[test]
    fn ops_6_a_printed_error_has_codes_and_no_persons_number() {
        let text = r#"{"code":21211,"message":"'To' number +972501234567 is not valid"}"#;
        let error = ApiError::read(400, text);
        assert_eq!(error.to_string(), "Twilio answered HTTP 400, error 21211");
        assert_eq!(ApiError::read(502, "").to_string(), "Twilio answered HTTP 502");
    }

    proptest! {
        #[test]
        fn ops_6_no_answer_makes_the_reader_panic(status in any::<u16>(), text in any::<String>()) {
            let outcome = hangup_outcome(status, &text);
            prop_assert_eq!(outcome.is_done(), (200..300).contains(&status));
        }
    }
}
