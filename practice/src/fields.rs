//! Fields of a lead that businesses often ask for: how to ask for each, and what a person answers.
//!
//! A field is known by its whole name, or else by a word of it, as in `date_of_birth`. The receptionist and the
//! simulated [`Person`](crate::person::Person) speak of the same fields, and share nothing else.

/// A field that has a question of its own.
struct Known {
    names: &'static [&'static str],
    /// In Hebrew and in English.
    question: [&'static str; 2],
    answer: [&'static str; 2],
}

/// What is answered to any other field with one of these words in its name.
struct Likely {
    words: &'static [&'static str],
    answer: [&'static str; 2],
}

const KNOWN: &[Known] = &[
    Known {
        names: &["service_category", "problem_description"],
        question: ["איזו עבודה צריך לבצע?", "What kind of work do you need?"],
        answer: ["תיקון קטן", "a small repair"],
    },
    Known {
        names: &["city", "town"],
        question: ["באיזו עיר מדובר?", "Which city is it in?"],
        answer: ["בתל אביב", "in London"],
    },
    Known {
        names: &["full_name", "name"],
        question: ["מה השם המלא?", "What is your full name?"],
        answer: ["דנה לוי", "Dana Levy"],
    },
    Known {
        names: &["email"],
        question: ["מה כתובת הדואר האלקטרוני?", "What is your email address?"],
        answer: ["dana@example.com", "dana@example.com"],
    },
    Known {
        names: &["phone", "phone_number", "callback_number"],
        question: ["באיזה מספר אפשר לחזור אליך?", "Which number can we call you back on?"],
        answer: ["+972501234567", "+442079460123"],
    },
    Known {
        names: &["address", "street"],
        question: ["מה הכתובת?", "What is the address?"],
        answer: ["רחוב הרצל 12", "12 Mill Lane"],
    },
    Known {
        names: &["visit_reason", "reason"],
        question: ["מה סיבת הפנייה?", "What is it about?"],
        answer: ["בדיקה שגרתית", "a routine check-up"],
    },
    Known {
        names: &["patient_type"],
        question: ["כבר היית אצלנו?", "Have you been with us before?"],
        answer: ["זו הפעם הראשונה שלי", "I am a new patient"],
    },
    Known {
        names: &["budget"],
        question: ["מה התקציב?", "What is your budget?"],
        answer: ["עד אלף שקלים", "up to one thousand"],
    },
    Known {
        names: &["preferred_date", "date"],
        question: ["באיזה תאריך?", "On which date?"],
        answer: ["מחר", "tomorrow"],
    },
];

const LIKELY: &[Likely] = &[
    Likely { words: &["name"], answer: ["דנה לוי", "Dana Levy"] },
    Likely { words: &["email", "mail"], answer: ["dana@example.com", "dana@example.com"] },
    Likely { words: &["phone", "mobile", "telephone"], answer: ["+972501234567", "+442079460123"] },
    Likely { words: &["city", "town", "area"], answer: ["תל אביב", "London"] },
    Likely { words: &["address", "street"], answer: ["רחוב הרצל 12", "12 Mill Lane"] },
    Likely { words: &["birth", "birthday"], answer: ["1 במאי 1990", "the first of May 1990"] },
    Likely { words: &["date", "day"], answer: ["מחר", "tomorrow"] },
    Likely { words: &["time", "hour"], answer: ["בבוקר", "in the morning"] },
    Likely { words: &["floor"], answer: ["קומה שלישית", "the third floor"] },
    Likely {
        words: &["budget", "price", "amount", "cost"],
        answer: ["עד אלף", "up to a thousand"],
    },
    Likely { words: &["plate", "license", "licence", "registration"], answer: ["12-345-67"; 2] },
    Likely { words: &["year"], answer: ["2019", "2019"] },
    Likely {
        words: &["car", "vehicle", "make", "model", "brand"],
        answer: ["טויוטה קורולה", "a Toyota Corolla"],
    },
    Likely { words: &["pet", "animal", "breed"], answer: ["כלב קטן", "a small dog"] },
    Likely { words: &["color", "colour"], answer: ["לבן", "white"] },
    Likely { words: &["language"], answer: ["ספרדית", "Spanish"] },
    Likely { words: &["insurance", "insurer"], answer: ["כללית", "Harbour Health"] },
    Likely {
        words: &["urgency", "urgent", "priority"],
        answer: ["עד סוף השבוע", "by the end of the week"],
    },
    Likely {
        words: &[
            "number", "count", "quantity", "people", "guests", "size", "rooms", "age", "weight",
        ],
        answer: ["ארבע", "four"],
    },
    Likely {
        words: &["problem", "issue", "fault", "description", "details", "notes", "message"],
        answer: ["משהו הפסיק לעבוד אתמול", "something stopped working yesterday"],
    },
];

/// What a person answers about anything else.
const ORDINARY: [&str; 2] = ["הרגיל", "the usual one"];

/// How to ask for a field, if it has a question of its own.
#[must_use]
pub fn question(field: &str, language: &str) -> Option<&'static str> {
    known(field).map(|known| in_language(known.question, language))
}

/// The field that a sentence asks for by its own question.
#[must_use]
pub fn asked_for(sentence: &str) -> Option<&'static str> {
    let asks = |known: &&Known| known.question.iter().any(|question| sentence.contains(question));
    KNOWN.iter().find(asks).map(|known| known.names[0])
}

/// What a person answers who is asked for a field.
#[must_use]
pub fn answer(field: &str, language: &str) -> &'static str {
    let answers = known(field).map(|known| known.answer).or_else(|| {
        let has = |word: &&str| field.split('_').any(|part| part.eq_ignore_ascii_case(word));
        let likely = LIKELY.iter().find(|likely| likely.words.iter().any(has));
        likely.map(|likely| likely.answer)
    });
    in_language(answers.unwrap_or(ORDINARY), language)
}

fn known(field: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.names.contains(&field))
}

fn in_language([hebrew, english]: [&'static str; 2], language: &str) -> &'static str {
    if language == "he" { hebrew } else { english }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prac_1_a_field_is_answered_by_its_name_or_a_word_of_it_and_else_by_something_ordinary() {
        for (field, hebrew, english) in [
            ("full_name", "דנה לוי", "Dana Levy"),
            ("date_of_birth", "1 במאי 1990", "the first of May 1990"),
            ("guests", "ארבע", "four"),
            ("gate_code", "הרגיל", "the usual one"),
            ("candidate", "הרגיל", "the usual one"),
        ] {
            assert_eq!((answer(field, "he"), answer(field, "en")), (hebrew, english), "{field}");
        }
    }

    #[test]
    fn prac_1_a_question_is_recognised_in_both_languages() {
        for field in KNOWN.iter().map(|known| known.names[0]) {
            for language in ["he", "en"] {
                let asked = format!("Sorry. {}", question(field, language).unwrap());
                assert_eq!(asked_for(&asked), Some(field));
            }
        }
        assert_eq!(question("gate_code", "he"), None);
        assert_eq!(asked_for("What shall I write down for gate code?"), None);
    }
}
