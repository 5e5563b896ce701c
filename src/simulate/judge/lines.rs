//! Compares lines: whole, in part, or cut at a word.

use practice::speech::Fault;
use practice::twilio::HeardSpeech;

use super::told::{Told, agent_line_told, span};
use crate::simulate::player::Spoken;
use crate::simulate::scenario::{AgentLine, HeardLine, Words};

/// Checks that two lists match entry by entry.
pub(super) fn followed<E: Told, W: Told>(
    expected: &[E],
    were: &[W],
    fits: impl Fn(&E, &W) -> Result<(), String>,
) -> Result<(), String> {
    for (n, (expected, was)) in expected.iter().zip(were).enumerate() {
        fits(expected, was).map_err(|fault| format!("[{n}] {fault}"))?;
    }
    let n = expected.len().min(were.len());
    match (expected.get(n), were.get(n)) {
        (Some(missing), None) => {
            Err(format!("[{n}] expected {}, and nothing more came", missing.told()))
        }
        (None, Some(more)) => {
            Err(format!("[{n}] nothing more was expected, and came {}", more.told()))
        }
        (None, None) | (Some(_), Some(_)) => Ok(()),
    }
}

/// Checks that the text contains the parts in order.
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

/// The sentences with a question mark.
pub(super) fn questions(text: &str) -> Vec<&str> {
    let sentences = text.split_inclusive(['.', '!', '?', '؟', '？']);
    sentences.filter(|sentence| sentence.ends_with(['?', '؟', '？'])).map(str::trim).collect()
}

/// Checks that what was heard is this line.
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

/// Checks that these words, cut or whole, are this line.
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
    Err(format!("expected {}, was {text:?} ({how})", agent_line_told(expected)))
}

/// Whether `text` is the beginning of `line`, with this number of words.
fn is_beginning(text: &str, line: &str, words: Words) -> bool {
    let text: Vec<&str> = text.split_whitespace().collect();
    let line: Vec<&str> = line.split_whitespace().collect();
    (words.least..=words.most).contains(&text.len()) && line.starts_with(&text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const LINE: &str = "one two three four";

    fn cut(least: usize, most: usize) -> AgentLine {
        AgentLine::Cut { line: LINE.into(), words: Words { least, most } }
    }

    fn heard(text: &str, flaw: Option<Fault>, from_ms: u64, to_ms: u64) -> HeardSpeech {
        let (from, to) = (Duration::from_millis(from_ms), Duration::from_millis(to_ms));
        HeardSpeech { text: text.into(), flaw, from, to }
    }

    #[test]
    fn prac_5_a_cut_line_has_so_many_of_its_first_words_and_none_after() {
        assert!(agent_line(&cut(1, 2), "one two", true).is_ok());
        assert!(agent_line(&cut(0, 2), "", true).is_ok());
        for (text, cut_off) in [
            ("one two three", true),
            ("", true),
            ("two", true),
            ("one three", true),
            ("one two", false),
        ] {
            assert!(agent_line(&cut(1, 2), text, cut_off).is_err(), "{text:?}");
        }
        let fault = agent_line(&cut(1, 2), LINE, false).unwrap_err();
        assert!(fault.contains("first 1 to 2 words") && fault.contains("(whole)"), "{fault}");
    }

    #[test]
    fn prac_5_a_whole_line_was_not_cut() {
        let (whole, has) = (AgentLine::Whole(LINE.into()), AgentLine::Has("three".into()));
        for line in [&whole, &has] {
            assert!(agent_line(line, LINE, false).is_ok());
            assert!(agent_line(line, LINE, true).is_err());
            assert!(agent_line(line, "one two", false).is_err());
        }
    }

    #[test]
    fn prac_5_a_line_was_talked_over_only_if_both_were_heard_at_once() {
        let line = AgentLine::Whole(LINE.into());
        let expected = HeardLine { line, talked_over_by: Some("stop".into()) };
        let speech = heard(LINE, None, 1000, 2000);
        let said = |from, to| {
            let (from, to) = (Duration::from_millis(from), Duration::from_millis(to));
            [Spoken { what: "say".into(), text: Some("stop".into()), from, to }]
        };
        assert!(heard_line(&expected, &speech, &said(1900, 2500)).is_ok());
        assert!(heard_line(&expected, &speech, &said(500, 1100)).is_ok());
        assert!(heard_line(&expected, &speech, &said(2000, 2500)).is_err());
        assert!(heard_line(&expected, &speech, &[]).is_err());
    }

    #[test]
    fn prac_5_a_list_is_followed_to_its_end_and_no_further() {
        let same = |a: &u32, b: &u32| if a == b { Ok(()) } else { Err(format!("{a} is not {b}")) };
        assert_eq!(followed(&[1, 2], &[1, 2], same), Ok(()));
        assert_eq!(followed(&[1, 2], &[1, 3], same), Err("[1] 2 is not 3".into()));
        assert!(followed(&[1, 2], &[1], same).unwrap_err().starts_with("[1] expected 2"));
        assert!(followed(&[1], &[1, 2], same).unwrap_err().starts_with("[1] nothing more"));
    }

    #[test]
    fn prac_5_questions_are_the_sentences_with_a_question_mark_in_order() {
        let text = "Well. Which city? I see! Is it far? Yes.";
        assert_eq!(questions(text), ["Which city?", "Is it far?"]);
        let parts = |parts: [&str; 2]| parts.map(str::to_owned);
        assert!(in_order(&parts(["city", "far"]), text).is_ok());
        assert!(in_order(&parts(["far", "city"]), text).is_err());
    }
}
