//! The state of the dialogue, derived from the conversation: the lead, the open question, the
//! language.

use std::collections::BTreeMap;

use crate::fields;
use crate::openai::brain::conduct::Conduct;
use crate::openai::brain::script::{Lines, Script, Topic};
use crate::openai::brain::slots::{self, Appointment};
use crate::openai::brain::task::Task;
use crate::openai::brain::turn::{Line, Prompt};
use crate::openai::brain::words::{asks, has_any, plain};

/// A question of the flow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Service,
    City,
    Name,
    /// Another field, by name.
    Field(String),
    /// Whether the summary is right.
    Confirm,
}

impl Step {
    /// The question for a field.
    pub(super) fn of(field: &str) -> Self {
        match field {
            "service_category" | "problem_description" => Self::Service,
            "city" => Self::City,
            "full_name" => Self::Name,
            other => Self::Field(other.to_owned()),
        }
    }
}

pub(super) struct Dialogue<'a> {
    pub(super) script: &'a Script,
    pub(super) prompt: &'a Prompt<'a>,
    pub(super) conduct: Conduct<'a>,
    pub(super) language: &'static str,
    pub(super) say: &'a Lines,
    pub(super) task: Task<'a>,
    pub(super) service: Option<String>,
    pub(super) city: Option<String>,
    /// What was answered to the other questions, by field.
    pub(super) noted: BTreeMap<String, String>,
    pub(super) confirmed: bool,
    /// The slots that a mere "yes" can choose from.
    pub(super) slots: Vec<String>,
    /// The slots of the last offer, chosen from or not.
    pub(super) offered: Vec<String>,
    /// The caller's appointment, once the calendar has confirmed or named it.
    pub(super) held: Option<Appointment>,
    /// The slot that was not booked, because the caller holds an appointment.
    pub(super) wanted: Option<String>,
    /// The question that the new lines may answer.
    pub(super) open: Option<Step>,
    /// The model's last words asked whether to go on.
    pub(super) aside: bool,
    /// The lines since the model last said or did something.
    pub(super) news: &'a [Line],
}

impl<'a> Dialogue<'a> {
    pub(super) fn new(script: &'a Script, prompt: &'a Prompt<'a>) -> Self {
        let done = prompt.history.iter().rposition(|line| match line {
            Line::Assistant(_) | Line::Call { .. } => true,
            Line::User(_) | Line::System(_) | Line::Output { .. } => false,
        });
        let (before, news) = prompt.history.split_at(done.map_or(0, |at| at + 1));
        let conduct = Conduct::of(prompt.instructions);
        let language = conduct.language(prompt.history);
        let mut dialogue = Self {
            script,
            prompt,
            conduct,
            language,
            say: script.lines(language),
            task: Task::of(prompt.instructions),
            service: None,
            city: None,
            noted: BTreeMap::new(),
            confirmed: false,
            slots: Vec::new(),
            offered: Vec::new(),
            held: None,
            wanted: None,
            open: None,
            aside: false,
            news,
        };
        before.iter().for_each(|line| dialogue.learn(line));
        let (open, aside) = (dialogue.open.clone(), dialogue.aside);
        news.iter().for_each(|line| dialogue.learn(line));
        Self { open, aside, ..dialogue }
    }

    /// The questions of the flow, each once. Without a list of fields in the prompt: for the job and the city.
    pub(super) fn steps(&self) -> Vec<Step> {
        let Some(fields) = &self.task.fields else { return vec![Step::Service, Step::City] };
        let mut steps: Vec<Step> = Vec::new();
        for step in fields.iter().map(|field| Step::of(field)) {
            if !steps.contains(&step) {
                steps.push(step);
            }
        }
        steps
    }

    /// What is known of a step.
    pub(super) fn known(&self, step: &Step) -> Option<&str> {
        match step {
            Step::Service => self.service.as_deref(),
            Step::City => self.city.as_deref(),
            Step::Name => self.noted.get("full_name").map(String::as_str),
            Step::Field(field) => self.noted.get(field).map(String::as_str),
            Step::Confirm => None,
        }
    }

    /// The question of a step, in the language of the call.
    pub(super) fn question(&self, step: &Step) -> String {
        question(self.say, step, self.language)
    }

    /// The function that an output answers.
    pub(super) fn called(&self, id: &str) -> Option<&'a str> {
        self.prompt.history.iter().rev().find_map(|line| match line {
            Line::Call { name, call_id, .. } if call_id == id => Some(name.as_str()),
            Line::Call { .. }
            | Line::User(_)
            | Line::Assistant(_)
            | Line::System(_)
            | Line::Output { .. } => None,
        })
    }

    /// The caller's words that caused the last function calls.
    pub(super) fn words_before_call(&self) -> Option<&'a str> {
        let said = self.prompt.history.iter().rev().find_map(|line| match line {
            Line::User(text) => Some(Some(text.as_str())),
            Line::Assistant(_) => Some(None),
            Line::System(_) | Line::Call { .. } | Line::Output { .. } => None,
        });
        said.flatten()
    }

    /// Whether the words only answer the question whether to go on.
    pub(super) fn only_goes_on(&self, words: &str) -> bool {
        self.aside && self.script.agrees(words) && !self.names_something(words)
    }

    /// Whether the caller asked something.
    pub(super) fn asks(&self, words: &str) -> bool {
        let script = self.script;
        let asking = [&script.prices, &script.languages, &script.questions];
        asks(words) || asking.into_iter().any(|phrases| has_any(words, phrases))
    }

    /// Whether the words don't answer an open question: noise, a mere "yes", a goodbye, a decline or a
    /// question.
    pub(super) fn is_beside_the_flow(&self, words: &str) -> bool {
        let bare = plain(words);
        bare.trim().is_empty()
            || self.script.agreements.iter().any(|yes| plain(yes) == bare)
            || has_any(words, &self.script.goodbyes)
            || has_any(words, &self.script.declines)
            || self.asks(words)
    }

    fn names_something(&self, words: &str) -> bool {
        Topic::of(&self.script.services, words).is_some()
            || Topic::of(&self.script.cities, words).is_some()
    }

    fn learn(&mut self, line: &Line) {
        match line {
            Line::User(text) => {
                if !self.only_goes_on(text) {
                    self.learn_from_caller(text);
                }
                self.aside = false;
            }
            Line::Assistant(text) => self.learn_from_model(text),
            Line::Output { call_id, output } => match self.called(call_id) {
                Some("find_available_slots") => self.note_offer(slots::times(output)),
                // A refused booking offers other slots in place of the earlier ones.
                Some("create_appointment" | "reschedule_appointment") => {
                    let others = slots::others(output);
                    self.slots.clear();
                    if !others.is_empty() {
                        self.note_offer(others);
                    }
                    self.held = slots::appointment(output).or(self.held.take());
                    let refused = slots::has_another(output).then(|| self.slot_of(call_id));
                    self.wanted = refused.flatten();
                }
                Some(_) | None => {}
            },
            Line::System(note) => self.learn_from_call(note),
            Line::Call { .. } => {}
        }
    }

    /// A note can tell a telephone call: a line for each turn.
    fn learn_from_call(&mut self, note: &str) {
        let mut told = false;
        for line in note.lines() {
            if let Some(words) = line.strip_prefix("the person: ") {
                self.learn_from_caller(words);
            } else if let Some(words) = line.strip_prefix("you: ") {
                self.learn_from_model(words);
                told = true;
            }
        }
        if told {
            (self.open, self.aside) = (None, false);
        }
    }

    fn note_offer(&mut self, slots: Vec<String>) {
        self.offered.clone_from(&slots);
        self.slots = slots;
    }

    /// The slot that a function call asked for.
    fn slot_of(&self, id: &str) -> Option<String> {
        self.prompt.history.iter().rev().find_map(|line| match line {
            Line::Call { call_id, arguments, .. } if call_id == id => slots::wanted(arguments),
            Line::Call { .. }
            | Line::User(_)
            | Line::Assistant(_)
            | Line::System(_)
            | Line::Output { .. } => None,
        })
    }

    /// The last question is the one that the next words may answer. A sentence without a question leaves
    /// the earlier one open.
    fn learn_from_model(&mut self, said: &str) {
        let script = self.script;
        let go_on = [&script.he, &script.en].map(|lines| lines.go_on.as_str());
        let own = self.conduct.go_on(self.language, &self.say.go_on);
        self.aside = go_on.into_iter().chain(own).any(|question| said.contains(question));
        let asked = self
            .of_the_flow(said)
            .or_else(|| [&script.he, &script.en].into_iter().find_map(|lines| step(lines, said)));
        let asked = asked.or_else(|| script.asks_for_yes(said).then_some(Step::Confirm));
        if asked.is_some() {
            self.open = asked;
        }
    }

    /// The step of the flow whose question a sentence has: of two with one question, that which is open.
    fn of_the_flow(&self, said: &str) -> Option<Step> {
        let languages = [(&self.script.he, "he"), (&self.script.en, "en")];
        let asks = |step: &Step| {
            languages
                .iter()
                .any(|(lines, language)| said.contains(&question(lines, step, language)))
        };
        let mut steps: Vec<Step> = self.steps().into_iter().filter(asks).collect();
        steps.sort_by_key(|step| self.known(step).is_some());
        steps.into_iter().next()
    }

    fn learn_from_caller(&mut self, text: &str) {
        let free = !self.is_beside_the_flow(text);
        let mut answered = false;
        if let Some(service) = Topic::of(&self.script.services, text) {
            self.service = Some(service.value.clone());
            answered = true;
        } else if free && self.open == Some(Step::Service) {
            self.service = Some(text.to_owned());
            answered = true;
        }
        if let Some(city) = Topic::of(&self.script.cities, text) {
            self.city = Some(city.value.clone());
            answered = true;
        } else if free && self.open == Some(Step::City) {
            self.city = Some(text.trim_start_matches("in ").trim_start_matches('ב').to_owned());
            answered = true;
        }
        let field = match &self.open {
            Some(Step::Confirm) if self.script.agrees(text) => {
                self.confirmed = true;
                None
            }
            Some(Step::Name) => Some("full_name"),
            Some(Step::Field(field)) => Some(field.as_str()),
            Some(Step::Service | Step::City | Step::Confirm) | None => None,
        };
        if let Some(field) = field.filter(|_| free) {
            self.noted.insert(field.to_owned(), text.to_owned());
            answered = true;
        }
        if answered || self.confirmed {
            self.open = None;
        }
    }
}

fn question(lines: &Lines, step: &Step, language: &str) -> String {
    match step {
        Step::Service => lines.ask_service.clone(),
        Step::City => lines.ask_city.clone(),
        Step::Name => lines.ask_name.clone(),
        Step::Field(field) => match fields::question(field, language) {
            Some(question) => question.to_owned(),
            None => lines.ask_field.replace("{field}", &field.replace('_', " ")),
        },
        Step::Confirm => lines.confirm.clone(),
    }
}

/// The question in a sentence of the model, if it is none of the flow's.
fn step(lines: &Lines, said: &str) -> Option<Step> {
    let fixed = [
        (&lines.ask_service, Step::Service),
        (&lines.ask_city, Step::City),
        (&lines.ask_name, Step::Name),
    ];
    let fixed = fixed.into_iter().find(|(question, _)| said.contains(question.as_str()));
    fixed.map(|(_, step)| step).or_else(|| lines.field_asked(said).map(Step::Field))
}
