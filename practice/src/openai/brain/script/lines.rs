//! The receptionist's sentences, one set per language.

use serde::{Deserialize, Serialize};

use crate::openai::brain::words::plain;

/// The receptionist's sentences in one language. `{details}`, `{slots}`, `{slot}`, `{hours}` and `{field}` are
/// placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    pub ask_service: String,
    pub ask_city: String,
    pub ask_name: String,
    /// Asks for any other field.
    pub ask_field: String,
    /// Asks a caller of whom nothing has to be known.
    pub ask_anything: String,
    /// Said before the first question to a caller who asks for help.
    pub gladly: String,
    /// Sums up and asks for confirmation.
    pub confirm: String,
    /// Thanks, and asks if there is more.
    pub confirmed: String,
    pub offer: String,
    pub nothing_free: String,
    /// Says that a slot is booked and asks if there is more.
    pub booked: String,
    /// Answers a question about the price.
    pub answer: String,
    /// Answers whether another language is spoken.
    pub speaks: String,
    /// Answers when the business is open.
    pub open: String,
    /// Answers whether the business does a job that it does.
    pub we_do: String,
    /// Answers any other question.
    pub unknown: String,
    /// Asks after an answer whether to go on, in a call whose language is not the prompt's.
    pub go_on: String,
    /// Replies to a decline without a goodbye.
    pub declined: String,
    pub unclear: String,
    /// Continues after an interruption.
    pub resume: String,
    pub closing: String,
}

impl Lines {
    /// The sentences that are not changed by a script.
    #[must_use]
    pub fn of_every_language() -> [Self; 2] {
        [Self::hebrew(), Self::english()]
    }

    /// The field that a sentence asks for by `ask_field`.
    #[must_use]
    pub fn field_asked(&self, sentence: &str) -> Option<String> {
        let (before, after) = self.ask_field.split_once("{field}")?;
        let (_, rest) = sentence.split_once(before)?;
        let (field, _) = rest.split_once(after)?;
        Some(field.trim().replace(' ', "_"))
    }

    /// Whether a sentence asks to confirm the summary.
    #[must_use]
    pub fn asks_for_yes(&self, sentence: &str) -> bool {
        let question = self.confirm.split(['.', '}']).next_back().unwrap_or_default().trim();
        !question.is_empty() && plain(sentence).contains(&plain(question))
    }

    pub(super) fn hebrew() -> Self {
        Self {
            ask_service: "איזו עבודה צריך לבצע?".into(),
            ask_city: "באיזו עיר מדובר?".into(),
            ask_name: "מה השם המלא?".into(),
            ask_field: "מה לרשום עבור {field}?".into(),
            ask_anything: "במה אפשר לעזור?".into(),
            gladly: "בשמחה.".into(),
            confirm: "לסיכום, {details}. נכון?".into(),
            confirmed: "מעולה, רשמתי. תודה! יש עוד משהו שאפשר לעזור בו?".into(),
            offer: "יש לי פנוי בשעה {slots}. מה מתאים?".into(),
            nothing_free: "לא מצאתי זמן פנוי. יש יום אחר שמתאים?".into(),
            booked: "קבעתי לשעה {slot}. יש עוד משהו?".into(),
            answer: "המחיר נקבע לפי העבודה ונמסר מראש.".into(),
            speaks: "כן, בשמחה.".into(),
            open: "שעות הפעילות: {hours}.".into(),
            we_do: "כן, אנחנו עושים את זה.".into(),
            unknown: "על זה העסק יחזור אליך עם תשובה.".into(),
            go_on: "רוצה שנמשיך מאיפה שהיינו?".into(),
            declined: "אין בעיה. אני כאן אם צריך משהו נוסף.".into(),
            unclear: "סליחה, לא הבנתי.".into(),
            resume: "אני כאן, אפשר להמשיך.".into(),
            closing: "תודה שהתקשרת, יום נעים ולהתראות!".into(),
        }
    }

    pub(super) fn english() -> Self {
        Self {
            ask_service: "What kind of work do you need?".into(),
            ask_city: "Which city is it in?".into(),
            ask_name: "What is your full name?".into(),
            ask_field: "What shall I write down for {field}?".into(),
            ask_anything: "What can I do for you?".into(),
            gladly: "Gladly.".into(),
            confirm: "To sum up, {details}. Is that correct?".into(),
            confirmed: "Great, I have noted it. Thank you! Is there anything else?".into(),
            offer: "I have {slots} free. Which one suits you?".into(),
            nothing_free: "I found no free time. Is there another day that suits you?".into(),
            booked: "You are booked for {slot}. Is there anything else?".into(),
            answer: "The price depends on the work and is told beforehand.".into(),
            speaks: "Yes, of course.".into(),
            open: "We are open: {hours}.".into(),
            we_do: "Yes, we do that.".into(),
            unknown: "The business will get back to you with an answer to that.".into(),
            go_on: "Shall we go on from where we were?".into(),
            declined: "No problem. I am here if you need anything else.".into(),
            unclear: "Sorry, I did not understand.".into(),
            resume: "I am here, please go on.".into(),
            closing: "Thank you for calling, have a nice day and goodbye!".into(),
        }
    }
}
