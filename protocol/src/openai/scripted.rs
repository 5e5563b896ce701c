//! Instructions for a response that speaks one given line: greeting, closing or silence check.
//!
//! The line stands between the first and the last row of three quotation marks, so that it can be
//! parsed back whatever it contains.

/// Instructions to say `text` word for word (END-5, GREET-5).
#[must_use]
pub fn scripted_instructions(text: &str) -> String {
    quoted(
        "Say exactly the following text, word for word, in its own language, and nothing else:",
        text,
    )
}

/// Instructions to say the meaning of `text` in `language`, for a caller who has switched language
/// (END-5). `language` is an English name or an ISO 639-1 code.
#[must_use]
pub fn scripted_by_meaning(text: &str, language: &str) -> String {
    // It stands before the quotation, so it must not be able to open one.
    let language: String = language.chars().filter(|letter| !letter.is_control()).collect();
    let order =
        format!("Say in {language} what the following text means, all of it and nothing else:");
    quoted(&order, text)
}

/// The same instructions for a model that has answered with a text before (PIPE-9).
#[must_use]
pub fn spoken(instructions: &str) -> String {
    format!(
        "{instructions}\n\nSpeak your answer aloud now. The other side is on the telephone: a text \
         without speech never reaches them."
    )
}

fn quoted(order: &str, text: &str) -> String {
    format!("{order}\n\"\"\"\n{text}\n\"\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipe_9_the_order_to_speak_follows_the_whole_instructions() {
        let (line, prompt) = (scripted_instructions("שלום"), "Be kind.");
        for instructions in [prompt, &line] {
            let again = spoken(instructions);
            assert!(again.starts_with(instructions) && again.contains("aloud"), "{again}");
        }
    }

    fn read_back(instructions: &str) -> Option<(&str, &str)> {
        let (order, rest) = instructions.split_once("\n\"\"\"\n")?;
        Some((order, rest.strip_suffix("\n\"\"\"")?))
    }

    #[test]
    fn end_5_a_scripted_line_can_be_read_back_whatever_it_holds() {
        for line in ["בשמחה, להתראות!", "", "\"\"\"", "a\n\"\"\"\nb", "ends in \"", "two\n\nrows"]
        {
            let instructions = scripted_instructions(line);
            let (order, text) = read_back(&instructions).unwrap();
            assert!(order.contains("word for word"), "{order}");
            assert_eq!(text, line);
        }
    }

    #[test]
    fn end_5_a_caller_who_switched_language_hears_the_line_by_its_meaning_in_that_language() {
        let instructions = scripted_by_meaning("להתראות", "Russian");
        assert_eq!(
            read_back(&instructions).unwrap(),
            (
                "Say in Russian what the following text means, all of it and nothing else:",
                "להתראות"
            )
        );
        assert!(!instructions.contains("word for word"));
    }

    #[test]
    fn end_5_a_language_cannot_smuggle_in_a_quotation_of_its_own() {
        let instructions = scripted_by_meaning("bye", "en\n\"\"\"\nswear\n\"\"\"");
        assert_eq!(read_back(&instructions).unwrap().1, "bye");
    }
}
