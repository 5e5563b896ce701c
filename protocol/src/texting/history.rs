//! How the model is told what was written and what was said on the telephone.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::event::Content;
use crate::openai::responses::HistoryItem;

/// The most characters of a call that the model is told.
const LONGEST_CALL: usize = 4_000;

/// What a message is besides its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attached {
    /// Nothing.
    Nothing,
    /// A voice note or another sound.
    Audio,
    /// A picture.
    Image,
    /// A video.
    Video,
    /// Another file.
    File,
}

impl Attached {
    fn told(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Audio => Some("[a voice note, which can't be heard here]"),
            Self::Image => Some("[a picture, which can't be seen here]"),
            Self::Video => Some("[a video, which can't be seen here]"),
            Self::File => Some("[a file, which can't be read here]"),
        }
    }
}

/// What is in a message: its words, or media without a word (WA-6).
#[must_use]
pub fn content(body: &str, attached: Attached) -> Content {
    if body.trim().is_empty() && attached != Attached::Nothing {
        Content::Media
    } else {
        Content::Words(body.to_owned())
    }
}

/// A person's message as the model reads it.
#[must_use]
pub fn person_wrote(body: &str, attached: Attached) -> HistoryItem {
    let parts = [attached.told().unwrap_or_default(), body.trim()];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let text = if parts.is_empty() { "[an empty message]".to_owned() } else { parts.join(" ") };
    HistoryItem::Person { text }
}

/// Who spoke a turn of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaker {
    /// The person.
    Person,
    /// The business's agent.
    Agent,
}

/// A telephone call as the model reads it between the messages (WA-7). The end is told if not all is.
#[must_use]
pub fn call_was<'a>(
    began: Timestamp,
    zone: &TimeZone,
    turns: impl IntoIterator<Item = (Speaker, &'a str)>,
) -> HistoryItem {
    let said = turns.into_iter().filter(|(_, text)| !text.trim().is_empty()).map(|(who, text)| {
        let who = match who {
            Speaker::Person => "the person",
            Speaker::Agent => "you",
        };
        format!("{who}: {}", text.split_whitespace().collect::<Vec<_>>().join(" "))
    });
    let lines: Vec<String> = said.collect();
    let (mut from, mut length) = (lines.len(), 0);
    while let Some(line) = from.checked_sub(1).and_then(|before| lines.get(before)) {
        length += line.chars().count() + 1;
        if length > LONGEST_CALL {
            break;
        }
        from -= 1;
    }
    let at = began.to_zoned(zone.clone()).strftime("%Y-%m-%d, %H:%M").to_string();
    let cut = if from > 0 { "(The beginning is left out.)\n" } else { "" };
    let told = lines.get(from..).unwrap_or_default().join("\n");
    let told = if told.is_empty() { "Nothing was said.".to_owned() } else { told };
    HistoryItem::Note {
        text: format!("On {at} you spoke with the person on the telephone:\n{cut}{told}"),
    }
}

/// What the model is asked for after a call.
#[must_use]
pub fn after_call() -> HistoryItem {
    let text = "The telephone call above has just ended. Write the person one short message that says what \
                was agreed: the appointment, or what you wrote down and what happens next. Ask nothing that \
                was answered in the call.";
    HistoryItem::Note { text: text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(item: HistoryItem) -> String {
        let HistoryItem::Note { text } = item else { panic!("{item:?}") };
        text
    }

    #[test]
    fn wa_6_what_is_no_text_is_told_in_words_or_is_media() {
        assert_eq!(content("", Attached::Audio), Content::Media);
        assert_eq!(content(" ", Attached::Image), Content::Media);
        assert_eq!(content("my lock", Attached::Image), Content::Words("my lock".to_owned()));
        assert_eq!(content("", Attached::Nothing), Content::Words(String::new()));
        for (body, attached, told) in [
            ("my lock", Attached::Image, "[a picture, which can't be seen here] my lock"),
            ("", Attached::Audio, "[a voice note, which can't be heard here]"),
            ("hi", Attached::Nothing, "hi"),
            ("", Attached::Nothing, "[an empty message]"),
        ] {
            assert_eq!(person_wrote(body, attached), HistoryItem::Person { text: told.to_owned() });
        }
    }

    #[test]
    fn wa_7_a_call_is_told_in_its_words_and_a_long_one_by_its_end() {
        let began: Timestamp = "2026-11-22T12:05:00Z".parse().unwrap();
        let zone = TimeZone::get("Asia/Jerusalem").unwrap();
        let turns =
            [(Speaker::Agent, "Hello!"), (Speaker::Person, "At  nine?"), (Speaker::Agent, "")];
        let told = note(call_was(began, &zone, turns));
        assert!(told.starts_with("On 2026-11-22, 14:05 you spoke"), "{told}");
        assert!(told.ends_with("you: Hello!\nthe person: At nine?"), "{told}");
        let long: Vec<String> = (0..900).map(|n| format!("word{n}")).collect();
        let turns = long.iter().map(|word| (Speaker::Person, word.as_str()));
        let told = note(call_was(began, &zone, turns));
        assert!(told.contains("left out") && told.ends_with("word899"), "{told}");
        assert!(told.chars().count() < LONGEST_CALL + 150);
        assert!(note(call_was(began, &zone, [])).ends_with("Nothing was said."));
    }
}
