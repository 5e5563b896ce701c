//! The conversation of a call, entry by entry, from its turns.

use std::collections::BTreeMap;
use std::time::Duration;

use console::call::{Entry, ToolUse, What};
use entities::call_turns::{TurnRole, TurnRow};
use entities::calls::CallRecord;
use jiff::Timestamp;
use protocol::call::EndReason;
use protocol::ids::ToolCallId;

/// Why a call has ended. `None`: it goes on, or another version has written a reason that this one does not know.
pub(super) fn end_reason(call: &CallRecord) -> Option<EndReason> {
    let known = call.end_reason.as_deref()?;
    EndReason::ALL.into_iter().find(|reason| reason.as_str() == known)
}

/// The entries, with each tool's output beside its call.
pub(super) fn entries(turns: Vec<TurnRow>, began: Timestamp) -> Vec<Entry> {
    let mut talk = Talk { began, ..Talk::default() };
    turns.into_iter().for_each(|turn| talk.take(turn));
    talk.entries
}

#[derive(Default)]
struct Talk {
    began: Timestamp,
    entries: Vec<Entry>,
    /// Tools that have not answered, by their names in the call: the place in `entries`, and when they began.
    open: BTreeMap<ToolCallId, (usize, Timestamp)>,
    /// The same of an older version, which wrote no names: the oldest first.
    unnamed: Vec<(usize, Timestamp)>,
}

impl Talk {
    fn take(&mut self, turn: TurnRow) {
        let length = turn.measures.lasts_ms.map(|ms| Duration::from_millis(ms.into()));
        let since_began =
            |at: Timestamp| Duration::try_from(at.duration_since(self.began)).unwrap_or_default();
        let mut at = since_began(turn.at);
        let what = match turn.role {
            // Keys that were pressed have no item.
            TurnRole::Caller if turn.item_id.is_none() && turn.text.is_some() => {
                What::Note(turn.text.unwrap_or_default())
            }
            TurnRole::Caller => {
                // A caller's turn is written down when it is over.
                at = at.saturating_sub(length.unwrap_or_default());
                What::Caller { words: turn.text, length }
            }
            TurnRole::Agent => What::Agent {
                words: turn.text.filter(|text| !text.is_empty()),
                heard: turn.heard_ms.map(|ms| Duration::from_millis(ms.into())).or(length),
                cut: turn.cut,
                waited: turn.measures.waited_ms.map(|ms| Duration::from_millis(ms.into())),
            },
            TurnRole::System => What::Note(turn.text.unwrap_or_default()),
            TurnRole::Tool => return self.take_tool(turn, at),
        };
        self.entries.push(Entry { seq: turn.seq, at, what });
    }

    /// A tool call, or the output of an earlier one.
    fn take_tool(&mut self, turn: TurnRow, at: Duration) {
        let text = turn.text.unwrap_or_default();
        let named = turn.measures.tool_call;
        let answered = match &named {
            Some(call) => self.open.remove(call),
            None if call_of(&text).is_none() && !self.unnamed.is_empty() => {
                Some(self.unnamed.remove(0))
            }
            None => None,
        };
        if let Some((place, since)) = answered {
            if let Some(What::Tool(tool)) = self.entries.get_mut(place).map(|it| &mut it.what) {
                tool.refused = is_refusal(&text);
                tool.took = Duration::try_from(turn.at.duration_since(since)).ok();
                tool.output = Some(text);
            }
            return;
        }
        let (name, arguments) = call_of(&text).unwrap_or((text.as_str(), ""));
        let tool = ToolUse {
            name: name.to_owned(),
            arguments: arguments.to_owned(),
            output: None,
            took: None,
            refused: false,
        };
        let place = (self.entries.len(), turn.at);
        match named {
            Some(call) => drop(self.open.insert(call, place)),
            None => self.unnamed.push(place),
        }
        self.entries.push(Entry { seq: turn.seq, at, what: What::Tool(tool) });
    }
}

/// The name and the arguments of a tool call. `None`: it is an output.
fn call_of(text: &str) -> Option<(&str, &str)> {
    let (name, arguments) = text.split_once(' ')?;
    let is_name = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    (is_name && !name.is_empty()).then_some((name, arguments))
}

/// Whether a tool has said no.
fn is_refusal(output: &str) -> bool {
    let output: Option<serde_json::Value> = serde_json::from_str(output).ok();
    output.is_some_and(|output| output["ok"] == false)
}

#[cfg(test)]
mod tests {
    use entities::call_turns::TurnMeasures;
    use protocol::ids::ItemId;

    use super::*;

    fn turn(seq: u32, role: TurnRole, text: &str, secs: i64) -> TurnRow {
        TurnRow {
            seq,
            role,
            item_id: ItemId::parse(&format!("item_{seq}")).ok(),
            text: Some(text.to_owned()),
            heard_ms: None,
            cut: false,
            at: Timestamp::from_second(secs).unwrap(),
            measures: TurnMeasures::default(),
        }
    }

    fn named(seq: u32, text: &str, secs: i64, call: &str) -> TurnRow {
        let tool_call = ToolCallId::parse(call).ok();
        let measures = TurnMeasures { tool_call, ..TurnMeasures::default() };
        TurnRow { measures, ..turn(seq, TurnRole::Tool, text, secs) }
    }

    fn tools(turns: Vec<TurnRow>) -> Vec<(String, Option<String>, Option<u64>, bool)> {
        let entries = entries(turns, Timestamp::UNIX_EPOCH);
        let tool = |entry: Entry| {
            let What::Tool(tool) = entry.what else { return None };
            Some((tool.name, tool.output, tool.took.map(|it| it.as_secs()), tool.refused))
        };
        entries.into_iter().filter_map(tool).collect()
    }

    #[test]
    fn con_3_outputs_stand_beside_their_tool_calls_in_whatever_order_they_come() {
        let turns = vec![
            named(1, "find_available_slots {}", 1, "a"),
            named(2, "update_lead_details {}", 1, "b"),
            named(3, r#"{"ok":false}"#, 3, "b"),
            named(4, r#"{"ok":true}"#, 5, "a"),
            named(5, "call_control {}", 6, "c"),
        ];
        let told = |text: &str| Some(text.to_owned());
        assert_eq!(
            tools(turns),
            [
                ("find_available_slots".to_owned(), told(r#"{"ok":true}"#), Some(4), false),
                ("update_lead_details".to_owned(), told(r#"{"ok":false}"#), Some(2), true),
                ("call_control".to_owned(), None, None, false),
            ]
        );
    }

    #[test]
    fn con_3_tool_calls_without_names_are_answered_in_their_order() {
        let turns = vec![
            turn(1, TurnRole::Tool, "find_available_slots {}", 1),
            turn(2, TurnRole::Tool, r#"{"ok": true}"#, 2),
            turn(3, TurnRole::Tool, r#"{"ok": true}"#, 3),
        ];
        let found = tools(turns);
        assert_eq!(found[0].2, Some(1));
        assert_eq!(found.len(), 2, "an output without its call is shown all the same");
    }

    #[test]
    fn con_3_a_caller_s_turn_is_shown_where_it_began() {
        let mut caller = turn(1, TurnRole::Caller, "hello", 10);
        caller.measures.lasts_ms = Some(2_500);
        let mut agent = turn(2, TurnRole::Agent, "yes", 11);
        agent.measures =
            TurnMeasures { waited_ms: Some(900), lasts_ms: Some(400), tool_call: None };
        let keys = TurnRow { item_id: None, ..turn(3, TurnRole::Caller, "pressed 1", 12) };
        let found = entries(vec![caller, agent, keys], Timestamp::UNIX_EPOCH);
        assert_eq!(found[0].at, Duration::from_millis(7_500));
        let What::Agent { heard, waited, .. } = &found[1].what else { panic!("{found:?}") };
        assert_eq!(*heard, Some(Duration::from_millis(400)));
        assert_eq!(*waited, Some(Duration::from_millis(900)));
        assert!(matches!(&found[2].what, What::Note(text) if text == "pressed 1"));
    }
}
