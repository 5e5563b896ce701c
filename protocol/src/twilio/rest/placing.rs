//! Placing a call: the form, the classes of answers, and the list of calls. Twilio takes no idempotency
//! key: after a lost answer its list shows whether the call was placed.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use serde::Deserialize;

use super::RestError;
use crate::business::MachineDetection;
use crate::ids::{CallSid, PhoneNumber};
use crate::twilio::forms::CallStatus;

/// All status callbacks there are.
const STATUS_EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// A request to place a call (CALL-7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutbound {
    /// The person's number.
    pub to: PhoneNumber,
    /// The business's number.
    pub from: PhoneNumber,
    /// URL of the voice webhook, requested when the call is answered, and when that or a recording fails.
    pub url: String,
    /// URL of the status callback.
    pub status_callback: String,
    /// Whether answering machines are detected.
    pub machine_detection: MachineDetection,
}

impl NewOutbound {
    /// The form fields of `POST /Calls.json`.
    #[must_use]
    pub fn form(&self) -> Vec<(&'static str, &str)> {
        let mut form = vec![
            ("To", self.to.as_str()),
            ("From", self.from.as_str()),
            ("Url", self.url.as_str()),
            // The fallback of the number is for its inbound calls only.
            ("FallbackUrl", self.url.as_str()),
            ("StatusCallback", self.status_callback.as_str()),
        ];
        form.extend(STATUS_EVENTS.map(|event| ("StatusCallbackEvent", event)));
        match self.machine_detection {
            MachineDetection::Off => {}
            MachineDetection::HangUp => form.push(("MachineDetection", "Enable")),
            MachineDetection::LeaveMessage => form.push(("MachineDetection", "DetectMessageEnd")),
        }
        form
    }
}

/// The result of a request to place a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacingOutcome {
    /// Twilio has accepted it; it does not ring yet.
    Placed(CallSid),
    /// Not processed (HTTP 429): send it again, with backoff.
    NotProcessed(RestError),
    /// It may have been placed: look into Twilio's list.
    Unknown(RestError),
    /// Permanent: the request is wrong.
    Refused(RestError),
}

/// Classifies the answer to a request to place a call.
#[must_use]
pub fn placing_outcome(http_status: u16, body: &str) -> PlacingOutcome {
    #[derive(Deserialize)]
    struct Placed {
        sid: CallSid,
    }
    let error = || RestError::read(http_status, body);
    match http_status {
        200..=299 => match serde_json::from_str(body) {
            Ok(Placed { sid }) => PlacingOutcome::Placed(sid),
            Err(_) => PlacingOutcome::Unknown(error()),
        },
        429 => PlacingOutcome::NotProcessed(error()),
        408 | 500..=599 => PlacingOutcome::Unknown(error()),
        _ => PlacingOutcome::Refused(error()),
    }
}

/// A call in the REST API, with the fields used here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResource {
    /// `sid`.
    pub sid: CallSid,
    /// `status`.
    pub status: CallStatus,
    /// `duration`, in seconds; `None` while the call goes on.
    pub duration_secs: Option<u32>,
    /// `date_created`, in whole seconds.
    pub created_at: Option<Timestamp>,
}

/// Reads `GET /Calls/{sid}.json`; `None` if the body is not a call.
#[must_use]
pub fn read_call(body: &str) -> Option<CallResource> {
    serde_json::from_str::<Resource>(body).ok().map(Into::into)
}

/// Reads a page of `GET /Calls.json`, newest first; `None` if the body is not such a page. A call that
/// can't be read is left out.
#[must_use]
pub fn read_calls(body: &str) -> Option<Vec<CallResource>> {
    #[derive(Deserialize)]
    struct Page {
        calls: Vec<serde_json::Value>,
    }
    let page: Page = serde_json::from_str(body).ok()?;
    let read = |call| serde_json::from_value::<Resource>(call).ok();
    Some(page.calls.into_iter().filter_map(read).map(Into::into).collect())
}

#[derive(Deserialize)]
struct Resource {
    sid: CallSid,
    #[serde(deserialize_with = "word")]
    status: CallStatus,
    #[serde(default)]
    duration: Option<String>,
    #[serde(default)]
    date_created: Option<String>,
}

impl From<Resource> for CallResource {
    fn from(resource: Resource) -> Self {
        let created = resource.date_created.as_deref();
        Self {
            sid: resource.sid,
            status: resource.status,
            duration_secs: resource.duration.and_then(|secs| secs.parse().ok()),
            created_at: created.and_then(|at| DateTimeParser::new().parse_timestamp(at).ok()),
        }
    }
}

fn word<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<CallStatus, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SID: &str = "CA00000000000000000000000000000001";

    fn sid() -> CallSid {
        CallSid::parse(SID).unwrap()
    }

    fn call(machine_detection: MachineDetection) -> NewOutbound {
        NewOutbound {
            to: PhoneNumber::parse("+972501234567").unwrap(),
            from: PhoneNumber::parse("+97231234567").unwrap(),
            url: "https://voice.example.net/twilio/voice".to_owned(),
            status_callback: "https://voice.example.net/twilio/status".to_owned(),
            machine_detection,
        }
    }

    #[test]
    fn call_7_every_status_callback_is_asked_for() {
        let call = call(MachineDetection::Off);
        let form = call.form();
        let events: Vec<_> =
            form.iter().filter(|(name, _)| *name == "StatusCallbackEvent").map(|e| e.1).collect();
        assert_eq!(events, ["initiated", "ringing", "answered", "completed"]);
        assert!(form.contains(&("Url", "https://voice.example.net/twilio/voice")));
        assert!(form.contains(&("FallbackUrl", "https://voice.example.net/twilio/voice")));
        assert!(!form.iter().any(|(name, _)| *name == "MachineDetection"));
    }

    #[test]
    fn call_7_a_message_is_left_only_after_the_machines_greeting() {
        for (wanted, asked) in [
            (MachineDetection::HangUp, "Enable"),
            (MachineDetection::LeaveMessage, "DetectMessageEnd"),
        ] {
            assert!(call(wanted).form().contains(&("MachineDetection", asked)));
        }
    }

    #[test]
    fn call_7_an_answer_says_whether_the_call_was_placed_was_not_or_may_have_been() {
        let placed = format!(r#"{{"sid":"{SID}","status":"queued"}}"#);
        assert_eq!(placing_outcome(201, &placed), PlacingOutcome::Placed(sid()));
        let is = |status, body: &str| match placing_outcome(status, body) {
            PlacingOutcome::Placed(_) => "placed",
            PlacingOutcome::NotProcessed(_) => "not processed",
            PlacingOutcome::Unknown(_) => "unknown",
            PlacingOutcome::Refused(_) => "refused",
        };
        assert_eq!(is(429, r#"{"code":20429}"#), "not processed");
        for status in [408, 500, 502, 503, 504] {
            assert_eq!(is(status, "<html>"), "unknown", "{status}");
        }
        assert_eq!(is(201, "<html>"), "unknown");
        assert_eq!(is(400, r#"{"code":21211}"#), "refused");
        assert_eq!(is(401, r#"{"code":20003}"#), "refused");
    }

    #[test]
    fn call_7_a_page_of_calls_is_read_and_what_is_no_call_passed_over() {
        let body = format!(
            r#"{{"calls":[{{"sid":"{SID}","status":"completed","duration":"12",
                "date_created":"Sat, 21 Nov 2026 06:00:00 +0000"}},
                {{"sid":"odd","status":"queued"}},
                {{"sid":"{SID}","status":"someday"}}],"page":0}}"#
        );
        let calls = read_calls(&body).unwrap();
        let expected = CallResource {
            sid: sid(),
            status: CallStatus::Completed,
            duration_secs: Some(12),
            created_at: "2026-11-21T06:00:00Z".parse().ok(),
        };
        assert_eq!(calls, [expected]);
        for text in ["", "[]", "<html>", r#"{"calls":1}"#] {
            assert_eq!(read_calls(text), None, "{text}");
            assert_eq!(read_call(text), None, "{text}");
        }
    }

    #[test]
    fn call_7_a_call_that_goes_on_has_no_duration() {
        let body = format!(r#"{{"sid":"{SID}","status":"in-progress","duration":null}}"#);
        let call = read_call(&body).unwrap();
        assert_eq!((call.status, call.duration_secs), (CallStatus::InProgress, None));
    }
}
