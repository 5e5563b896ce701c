//! The scripted lines, which the agent speaks word for word: defaults in Hebrew and English, and the
//! texts of a business in their place.

use serde::{Deserialize, Serialize};

use super::{BusinessSettings, Language};

/// The default lines of one language. The fields are those of [`Lines`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DefaultLines {
    /// The first words of a call.
    pub greeting: &'static str,
    /// The last words of a call.
    pub closing: &'static str,
    /// The last words to a caller who declined.
    pub decline: &'static str,
    /// The last words when all required fields are known.
    pub lead_complete: &'static str,
    /// The last words to a caller who is silent.
    pub no_response: &'static str,
    /// Questions to a silent caller, one per warning.
    pub silence_checks: [&'static str; 2],
    /// Spoken in place of an answer that the content filter has stopped.
    pub no_answer: &'static str,
    /// Spoken by Twilio if no session can be opened.
    pub apology: &'static str,
    /// The last words before a transfer.
    pub transfer_farewell: &'static str,
    /// The message for an answering machine.
    pub machine_message: &'static str,
    /// Written in place of an answer that stays too long for one message.
    pub too_long: &'static str,
    /// Written to who sends what can't be read.
    pub media: &'static str,
    /// Written if the text model fails.
    pub written_apology: &'static str,
}

/// The lines in Hebrew.
pub const HEBREW: DefaultLines = DefaultLines {
    greeting: "שלום! איך אפשר לעזור?",
    closing: "בשמחה, תודה שדיברת איתי. אם תצטרך משהו נוסף בעתיד, תמיד אפשר לפנות אלינו. להתראות!",
    decline: "הכול טוב, תודה שדיברת איתי. אם תתחרט בעתיד תמיד אפשר לפנות אלינו שוב.",
    lead_complete: "מעולה, רשמתי את כל הפרטים ונחזור אליך בהקדם. תודה שפנית אלינו ולהתראות!",
    no_response: "נראה שהקו התנתק או שזה לא זמן טוב. תמיד אפשר להתקשר אלינו שוב. להתראות!",
    silence_checks: ["הלו, עדיין על הקו?", "לא שמעתי תשובה. אפשר לעזור במשהו נוסף?"],
    no_answer: "סליחה, על זה אין לי אפשרות לענות. אפשר לעזור במשהו אחר?",
    apology: "אנחנו מצטערים, יש לנו תקלה זמנית ואי אפשר להמשיך את השיחה. אפשר להתקשר שוב בעוד כמה דקות. תודה וסליחה.",
    transfer_farewell: "תודה, השיחה עוברת עכשיו לנציג. רק רגע בבקשה.",
    machine_message: "שלום, ניסינו להשיג אותך. נשמח אם תחזרו אלינו כשיתאפשר. תודה ולהתראות!",
    too_long: "התשובה ארוכה מדי להודעה אחת. נחזור אליך בהקדם עם כל הפרטים.",
    media: "כאן אפשר לקרוא רק טקסט. אפשר לכתוב לי כאן, או להתקשר אלינו.",
    written_apology: "סליחה, יש לנו תקלה זמנית. ההודעה שלך התקבלה, ונחזור אליך בהקדם.",
};

/// The lines in English.
pub const ENGLISH: DefaultLines = DefaultLines {
    greeting: "Hello! How can I help you?",
    closing: "You're welcome, and thank you for calling. If you need anything else, we are always here. Goodbye!",
    decline: "That's all right, thank you for talking with me. If you change your mind, you can always reach us again.",
    lead_complete: "Great, I have written everything down and we will get back to you shortly. Thank you for calling. Goodbye!",
    no_response: "It seems the line has gone quiet. You can always call us again. Goodbye!",
    silence_checks: [
        "Hello, are you still there?",
        "I didn't hear an answer. Can I help with anything else?",
    ],
    no_answer: "I am sorry, I can't answer that. Can I help with something else?",
    apology: "We are sorry, we have a technical problem and cannot continue this call. Please call again in a few minutes. Thank you.",
    transfer_farewell: "Thank you, I am putting you through to a person now. One moment, please.",
    machine_message: "Hello, we tried to reach you. Please call us back when it suits you. Thank you, and goodbye!",
    too_long: "The answer is too long for one message. We will get back to you soon with all the details.",
    media: "I can only read text here. Please write to me, or call us.",
    written_apology: "We are sorry, we have a technical problem. We have your message and will get back to you soon.",
};

/// The default lines of `language`; `None` but for Hebrew and English.
#[must_use]
pub fn defaults(language: &Language) -> Option<&'static DefaultLines> {
    match language.as_str() {
        "he" => Some(&HEBREW),
        "en" => Some(&ENGLISH),
        _ => None,
    }
}

/// The default lines of `language`, or the English ones. ([`BusinessSettings::validate`] refuses a
/// missing text in another language.)
pub(super) fn or_english(language: &Language) -> &'static DefaultLines {
    defaults(language).unwrap_or(&ENGLISH)
}

/// The scripted lines of one business.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lines {
    /// The first words of a call, spoken or recorded.
    pub greeting: String,
    /// The last words of a call.
    pub closing: String,
    /// The last words to a caller who declined.
    pub decline: String,
    /// The last words when all required fields are known.
    pub lead_complete: String,
    /// The last words to a caller who is silent.
    pub no_response: String,
    first_silence_check: String,
    later_silence_checks: Vec<String>,
    /// Spoken in place of an answer that the content filter has stopped.
    pub no_answer: String,
    /// Spoken by Twilio if no session can be opened.
    pub apology: String,
    /// The last words before a transfer.
    pub transfer_farewell: String,
    /// The message for an answering machine.
    pub machine_message: String,
    /// Written in place of an answer that stays too long for one message.
    pub too_long: String,
    /// Written to who sends what can't be read.
    pub media: String,
    /// Written if the text model fails.
    pub written_apology: String,
}

impl Lines {
    /// The business's own texts, or its language's defaults.
    #[must_use]
    pub fn of(business: &BusinessSettings) -> Self {
        let default = or_english(&business.language);
        let ending = &business.ending;
        let (first_check, later_checks) = match business.silence.texts.as_deref() {
            Some([first, later @ ..]) => (first.clone(), later.to_vec()),
            Some([]) | None => {
                let [first, second] = default.silence_checks;
                (first.to_owned(), vec![second.to_owned()])
            }
        };
        let farewell = business.transfer.as_ref().and_then(|transfer| transfer.text.as_ref());
        Self {
            greeting: own_or(business.greeting.text.as_ref(), default.greeting),
            closing: own_or(ending.closing_text.as_ref(), default.closing),
            decline: own_or(ending.decline_text.as_ref(), default.decline),
            lead_complete: own_or(ending.lead_complete_text.as_ref(), default.lead_complete),
            no_response: own_or(ending.no_response_text.as_ref(), default.no_response),
            first_silence_check: first_check,
            later_silence_checks: later_checks,
            no_answer: default.no_answer.to_owned(),
            apology: own_or(business.apology.text.as_ref(), default.apology),
            transfer_farewell: own_or(farewell, default.transfer_farewell),
            machine_message: own_or(
                business.outbound.machine_text.as_ref(),
                default.machine_message,
            ),
            too_long: own_or(business.whatsapp.too_long_text.as_ref(), default.too_long),
            media: own_or(business.whatsapp.media_text.as_ref(), default.media),
            written_apology: own_or(
                business.whatsapp.apology_text.as_ref(),
                default.written_apology,
            ),
        }
    }

    /// The question to a silent caller at this warning, from 0. The last text is repeated.
    #[must_use]
    pub fn silence_check(&self, warning: usize) -> &str {
        let Some(later) = warning.checked_sub(1) else { return &self.first_silence_check };
        self.later_silence_checks
            .get(later)
            .or_else(|| self.later_silence_checks.last())
            .unwrap_or(&self.first_silence_check)
    }
}

fn own_or(own: Option<&String>, default: &str) -> String {
    own.map_or(default, String::as_str).to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::Transfer;
    use super::super::tests::business;
    use super::*;
    use crate::ids::PhoneNumber;

    #[test]
    fn end_5_the_hebrew_closing_and_decline_are_those_of_the_specification() {
        let lines = business().lines();
        assert_eq!(
            lines.closing,
            "בשמחה, תודה שדיברת איתי. אם תצטרך משהו נוסף בעתיד, תמיד אפשר לפנות אלינו. להתראות!"
        );
        assert_eq!(
            lines.decline,
            "הכול טוב, תודה שדיברת איתי. אם תתחרט בעתיד תמיד אפשר לפנות אלינו שוב."
        );
    }

    #[test]
    fn end_5_a_text_of_ones_own_stands_in_the_place_of_the_default() {
        let mut business = business();
        business.language = Language::ENGLISH;
        business.ending.closing_text = Some("So long.".into());
        business.transfer = Some(Transfer {
            number: PhoneNumber::parse("+972501112233").unwrap(),
            text: Some("Dana will take over.".into()),
        });
        let lines = business.lines();
        assert_eq!(lines.closing, "So long.");
        assert_eq!(lines.transfer_farewell, "Dana will take over.");
        assert_eq!(lines.decline, ENGLISH.decline);
    }

    #[test]
    fn end_7_each_warning_has_its_text_and_the_last_is_repeated() {
        let mut business = business();
        let by_default = business.lines();
        assert_eq!(by_default.silence_check(0), HEBREW.silence_checks[0]);
        assert_eq!(by_default.silence_check(1), HEBREW.silence_checks[1]);
        assert_eq!(by_default.silence_check(9), HEBREW.silence_checks[1]);
        business.silence.texts = Some(vec!["הלו?".into()]);
        assert_eq!(business.lines().silence_check(1), "הלו?");
    }
}
