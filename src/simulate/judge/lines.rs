//! Lines compared: whole, in part, and cut at a word.

use std::fmt::Debug;

use crate::practice::speech::Fault;
use crate::practice::twilio::HeardSpeech;
use crate::simulate::player::Spoken;
use crate::simulate::scenario::{AgentLine, HeardLine, Words};

/// Whether the things that were are the expected ones, each in its place.
pub(super) fn followed<E: Debug, W: Debug>(
    expected: &[E],
    were: &[W],
    fits: impl Fn(&E, &W) -> Result<(), String>,
) -> Result<(), String> {
    for (n, (expected, was)) in expected.iter().zip(were).enumerate() {
        fits(expected, was).map_err(|fault| format!("[{n}] {fault}"))?;
    }
    let n = expected.len().min(were.len());
    match (expected.get(n), were.get(n)) {
        (Some(missing), None) => Err(format!("[{n}] expected {missing:?}, and nothing more came")),
        (None, Some(more)) => Err(format!("[{n}] nothing more was expected, and came {more:?}")),
        (None, None) | (Some(_), Some(_)) => Ok(()),
    }
}

/// Whether the parts stand in the text, one after another.
pub(super) fn in_order(parts: &[String], text: &str) -> Result<(), String> {
    let mut rest = text;
    for part in parts {
        match rest.split_once(part.as_str()) {
            Some((_, after)) => rest = after,
            None => return Err(format!("{part:?} does not come in {rest:?}")),
        }
    }
    Ok(())
}

/// The sentences that end in a question mark.
pub(super) fn questions(text: &str) -> Vec<&str> {
    let sentences = text.split_inclusive(['.', '!', '?', '؟', '？']);
    sentences.filter(|sentence| sentence.ends_with(['?', '؟', '？'])).map(str::trim).collect()
}

/// Whether what was heard is this line.
pub(super) fn heard_line(
    expected: &HeardLine,
    speech: &HeardSpeech,
    spoken: &[Spoken],
) -> Result<(), String> {
    let at = format!("at {}", span(speech));
    agent_line(&expected.line, &speech.text, speech.flaw == Some(Fault::CutOff))
        .map_err(|fault| format!("{fault} {at}"))?;
    let Some(over) = &expected.talked_over_by else { return Ok(()) };
    let overlaps = |spoken: &&Spoken| {
        spoken.text.as_ref() == Some(over) && spoken.from < speech.to && spoken.to > speech.from
    };
    if spoken.iter().any(|spoken| overlaps(&spoken)) {
        Ok(())
    } else {
        Err(format!("{:?} {at} was not talked over by {over:?}", speech.text))
    }
}

/// Whether these words, cut or not, are this line.
pub(super) fn agent_line(expected: &AgentLine, text: &str, cut: bool) -> Result<(), String> {
    let fits = match expected {
        AgentLine::Whole(line) => !cut && text == line,
        AgentLine::Has(part) => !cut && text.contains(part.as_str()),
        AgentLine::Cut { line, words } => cut && is_beginning(text, line, *words),
    };
    if fits {
        return Ok(());
    }
    let how = if cut { "cut off" } else { "whole" };
    Err(format!("expected {}, was {text:?} ({how})", told(expected)))
}

/// The place of an utterance on the line's clock.
pub(super) fn span(speech: &HeardSpeech) -> String {
    format!("{:.2}–{:.2} s", speech.from.as_secs_f64(), speech.to.as_secs_f64())
}

fn told(line: &AgentLine) -> String {
    match line {
        AgentLine::Whole(line) => format!("{line:?} (whole)"),
        AgentLine::Has(part) => format!("something with {part:?} (whole)"),
        AgentLine::Cut { line, words: Words { least, most } } => {
            format!("the first {least} to {most} words of {line:?} (cut off)")
        }
    }
}

/// Whether `text` is so many of the first words of `line`.
fn is_beginning(text: &str, line: &str, words: Words) -> bool {
    let text: Vec<&str> = text.split_whitespace().collect();
    let line: Vec<&str> = line.split_whitespace().collect();
    (words.least..=words.most).contains(&text.len()) && line.starts_with(&text)
}
