//! Rules for a business's settings that the types of its keys can't express.

mod events;
mod limits;
mod notices;
mod sizes;

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

pub(super) use notices::notices;

use crate::text;

use super::{
    BusinessSettings, GreetingMode, MachineDetection, TurnDetection, WeeklyHours, duration_text,
    lines,
};

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Path of the key in the file, `greeting.audio_url` for one.
    pub key: String,
    /// What is wrong and how to correct it.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
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
    fn add(&mut self, key: &str, message: impl Into<String>) {
        self.0.push(Problem { key: key.to_owned(), message: message.into() });
    }

    fn add_if(&mut self, wrong: bool, key: &str, message: &str) {
        if wrong {
            self.add(key, message);
        }
    }

    fn not_blank(&mut self, key: &str, text: &str) {
        self.add_if(text.trim().is_empty(), key, "is empty: give it a text");
    }

    fn more_than_zero(&mut self, key: &str, duration: Duration) {
        self.add_if(duration.is_zero(), key, "must be more than 0");
    }

    /// A scripted text must not be blank, and must be given if the language has no default.
    fn line(&mut self, key: &str, text: Option<&str>, business: &BusinessSettings) {
        match text {
            Some(text) if text.trim().is_empty() => {
                self.add(key, "is empty: give it a text, or leave the key out for the default");
            }
            None if lines::defaults(&business.language).is_none() => self.add(
                key,
                format!(
                    "is missing: there are default texts in \"he\" and \"en\" only, so a business \
                     with language = \"{}\" gives its own",
                    business.language
                ),
            ),
            Some(_) | None => {}
        }
    }

    fn web_address(&mut self, key: &str, address: Option<&str>) {
        let wrong = address.is_some_and(|address| !is_web_address(address));
        self.add_if(wrong, key, "is no web address: expected http:// or https:// and a host");
    }
}

fn identity(business: &BusinessSettings, problems: &mut Problems) {
    problems.not_blank("name", &business.name);
    limits::name(business, problems);
    let numbers = &business.phone_numbers;
    problems.add_if(
        numbers.is_empty(),
        "phone_numbers",
        "is empty: give at least one number, or no call reaches this business",
    );
    if let Some(twice) = first_repeated(numbers) {
        problems.add("phone_numbers", format!("holds {twice} twice: give each number once"));
    }
    problems.more_than_zero("retention", business.retention);
}

fn agent(business: &BusinessSettings, problems: &mut Problems) {
    let agent = &business.agent;
    problems.not_blank("agent.model", &agent.model);
    problems.not_blank("agent.voice", &agent.voice);
    limits::voice(business, problems);
    limits::prompt(business, problems);
    problems.add_if(
        !(0.25..=1.5).contains(&agent.speed),
        "agent.speed",
        "must be from 0.25 to 1.5; 1.0 is natural",
    );
    problems.add_if(
        !(0.0..=1.0).contains(&agent.vad_threshold),
        "agent.vad_threshold",
        "must be from 0.0 to 1.0",
    );
    problems.add_if(
        agent.turn_detection == TurnDetection::ServerVad && agent.silence_duration.is_zero(),
        "agent.silence_duration",
        "must be more than 0: it is the pause that ends a turn",
    );
    problems.not_blank("agent.transcription_model", &agent.transcription_model);
    let keywords = &agent.transcription_keywords;
    let is_bad = |word: &String| word.trim().is_empty() || word.chars().count() > LONGEST_KEYWORD;
    problems.add_if(
        keywords.len() > MOST_KEYWORDS || keywords.iter().any(is_bad),
        "agent.transcription_keywords",
        "must be at most 100 words or names, none of them empty or longer than 100 characters",
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
        "is missing: mode = \"play\" needs the recording's address, \
         or choose mode = \"realtime\"",
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
            "holds a phrase without a word: take it out",
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
        Some([]) => problems.add_if(
            silence.warnings > 0,
            KEY,
            "is empty: give a text per warning, leave the key out for the defaults, \
             or set warnings = 0",
        ),
        Some(texts) => problems.add_if(
            texts.iter().any(|text| text.trim().is_empty()),
            KEY,
            "holds an empty text: give it words or take it out",
        ),
    }
}

fn appointments(business: &BusinessSettings, problems: &mut Problems) {
    let appointments = &business.appointments;
    problems.more_than_zero("appointments.slot_step", appointments.slot_step);
    problems.more_than_zero("appointments.length", appointments.length);
    problems.add_if(
        appointments.horizon <= appointments.min_notice,
        "appointments.horizon",
        "must be longer than min_notice, or no appointment can ever be made",
    );
    let spans = || WeeklyHours::WEEK.into_iter().flat_map(|day| appointments.hours.on(day));
    let longest = spans().map(|span| span.length()).max();
    if let Some(longest) = longest
        && appointments.length > longest
    {
        problems.add(
            "appointments.length",
            format!(
                "is longer than the longest opening of appointments.hours, which is {}: no \
                 appointment could be made",
                duration_text::written(longest)
            ),
        );
    }
    for (day, name) in WeeklyHours::WEEK.into_iter().zip(WEEKDAYS) {
        let mut spans = appointments.hours.on(day).to_vec();
        spans.sort_unstable();
        for pair in spans.windows(2) {
            if let [earlier, later] = pair
                && earlier.overlaps(*later)
            {
                problems.add(
                    &format!("appointments.hours.{name}"),
                    format!("{earlier} and {later} overlap: make them one span or part them"),
                );
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
            problems.add(
                key,
                format!(
                    "{name:?} is no field name: expected 1 to {LONGEST_FIELD} letters, digits \
                     and underscores, as in \"service_category\""
                ),
            );
        }
    }
    if let Some(twice) = first_repeated(names) {
        problems.add(key, format!("holds {twice:?} twice: give each field once"));
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
            "is the business's own: a call handed to it would come back; give a person's number",
        );
    }
    let apology = &business.apology;
    problems.web_address("apology.audio_url", apology.audio_url.as_deref());
    if apology.audio_url.is_none() {
        problems.line("apology.text", apology.text.as_deref(), business);
        problems.add_if(
            apology.voice(&business.language).is_none(),
            "apology.say_voice",
            "must name a voice with its locale, as \"Google.fr-FR-Wavenet-A\" does: \
             only \"he\" and \"en\" have one by default",
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
