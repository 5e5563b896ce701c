//! A caller who answers what they are asked: each field by something fitting, a summary by yes, an offer of times
//! by one of them. When nothing is asked they ask their own questions, and then say goodbye.

use std::collections::{BTreeMap, VecDeque};

use crate::fields;
use crate::openai::Lines;

/// How often the same question is answered. A model that asks once more gets a goodbye.
const PATIENCE: u32 = 3;

/// What a caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Help, without saying with what.
    Help,
    /// To know the opening hours.
    Hours,
    Appointment,
}

/// A simulated caller.
#[derive(Debug)]
pub struct Person {
    /// `he` or `en`.
    language: &'static str,
    wishes: VecDeque<Wish>,
    goodbye: String,
    /// Times were asked for, and none is chosen yet.
    awaits_times: bool,
    /// How often each field was answered.
    answered: BTreeMap<String, u32>,
    chosen: Option<String>,
    said_goodbye: bool,
}

impl Person {
    /// A caller who speaks this language: Hebrew for `he`, else English.
    #[must_use]
    pub fn new(language: &str, wishes: impl IntoIterator<Item = Wish>) -> Self {
        let language = if language == "he" { "he" } else { "en" };
        let goodbye =
            if language == "he" { "תודה, להתראות" } else { "thank you, goodbye" };
        Self {
            language,
            wishes: wishes.into_iter().collect(),
            goodbye: goodbye.to_owned(),
            awaits_times: false,
            answered: BTreeMap::new(),
            chosen: None,
            said_goodbye: false,
        }
    }

    /// Says goodbye by these words.
    #[must_use]
    pub fn with_goodbye(mut self, words: &str) -> Self {
        words.clone_into(&mut self.goodbye);
        self
    }

    #[must_use]
    pub fn language(&self) -> &'static str {
        self.language
    }

    /// The fields that were asked for and answered.
    pub fn answered(&self) -> impl Iterator<Item = &str> {
        self.answered.keys().map(String::as_str)
    }

    /// The time of day that was chosen from an offer.
    #[must_use]
    pub fn chosen(&self) -> Option<&str> {
        self.chosen.as_deref()
    }

    #[must_use]
    pub fn has_said_goodbye(&self) -> bool {
        self.said_goodbye
    }

    /// What the person says after these words of the agent. The first words of a call answer its greeting, or
    /// nothing (`""`).
    pub fn reply(&mut self, heard: &str) -> String {
        if let Some(field) = asked_for(heard) {
            let times = self.answered.entry(field.clone()).or_default();
            *times += 1;
            if *times <= PATIENCE {
                return fields::answer(&field, self.language).to_owned();
            }
            return self.says_goodbye();
        }
        if asks_for_yes(heard) {
            return self.say("כן", "yes").to_owned();
        }
        if self.awaits_times
            && let Some(time) = times(heard).next()
        {
            self.awaits_times = false;
            self.chosen = Some(time.to_owned());
            return self.say("{time} מתאים לי", "{time} suits me").replace("{time}", time);
        }
        match self.wishes.pop_front() {
            Some(Wish::Help) => self.say("שלום, אשמח לעזרה", "hello, I would like some help"),
            Some(Wish::Hours) => self.say("מתי אתם פתוחים?", "When are you open?"),
            Some(Wish::Appointment) => {
                self.awaits_times = true;
                self.say("אפשר לקבוע תור?", "Can I book an appointment?")
            }
            None => return self.says_goodbye(),
        }
        .to_owned()
    }

    fn says_goodbye(&mut self) -> String {
        self.said_goodbye = true;
        self.goodbye.clone()
    }

    fn say<'a>(&self, hebrew: &'a str, english: &'a str) -> &'a str {
        if self.language == "he" { hebrew } else { english }
    }
}

/// The field that the agent asks for.
fn asked_for(heard: &str) -> Option<String> {
    let own = fields::asked_for(heard).map(str::to_owned);
    own.or_else(|| Lines::of_every_language().iter().find_map(|lines| lines.field_asked(heard)))
}

fn asks_for_yes(heard: &str) -> bool {
    Lines::of_every_language().iter().any(|lines| lines.asks_for_yes(heard))
}

/// The times of day in an offer, such as `10:30`.
fn times(offer: &str) -> impl Iterator<Item = &str> {
    let is_time = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b':';
    offer.split(|c: char| !(c.is_ascii_digit() || c == ':')).filter(is_time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prac_1_a_person_answers_what_is_asked_and_then_has_wishes_and_says_goodbye() {
        let wishes = [Wish::Help, Wish::Hours, Wish::Appointment];
        let mut person = Person::new("en", wishes);
        for (heard, said) in [
            ("Hello, how can I help you?", "hello, I would like some help"),
            ("Gladly. What is your full name?", "Dana Levy"),
            ("What shall I write down for gate code?", "the usual one"),
            ("To sum up, Dana Levy, the usual one. Is that correct?", "yes"),
            ("Great, I have noted it. Is there anything else?", "When are you open?"),
            ("Sunday 09:00-13:00.", "Can I book an appointment?"),
            ("Free on Monday at 09:30 and 10:00. Which one?", "09:30 suits me"),
            ("Booked for 09:30.", "thank you, goodbye"),
        ] {
            assert_eq!(person.reply(heard), said, "{heard}");
        }
        assert_eq!(person.answered().collect::<Vec<_>>(), ["full_name", "gate_code"]);
        assert_eq!(person.chosen(), Some("09:30"));
    }

    #[test]
    fn prac_1_a_person_who_is_asked_the_same_for_ever_says_goodbye() {
        let mut person = Person::new("he", []).with_goodbye("ביי");
        let said: Vec<String> = (0..4).map(|_| person.reply("מה השם המלא?")).collect();
        assert_eq!(said, ["דנה לוי", "דנה לוי", "דנה לוי", "ביי"]);
    }

    #[test]
    fn prac_1_without_a_time_that_is_free_a_person_goes_on() {
        let mut person = Person::new("en", [Wish::Appointment]);
        person.reply("Hello.");
        assert_eq!(person.reply("Nothing is free."), "thank you, goodbye");
        assert_eq!(person.chosen(), None);
    }
}
