//! The tool `call_control`: the model reports, or asks for the end of the call, and the daemon
//! decides (END-2).

use serde::Deserialize;
use serde_json::json;

use crate::business::LeadStatus;
use crate::call::reason::EndReason;

/// The reason to end a call whose caller has declined.
const DECLINED: &str = "customer_declined";
/// The model is told this if the caller has said "no thanks" once and nothing else (END-4).
const DECLINED_ONCE: &str =
    "the caller has said no once; answer politely and ask whether you can help with anything else";

#[derive(Debug, Deserialize)]
struct Arguments {
    should_end_call: bool,
    #[serde(default)]
    end_reason: Option<String>,
    #[serde(default)]
    lead_status: Option<LeadStatus>,
    #[serde(default)]
    missing_fields: Vec<String>,
}

/// What the decision rests on besides the arguments.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Situation<'a> {
    /// Required fields that the daemon finds missing. The output shows this list and the model's
    /// own (END-8).
    pub(crate) missing: &'a [&'a str],
    /// Whether the business lets the model end a call.
    pub(crate) model_decides: bool,
    /// Whether `silence.timeout` has passed since the caller last said a word.
    pub(crate) silence_noticed: bool,
    /// Whether the caller has said something since that wants an answer.
    pub(crate) caller_awaits_an_answer: bool,
    /// Whether the caller's last turn is nothing but "no thanks", for the first time in the call.
    pub(crate) declined_once: bool,
}

/// The decision. `status` is the lead's new status, if it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn {
        output: String,
        status: Option<LeadStatus>,
    },
    /// The model asked for the end and does not get it, or its arguments are invalid.
    Refused {
        output: String,
    },
    End {
        reason: EndReason,
        output: String,
        status: Option<LeadStatus>,
    },
}

/// Whether these arguments ask for the end.
pub(crate) fn wants_the_end(arguments: &str) -> bool {
    serde_json::from_str::<Arguments>(arguments).is_ok_and(|arguments| arguments.should_end_call)
}

/// Whether these arguments ask for the end because the caller has declined.
pub(crate) fn claims_a_decline(arguments: &str) -> bool {
    serde_json::from_str::<Arguments>(arguments).is_ok_and(|arguments| {
        arguments.should_end_call && arguments.end_reason.as_deref() == Some(DECLINED)
    })
}

/// Decides on one call of the tool.
pub(crate) fn judge(arguments: &str, situation: &Situation<'_>) -> Verdict {
    let missing = situation.missing;
    let arguments: Arguments = match serde_json::from_str(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            return refused(&format!("the arguments could not be read: {error}"), missing);
        }
    };
    // A lead is complete when nothing is missing, whatever the model says.
    let status = arguments
        .lead_status
        .filter(|status| *status != LeadStatus::Complete || missing.is_empty());
    if !arguments.should_end_call {
        let output = json!({
            "ok": true,
            "missing_fields": missing,
            "you_said_missing": arguments.missing_fields,
        });
        return Verdict::GoOn { output: output.to_string(), status };
    }
    if !situation.model_decides {
        return refused("the call ends by itself; only report with this tool", missing);
    }
    if situation.caller_awaits_an_answer {
        return refused("the caller has said something else; answer that first", missing);
    }
    // Some reasons set the lead's status, whatever status the model gives.
    let (reason, status) = match arguments.end_reason.as_deref() {
        Some("lead_complete") if missing.is_empty() => {
            (EndReason::LeadComplete, Some(LeadStatus::Complete))
        }
        Some("lead_complete") => {
            return refused(&format!("still missing: {}", missing.join(", ")), missing);
        }
        Some("user_goodbye") => (EndReason::UserGoodbye, status),
        Some(DECLINED) if situation.declined_once => return refused(DECLINED_ONCE, missing),
        Some(DECLINED) => (EndReason::CustomerDeclined, Some(LeadStatus::Declined)),
        Some("no_response") if situation.silence_noticed => (EndReason::NoResponse, status),
        Some("no_response") => {
            return refused("the caller has not fallen silent; go on with the call", missing);
        }
        other => {
            let given = other.unwrap_or("none");
            return refused(
                &format!(
                    "end_reason {given:?} is not one of lead_complete, user_goodbye, \
                     customer_declined, no_response"
                ),
                missing,
            );
        }
    };
    Verdict::End { reason, output: json!({ "ok": true, "ending": true }).to_string(), status }
}

fn refused(why: &str, missing: &[&str]) -> Verdict {
    let output = json!({
        "ok": false,
        "error": why,
        "missing_fields": missing,
        "do": "do not mention this to the caller; go on with the call",
    });
    Verdict::Refused { output: output.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(arguments: &str, missing: &[&str]) -> Verdict {
        super::judge(arguments, &situation(missing))
    }

    fn situation<'a>(missing: &'a [&'a str]) -> Situation<'a> {
        Situation {
            missing,
            model_decides: true,
            silence_noticed: false,
            caller_awaits_an_answer: false,
            declined_once: false,
        }
    }

    #[test]
    fn lead_2_a_lead_is_complete_or_declined_when_the_call_ends_for_that_whatever_else_is_said() {
        for (reason, said, status) in [
            ("lead_complete", "in_progress", Some(LeadStatus::Complete)),
            ("customer_declined", "in_progress", Some(LeadStatus::Declined)),
            ("user_goodbye", "declined", Some(LeadStatus::Declined)),
        ] {
            let arguments = json!({
                "should_end_call": true, "end_reason": reason, "lead_status": said,
            });
            let verdict = judge(&arguments.to_string(), &[]);
            let Verdict::End { status: set, .. } = verdict else { panic!("{verdict:?}") };
            assert_eq!(set, status, "{reason}");
        }
    }

    #[test]
    fn end_2_no_response_is_accepted_after_silence_only() {
        let arguments = r#"{"should_end_call":true,"end_reason":"no_response"}"#;
        assert!(matches!(judge(arguments, &[]), Verdict::Refused { .. }));
        let silent = Situation { silence_noticed: true, ..situation(&[]) };
        let verdict = super::judge(arguments, &silent);
        assert!(matches!(verdict, Verdict::End { reason: EndReason::NoResponse, .. }));
    }

    #[test]
    fn end_2_where_phrases_decide_or_the_caller_goes_on_the_model_may_not_end() {
        let arguments = r#"{"should_end_call":true,"end_reason":"user_goodbye"}"#;
        for refusing in [
            Situation { model_decides: false, ..situation(&[]) },
            Situation { caller_awaits_an_answer: true, ..situation(&[]) },
        ] {
            assert!(matches!(super::judge(arguments, &refusing), Verdict::Refused { .. }));
        }
        let reporting = Situation { model_decides: false, ..situation(&[]) };
        let verdict = super::judge(r#"{"should_end_call":false}"#, &reporting);
        assert!(matches!(verdict, Verdict::GoOn { .. }));
    }

    #[test]
    fn end_4_the_first_no_thanks_refuses_a_claimed_decline_and_no_other_claim() {
        let once = Situation { declined_once: true, ..situation(&[]) };
        for (reason, is_refused) in
            [("customer_declined", true), ("user_goodbye", false), ("lead_complete", false)]
        {
            let arguments = json!({ "should_end_call": true, "end_reason": reason }).to_string();
            let verdict = super::judge(&arguments, &once);
            assert_eq!(matches!(verdict, Verdict::Refused { .. }), is_refused, "{reason}");
            assert!(matches!(judge(&arguments, &[]), Verdict::End { .. }));
            assert_eq!(claims_a_decline(&arguments), is_refused);
        }
        assert!(!claims_a_decline(r#"{"should_end_call":false,"end_reason":"customer_declined"}"#));
    }

    #[test]
    fn end_2_lead_complete_with_fields_missing_is_refused_and_names_them() {
        let arguments = r#"{"should_end_call":true,"end_reason":"lead_complete"}"#;
        let Verdict::Refused { output } = judge(arguments, &["city"]) else { panic!() };
        assert!(output.contains("still missing: city"), "{output}");
        assert!(matches!(
            judge(arguments, &[]),
            Verdict::End { reason: EndReason::LeadComplete, .. }
        ));
    }

    #[test]
    fn end_2_a_reason_the_model_may_not_claim_and_broken_json_are_refused() {
        for arguments in [
            r#"{"should_end_call":true,"end_reason":"max_duration"}"#,
            r#"{"should_end_call":true,"end_reason":"no_response"}"#,
            r#"{"should_end_call":true}"#,
            r#"{"should_end_call":"#,
            "",
        ] {
            assert!(matches!(judge(arguments, &[]), Verdict::Refused { .. }), "{arguments}");
        }
    }

    #[test]
    fn end_8_both_lists_of_missing_fields_are_shown() {
        let arguments = r#"{"should_end_call":false,"missing_fields":["email"]}"#;
        let Verdict::GoOn { output, .. } = judge(arguments, &["city"]) else { panic!() };
        assert!(output.contains(r#""missing_fields":["city"]"#), "{output}");
        assert!(output.contains(r#""you_said_missing":["email"]"#), "{output}");
    }
}
