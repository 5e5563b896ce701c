//! How a report shows what was expected and what was: in words, and as a scenario writes it (OPS-12).

use entities::call_turns::TurnRow;
use entities::calls::CallStatus;
use practice::twilio::HeardSpeech;
use serde::Serialize;
use serde_json::Value;

use crate::simulate::scenario::{AgentLine, HeardLine, ToolExpectation, TranscriptLine, Words};

/// Something that a report shows.
pub(super) trait Told {
    fn told(&self) -> String;
}

/// The word of a choice, as a scenario and the database write it.
pub(super) fn word(choice: &impl Serialize) -> String {
    match serde_json::to_value(choice) {
        Ok(Value::String(word)) => word,
        Ok(_) | Err(_) => "nothing".to_owned(),
    }
}

/// The line time of an utterance.
pub(super) fn span(speech: &HeardSpeech) -> String {
    format!("{:.2}–{:.2} s", speech.from.as_secs_f64(), speech.to.as_secs_f64())
}

pub(super) fn agent_line_told(line: &AgentLine) -> String {
    match line {
        AgentLine::Whole(line) => format!("{line:?} (whole)"),
        AgentLine::Has(part) => format!("something with {part:?} (whole)"),
        AgentLine::Cut { line, words: Words { least, most } } => {
            format!("the first {least} to {most} words of {line:?} (cut off)")
        }
    }
}

impl Told for usize {
    fn told(&self) -> String {
        self.to_string()
    }
}

impl Told for u32 {
    fn told(&self) -> String {
        self.to_string()
    }
}

impl Told for &str {
    fn told(&self) -> String {
        if self.is_empty() { "nothing".to_owned() } else { format!("{self:?}") }
    }
}

impl Told for String {
    fn told(&self) -> String {
        self.as_str().told()
    }
}

impl Told for Vec<String> {
    fn told(&self) -> String {
        let all: Vec<String> = self.iter().map(|one| format!("{one:?}")).collect();
        format!("[{}]", all.join(", "))
    }
}

impl Told for Option<CallStatus> {
    fn told(&self) -> String {
        self.map_or_else(|| "nothing".to_owned(), |status| word(&status))
    }
}

impl Told for Option<bool> {
    fn told(&self) -> String {
        match self {
            Some(true) => "yes",
            Some(false) => "no",
            None => "unknown",
        }
        .to_owned()
    }
}

impl Told for HeardLine {
    fn told(&self) -> String {
        agent_line_told(&self.line)
    }
}

impl Told for HeardSpeech {
    fn told(&self) -> String {
        let flaw = self.flaw.map(|flaw| format!(" ({flaw})")).unwrap_or_default();
        format!("{:?}{flaw} at {}", self.text, span(self))
    }
}

impl Told for ToolExpectation {
    fn told(&self) -> String {
        let arguments = serde_json::to_value(&self.arguments).unwrap_or_default();
        format!("{} {arguments}", self.name)
    }
}

impl Told for (&str, Value) {
    fn told(&self) -> String {
        format!("{} {}", self.0, self.1)
    }
}

impl Told for TranscriptLine {
    fn told(&self) -> String {
        match self {
            Self::Caller(words) => format!("the caller's {words:?}"),
            Self::Agent(line) => format!("the agent's {}", agent_line_told(line)),
        }
    }
}

impl Told for &TurnRow {
    fn told(&self) -> String {
        let cut = if self.cut { " (cut off)" } else { "" };
        let text = self.text.as_deref().unwrap_or_default();
        format!("the {}'s {text:?}{cut}", word(&self.role))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use practice::speech::Fault;

    use super::*;

    /// Types of Rust's look like this.
    fn is_plain(text: &str) -> bool {
        !text.contains(" {") && !text.contains("Some(") && !text.contains("None")
    }

    #[test]
    fn ops_12_what_a_scenario_expected_and_what_came_are_told_in_words() {
        let from = Duration::from_secs(1);
        let speech = |flaw| HeardSpeech { text: "שלום".into(), flaw, from, to: from * 2 };
        let heard: HeardLine = toml::from_str("has = \"עיר\"").unwrap();
        let turn: TranscriptLine = toml::from_str("agent_cut = \"a b c\"\nwords = [1, 2]").unwrap();
        for (told, expected) in [
            (speech(None).told(), "\"שלום\" at 1.00–2.00 s"),
            (speech(Some(Fault::CutOff)).told(), "\"שלום\" (cut off) at 1.00–2.00 s"),
            (heard.told(), "something with \"עיר\" (whole)"),
            (turn.told(), "the agent's the first 1 to 2 words of \"a b c\" (cut off)"),
            (Some(CallStatus::NoAnswer).told(), "no-answer"),
            (None::<CallStatus>.told(), "nothing"),
            (vec!["a".to_owned(), "b".to_owned()].told(), "[\"a\", \"b\"]"),
            ("".told(), "nothing"),
            (Some(true).told(), "yes"),
        ] {
            assert_eq!(told, expected);
            assert!(is_plain(&told), "{told}");
        }
    }
}
