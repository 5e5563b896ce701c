//! Checks what the database has of a call: transcript, function calls, lead, end.

use entities::call_turns::{TurnRole, TurnRow};
use entities::leads::LeadRecord;
use practice::twilio::Done;
use protocol::call::{EndReason, EndedBy};
use serde_json::Value;

use super::lines::{agent_line, followed, in_order, questions};
use super::told::{Told, word};
use super::verdict::Verdict;
use crate::simulate::scenario::{
    End, Expectations, LeadExpectation, ToolExpectation, TranscriptLine,
};
use crate::simulate::seen::Seen;

pub(super) fn look(verdict: &mut Verdict, expect: &Expectations, seen: &Seen) {
    let agent: Vec<&str> = of_role(&seen.turns, TurnRole::Agent).map(text).collect();
    said(verdict, expect, &agent);
    if let Some(tools) = &expect.tools {
        let called: Vec<(&str, Value)> =
            of_role(&seen.turns, TurnRole::Tool).filter_map(|turn| call_in(text(turn))).collect();
        verdict.look("tools", followed(tools, &called, tool_fits));
    }
    if let Some(lead) = &expect.lead {
        verdict.look(
            "lead",
            match &seen.lead {
                Some(was) => lead_fits(lead, was),
                None => Err("the call has none".to_owned()),
            },
        );
    }
    if let Some(lines) = &expect.transcript {
        let spoken: Vec<&TurnRow> = seen.turns.iter().filter(|turn| is_spoken(turn)).collect();
        let fits = followed(lines, &spoken, |line, turn| turn_fits(line, turn));
        verdict
            .look("transcript", fits.map_err(|wrong| format!("{wrong}; kept: {}", kept(&spoken))));
    }
    end(verdict, &expect.end, seen);
}

/// Checks what the agent said and asked.
fn said(verdict: &mut Verdict, expect: &Expectations, agent: &[&str]) {
    let whole = agent.join(" ");
    if !expect.agent_said.is_empty() {
        verdict.look("agent_said", in_order(&expect.agent_said, &whole));
    }
    if !expect.agent_asked.is_empty() {
        let questions = questions(&whole).join(" ");
        verdict.look("agent_asked", in_order(&expect.agent_asked, &questions));
    }
    for never in &expect.agent_never_said {
        let said = whole.contains(never.as_str());
        verdict.look(
            "agent_never_said",
            if said { Err(format!("{never:?} was said")) } else { Ok(()) },
        );
    }
}

fn end(verdict: &mut Verdict, expect: &End, seen: &Seen) {
    let record = seen.record.as_ref();
    let reason = record.and_then(|record| record.end_reason.as_deref()).unwrap_or_default();
    verdict.equal("end.reason", expect.reason.map(EndReason::as_str).as_ref(), &reason);
    let by = record.and_then(|record| record.ended_by.as_deref()).unwrap_or_default();
    verdict.equal("end.by", expect.by.map(EndedBy::as_str).as_ref(), &by);
    let status = record.map(|record| record.status);
    verdict.equal("end.status", expect.status.map(Some).as_ref(), &status);
    verdict.equal("end.hang_ups", expect.hang_ups.as_ref(), &seen.view.hang_up_requests);
    let said = seen.view.verbs.iter().filter_map(|verb| match &verb.what {
        Done::Said { text, .. } => Some(text.clone()),
        Done::Played { .. }
        | Done::PlayedDigits(_)
        | Done::Paused(_)
        | Done::Redirected(_)
        | Done::Rejected(_)
        | Done::HungUp
        | Done::Dialled { .. }
        | Done::Connected { .. } => None,
    });
    verdict.equal("end.twilio_said", expect.twilio_said.as_ref(), &said.collect());
}

fn of_role(turns: &[TurnRow], role: TurnRole) -> impl Iterator<Item = &TurnRow> {
    turns.iter().filter(move |turn| turn.role == role)
}

fn is_spoken(turn: &TurnRow) -> bool {
    match turn.role {
        TurnRole::Caller | TurnRole::Agent => true,
        TurnRole::System | TurnRole::Tool => false,
    }
}

fn kept(turns: &[&TurnRow]) -> String {
    let kept = turns.iter().map(|turn| format!("{} {}", turn.seq, turn.told()));
    kept.collect::<Vec<_>>().join(", ")
}

fn text(turn: &TurnRow) -> &str {
    turn.text.as_deref().unwrap_or_default()
}

/// The function and its arguments; `None` if the text is an output. Arguments that are not JSON become a
/// string.
fn call_in(text: &str) -> Option<(&str, Value)> {
    let (name, arguments) = text.split_once(' ')?;
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name(name).then(|| {
        let arguments = serde_json::from_str(arguments);
        (name, arguments.unwrap_or_else(|_| Value::String(text.to_owned())))
    })
}

fn tool_fits(expected: &ToolExpectation, (name, arguments): &(&str, Value)) -> Result<(), String> {
    let wanted = serde_json::to_value(&expected.arguments).unwrap_or_default();
    if expected.name == *name && holds(arguments, &wanted) {
        return Ok(());
    }
    Err(format!("expected {} {wanted}, was {name} {arguments}", expected.name))
}

/// Whether `value` contains all that is wanted. Objects may have more fields.
fn holds(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::Object(value), Value::Object(wanted)) => wanted
            .iter()
            .all(|(key, wanted)| value.get(key).is_some_and(|value| holds(value, wanted))),
        (value, wanted) => value == wanted,
    }
}

pub(super) fn lead_fits(expected: &LeadExpectation, was: &LeadRecord) -> Result<(), String> {
    let differs = |key: &str, expected: &str, was: Option<&str>| {
        let was = was.unwrap_or_default();
        if expected == was {
            Ok(())
        } else {
            Err(format!("{key}: expected {expected:?}, was {was:?}"))
        }
    };
    if let Some(status) = expected.status.filter(|status| *status != was.status) {
        return Err(format!("status: expected {}, was {}", word(&status), word(&was.status)));
    }
    if let Some(name) = &expected.full_name {
        differs("full_name", name, was.full_name.as_deref())?;
    }
    if let Some(email) = &expected.email {
        differs("email", email, was.email.as_deref())?;
    }
    for (field, value) in &expected.fields {
        differs(field, value, was.fields.0.get(field).map(String::as_str))?;
    }
    Ok(())
}

fn turn_fits(expected: &TranscriptLine, turn: &TurnRow) -> Result<(), String> {
    match (expected, turn.role) {
        (TranscriptLine::Caller(words), TurnRole::Caller) if words == text(turn) => Ok(()),
        (TranscriptLine::Agent(line), TurnRole::Agent) => agent_line(line, text(turn), turn.cut),
        (TranscriptLine::Caller(_) | TranscriptLine::Agent(_), _) => {
            Err(format!("expected {}, was {}", expected.told(), turn.told()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(text: &str) -> ToolExpectation {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn prac_5_a_function_call_is_distinguished_from_an_output() {
        let (name, arguments) = call_in("update_lead_details {\"city\":\"חיפה\"}").unwrap();
        assert_eq!((name, &arguments["city"]), ("update_lead_details", &Value::from("חיפה")));
        assert_eq!(call_in("{\"ok\": true}"), None);
        let broken = call_in("price {\"item").unwrap();
        assert_eq!(broken.0, "price", "arguments that are no JSON are still a call");
    }

    #[test]
    fn prac_5_a_tool_was_called_with_these_arguments_and_perhaps_others() {
        let called = ("book", serde_json::json!({"fields": {"city": "A", "floor": 3}, "x": []}));
        for (expected, fits) in [
            ("name = \"book\"", true),
            ("name = \"cook\"", false),
            ("name = \"book\"\narguments = { fields = { floor = 3 }, x = [] }", true),
            ("name = \"book\"\narguments = { fields = { floor = 4 } }", false),
            ("name = \"book\"\narguments = { y = 1 }", false),
        ] {
            assert_eq!(tool_fits(&tool(expected), &called).is_ok(), fits, "{expected}");
        }
    }

    #[test]
    fn prac_5_a_turn_has_its_speaker_and_its_words() {
        let turn = |role, text: Option<&str>| TurnRow {
            seq: 1,
            role,
            item_id: None,
            text: text.map(str::to_owned),
            heard_ms: None,
            cut: false,
            at: jiff::Timestamp::UNIX_EPOCH,
            measures: entities::call_turns::TurnMeasures::default(),
        };
        let caller = TranscriptLine::Caller("yes".into());
        assert!(turn_fits(&caller, &turn(TurnRole::Caller, Some("yes"))).is_ok());
        assert!(turn_fits(&caller, &turn(TurnRole::Agent, Some("yes"))).is_err());
        assert!(turn_fits(&caller, &turn(TurnRole::Caller, Some("no"))).is_err());
        let nothing = TranscriptLine::Caller(String::new());
        assert!(turn_fits(&nothing, &turn(TurnRole::Caller, None)).is_ok(), "a noise");
    }
}
