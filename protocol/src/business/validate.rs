//! Rules for a business's settings that the types of its keys can't express.

mod events;
mod limits;
mod notices;
mod rule;
mod sizes;

use std::collections::BTreeSet;
use std::time::Duration;

use thiserror::Error;

use crate::text;

pub(super) use notices::notices;
pub use rule::Rule;

use super::{BusinessSettings, GreetingMode, MachineDetection, TurnDetection, WeeklyHours, lines};

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{key}: {rule}")]
pub struct Problem {
    /// Path of the key in the file, `greeting.audio_url` for one.
    pub key: String,
    /// What is wrong and how to correct it.
    pub rule: Rule,
}

/// The longest name of a lead's field, in characters.
const LONGEST_FIELD: usize = 64;

/// All problems, in the order of the file's keys.
pub(super) fn check(business: &BusinessSettings) -> Result<(), Vec<Problem>> {
    let mut problems = Problems::default();
    identity(business, &mut problems);
    agent(business, &mut problems);
    greeting(business, &mut problems);
    ending(business, &mut problems);
    silence(business, &mut problems);
    appointments(business, &mut problems);
    fields("lead.fields", &business.lead.fields, &mut problems);
    outbound(business, &mut problems);
    whatsapp(business, &mut problems);
    fallback(business, &mut problems);
    events::check(business, &mut problems);
    sizes::check(business, &mut problems);
    limits::texts(business, &mut problems);
    limits::names(business, &mut problems);
    limits::durations(business, &mut problems);
    if problems.0.is_empty() { Ok(()) } else { Err(problems.0) }
}

#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, key: &str, rule: impl Into<Rule>) {
        self.0.push(Problem { key: key.to_owned(), rule: rule.into() });
    }

    fn add_if(&mut self, wrong: bool, key: &str, rule: Rule) {
        if wrong {
            self.add(key, rule);
        }
    }

    fn not_blank(&mut self, key: &str, text: &str) {
        self.add_if(text.trim().is_empty(), key, Rule::Blank);
    }

    fn within(&mut self, key: &str, value: f64, (least, most): (f64, f64), why: &'static str) {
        let rule = Rule::Within { least: least.to_string(), most: most.to_string(), why };
        self.add_if(!(least..=most).contains(&value), key, rule);
    }

    fn more_than_zero(&mut self, key: &str, duration: Duration) {
        self.add_if(duration.is_zero(), key, Rule::MoreThanZero);
    }

    /// A scripted text must not be blank, and must be given if the language has no default.
    fn line(&mut self, key: &str, text: Option<&str>, business: &BusinessSettings) {
        match text {
            Some(text) if text.trim().is_empty() => {
                self.add(key, Rule::BlankLine);
            }
            None if lines::defaults(&business.language).is_none() => {
                self.add(key, Rule::NoDefaultText(business.language.clone()));
            }
            Some(_) | None => {}
        }
    }

    fn web_address(&mut self, key: &str, address: Option<&str>) {
        let wrong = address.is_some_and(|address| !is_web_address(address));
        self.add_if(wrong, key, Rule::WebAddress);
    }
}

fn identity(business: &BusinessSettings, problems: &mut Problems) {
    problems.not_blank("name", &business.name);
    limits::name(business, problems);
    let numbers = &business.phone_numbers;
    problems.add_if(numbers.is_empty(), "phone_numbers", Rule::NoNumber);
    if let Some(twice) = first_repeated(numbers) {
        problems.add("phone_numbers", Rule::Twice(twice.to_string()));
    }
    problems.more_than_zero("retention", business.retention);
}

fn agent(business: &BusinessSettings, problems: &mut Problems) {
    let agent = &business.agent;
    problems.not_blank("agent.model", &agent.model);
    problems.not_blank("agent.voice", &agent.voice);
    limits::voice(business, problems);
    limits::prompt(business, problems);
    problems.within("agent.speed", agent.speed, (0.25, 1.5), "1.0 is natural");
    let sure = "the higher, the surer it must be to hear speech";
    problems.within("agent.vad_threshold", agent.vad_threshold, (0.0, 1.0), sure);
    problems.add_if(
        agent.turn_detection == TurnDetection::ServerVad && agent.silence_duration.is_zero(),
        "agent.silence_duration",
        Rule::MoreThanZero,
    );
    problems.not_blank("agent.transcription_model", &agent.transcription_model);
    let keywords = &agent.transcription_keywords;
    let is_bad = |word: &String| word.trim().is_empty() || word.chars().count() > LONGEST_KEYWORD;
    problems.add_if(
        keywords.len() > MOST_KEYWORDS || keywords.iter().any(is_bad),
        "agent.transcription_keywords",
        Rule::Keywords,
    );
}

/// Words that the transcription can be told of, and their length in characters.
const MOST_KEYWORDS: usize = 100;
const LONGEST_KEYWORD: usize = 100;

fn greeting(business: &BusinessSettings, problems: &mut Problems) {
    let greeting = &business.greeting;
    if greeting.bot_speaks_first && greeting.mode != GreetingMode::None {
        problems.line("greeting.text", greeting.text.as_deref(), business);
    }
    problems.add_if(
        greeting.mode == GreetingMode::Play && greeting.audio_url.is_none(),
        "greeting.audio_url",
        Rule::NoRecording,
    );
    problems.web_address("greeting.audio_url", greeting.audio_url.as_deref());
}

fn ending(business: &BusinessSettings, problems: &mut Problems) {
    let ending = &business.ending;
    fields("ending.required_lead_fields", &ending.required_lead_fields, problems);
    for (key, text) in [
        ("ending.closing_text", &ending.closing_text),
        ("ending.decline_text", &ending.decline_text),
        ("ending.lead_complete_text", &ending.lead_complete_text),
        ("ending.no_response_text", &ending.no_response_text),
    ] {
        problems.line(key, text.as_deref(), business);
    }
    problems.more_than_zero("ending.max_duration", ending.max_duration);
    for (key, phrases) in [
        ("ending.goodbye_phrases", &ending.goodbye_phrases),
        ("ending.decline_phrases", &ending.decline_phrases),
    ] {
        let wordless = |phrase: &String| !phrase.chars().any(char::is_alphanumeric);
        problems.add_if(
            phrases.as_ref().is_some_and(|phrases| phrases.iter().any(wordless)),
            key,
            Rule::Wordless,
        );
    }
}

fn silence(business: &BusinessSettings, problems: &mut Problems) {
    const KEY: &str = "silence.texts";
    let silence = &business.silence;
    problems.more_than_zero("silence.timeout", silence.timeout);
    match silence.texts.as_deref() {
        None if silence.warnings == 0 => {}
        None => problems.line(KEY, None, business),
        Some([]) => problems.add_if(silence.warnings > 0, KEY, Rule::NoWarnings),
        Some(texts) => {
            problems.add_if(texts.iter().any(|text| text.trim().is_empty()), KEY, Rule::BlankEntry)
        }
    }
}

fn appointments(business: &BusinessSettings, problems: &mut Problems) {
    let appointments = &business.appointments;
    problems.more_than_zero("appointments.slot_step", appointments.slot_step);
    problems.more_than_zero("appointments.length", appointments.length);
    problems.add_if(
        appointments.horizon <= appointments.min_notice,
        "appointments.horizon",
        Rule::Horizon,
    );
    let spans = || WeeklyHours::WEEK.into_iter().flat_map(|day| appointments.hours.on(day));
    let longest = spans().map(|span| span.length()).max();
    if let Some(longest) = longest
        && appointments.length > longest
    {
        problems.add("appointments.length", Rule::LongerThanOpening(longest));
    }
    for (day, name) in WeeklyHours::WEEK.into_iter().zip(WEEKDAYS) {
        let mut spans = appointments.hours.on(day).to_vec();
        spans.sort_unstable();
        for pair in spans.windows(2) {
            if let [earlier, later] = pair
                && earlier.overlaps(*later)
            {
                let key = format!("appointments.hours.{name}");
                problems.add(&key, Rule::Overlap(*earlier, *later));
            }
        }
    }
}

/// The keys of [`WeeklyHours::WEEK`].
const WEEKDAYS: [&str; 7] =
    ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

fn fields(key: &str, names: &[String], problems: &mut Problems) {
    for name in names {
        let well_formed = (1..=LONGEST_FIELD).contains(&name.chars().count())
            && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_');
        if !well_formed {
            problems.add(key, Rule::FieldName(name.clone()));
        }
    }
    if let Some(twice) = first_repeated(names) {
        problems.add(key, Rule::Twice(twice.clone()));
    }
}

fn outbound(business: &BusinessSettings, problems: &mut Problems) {
    let outbound = &business.outbound;
    if outbound.machine_detection == MachineDetection::LeaveMessage {
        problems.line("outbound.machine_text", outbound.machine_text.as_deref(), business);
    }
}

fn whatsapp(business: &BusinessSettings, problems: &mut Problems) {
    if business.whatsapp_number.is_none() {
        return;
    }
    let whatsapp = &business.whatsapp;
    for (key, text) in [
        ("whatsapp.too_long_text", &whatsapp.too_long_text),
        ("whatsapp.media_text", &whatsapp.media_text),
        ("whatsapp.apology_text", &whatsapp.apology_text),
    ] {
        problems.line(key, text.as_deref(), business);
    }
}

fn fallback(business: &BusinessSettings, problems: &mut Problems) {
    if let Some(transfer) = &business.transfer {
        problems.line("transfer.text", transfer.text.as_deref(), business);
        problems.add_if(
            business.phone_numbers.contains(&transfer.number),
            "transfer.number",
            Rule::OwnNumber,
        );
    }
    let apology = &business.apology;
    problems.web_address("apology.audio_url", apology.audio_url.as_deref());
    if apology.audio_url.is_none() {
        problems.line("apology.text", apology.text.as_deref(), business);
        problems.add_if(
            apology.voice(&business.language).is_none(),
            "apology.say_voice",
            Rule::NoApologyVoice,
        );
    }
}

fn first_repeated<T: Ord>(items: &[T]) -> Option<&T> {
    let mut seen = BTreeSet::new();
    items.iter().find(|item| !seen.insert(*item))
}

fn is_web_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.starts_with(['/', '?', '#', ':'])
            && !rest.is_empty()
            && !text.chars().any(|c| c.is_whitespace() || text::controls(c) || "<>\"".contains(c))
    })
}
