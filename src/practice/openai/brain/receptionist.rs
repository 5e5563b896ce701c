//! A receptionist: finds out the job and the city, has them confirmed, books a visit, and ends
//! the call when the caller says goodbye.

use serde_json::{Value, json};

use super::script::{Lines, Script, Topic};
use super::words::has_any;
use super::{Line, Prompt, Turn, language_of, slots};

/// What the receptionist does next.
pub(super) fn decide(script: &Script, prompt: &Prompt<'_>) -> Turn {
    let desk = Desk::new(script, prompt);
    let news = desk.news();
    let words: Vec<&str> = news.iter().filter_map(|line| user_text(line)).collect();
    if !words.is_empty() {
        return desk.answer(&words.join(" "));
    }
    let output = news.iter().rev().find_map(|line| match line {
        Line::Output { call_id, output } => Some((desk.called(call_id), output.as_str())),
        Line::User(_) | Line::Assistant(_) | Line::System(_) | Line::Call { .. } => None,
    });
    match output {
        Some((Some(name), output)) => desk.after_tool(name, output),
        Some((None, _)) | None => {
            Turn::saying(format!("{} {}", desk.say.resume, desk.next_question()))
        }
    }
}

/// Everything known from the conversation so far.
struct Desk<'a> {
    script: &'a Script,
    prompt: &'a Prompt<'a>,
    say: &'a Lines,
    service: Option<String>,
    city: Option<String>,
    confirmed: bool,
    slots: Vec<String>,
    last_said: Option<&'a str>,
}

impl<'a> Desk<'a> {
    fn new(script: &'a Script, prompt: &'a Prompt<'a>) -> Self {
        let language = prompt
            .history
            .iter()
            .rev()
            .find_map(user_text)
            .map_or_else(|| language_of(prompt.instructions), language_of);
        let mut desk = Self {
            script,
            prompt,
            say: script.lines(language),
            service: None,
            city: None,
            confirmed: false,
            slots: Vec::new(),
            last_said: None,
        };
        for line in prompt.history {
            desk.learn(line);
        }
        desk
    }

    fn learn(&mut self, line: &'a Line) {
        match line {
            Line::User(text) => self.learn_from_caller(text),
            Line::Assistant(text) => self.last_said = Some(text),
            Line::Output { call_id, output } => match self.called(call_id) {
                Some("find_available_slots") => self.slots = slots::times(output),
                // Whatever it names stands instead: other slots, where the one wanted has gone.
                Some("create_appointment") => self.slots = slots::others(output),
                Some(_) | None => {}
            },
            Line::System(_) | Line::Call { .. } => {}
        }
    }

    fn learn_from_caller(&mut self, text: &str) {
        let asked = |question: &str| self.last_said.is_some_and(|said| said.contains(question));
        let beside = self.is_beside_the_flow(text);
        let answers = |he: &str, en: &str| (asked(he) || asked(en)) && !beside;
        let (he, en) = (&self.script.he, &self.script.en);
        if let Some(service) = Topic::of(&self.script.services, text) {
            self.service = Some(service.value.clone());
        } else if answers(&he.ask_service, &en.ask_service) {
            self.service = Some(text.to_owned());
        }
        if let Some(city) = Topic::of(&self.script.cities, text) {
            self.city = Some(city.value.clone());
        } else if answers(&he.ask_city, &en.ask_city) {
            self.city = Some(text.trim_start_matches("in ").trim_start_matches('ב').to_owned());
        }
        if self.last_said.is_some_and(|said| self.script.asks_for_yes(said))
            && self.script.agrees(text)
        {
            self.confirmed = true;
        }
    }

    fn is_beside_the_flow(&self, text: &str) -> bool {
        has_any(text, &self.script.goodbyes)
            || has_any(text, &self.script.declines)
            || has_any(text, &self.script.questions)
    }

    /// The lines since the receptionist last said or did something.
    fn news(&self) -> &'a [Line] {
        let done = self.prompt.history.iter().rposition(|line| match line {
            Line::Assistant(_) | Line::Call { .. } => true,
            Line::User(_) | Line::System(_) | Line::Output { .. } => false,
        });
        &self.prompt.history[done.map_or(0, |at| at + 1)..]
    }

    fn called(&self, id: &str) -> Option<&'a str> {
        self.prompt.history.iter().rev().find_map(|line| match line {
            Line::Call { name, call_id, .. } if call_id == id => Some(name.as_str()),
            Line::Call { .. }
            | Line::User(_)
            | Line::Assistant(_)
            | Line::System(_)
            | Line::Output { .. } => None,
        })
    }

    fn answer(&self, words: &str) -> Turn {
        let script = self.script;
        if has_any(words, &script.goodbyes) {
            return self.goodbye();
        }
        let agrees = script.agrees(words);
        if let Some(slot) = slots::chosen(&self.slots, words, agrees)
            && self.offers("create_appointment")
        {
            return Turn::calling("create_appointment", json!({"slot_start": slot}));
        }
        if has_any(words, &script.appointments) && self.offers("find_available_slots") {
            let today = slots::first_date(self.prompt.instructions);
            return Turn::calling("find_available_slots", json!({"date_iso": today}));
        }
        if let Some(fields) = self.told(words) {
            return self.note(fields);
        }
        if has_any(words, &script.declines) {
            return Turn::saying(&self.say.declined);
        }
        if has_any(words, &script.questions) {
            return Turn::saying(&self.say.answer);
        }
        if self.confirmed && agrees {
            return Turn::saying(&self.say.confirmed);
        }
        Turn::saying(format!("{} {}", self.say.unclear, self.next_question()))
    }

    /// What the caller's words add to the lead.
    fn told(&self, words: &str) -> Option<Value> {
        let mut fields = serde_json::Map::new();
        let (he, en) = (&self.script.he, &self.script.en);
        let asked = |he: &str, en: &str| {
            !self.is_beside_the_flow(words)
                && self.last_said.is_some_and(|said| said.contains(he) || said.contains(en))
        };
        let names_service = Topic::of(&self.script.services, words).is_some();
        if names_service || asked(&he.ask_service, &en.ask_service) {
            fields.insert("service_category".into(), json!(self.service));
            fields.insert("problem_description".into(), json!(words));
        }
        let names_city = Topic::of(&self.script.cities, words).is_some();
        if names_city || asked(&he.ask_city, &en.ask_city) {
            fields.insert("city".into(), json!(self.city));
        }
        if asked(&he.ask_name, &en.ask_name) {
            return Some(json!({"full_name": words}));
        }
        if let Some(field) = self.asked_field().filter(|_| fields.is_empty()) {
            fields.insert(field, json!(words));
        }
        (!fields.is_empty()).then(|| json!({"fields": fields}))
    }

    /// The field that the last sentence asked for by its name.
    fn asked_field(&self) -> Option<String> {
        let said = self.last_said?;
        [&self.script.he, &self.script.en].iter().find_map(|lines| {
            let (before, after) = lines.ask_field.split_once("{field}")?;
            let (_, rest) = said.split_once(before)?;
            let (field, _) = rest.split_once(after)?;
            Some(field.trim().replace(' ', "_"))
        })
    }

    fn note(&self, arguments: Value) -> Turn {
        if self.offers("update_lead_details") {
            Turn::calling("update_lead_details", arguments)
        } else {
            Turn::saying(self.next_question())
        }
    }

    fn goodbye(&self) -> Turn {
        let mut turn = Turn::saying(&self.say.closing);
        if self.offers("call_control") {
            let arguments = json!({
                "should_end_call": true,
                "end_reason": "user_goodbye",
                "lead_status": "complete",
                "missing_fields": [],
                "notes": "",
            });
            turn.calls.push(("call_control".to_owned(), arguments));
        }
        turn
    }

    fn after_tool(&self, name: &str, output: &str) -> Turn {
        match name {
            "find_available_slots" => self.offer(output),
            "create_appointment" => Turn::saying(slots::sentence(output).unwrap_or_else(|| {
                let booked = slots::times(output);
                let slot = booked.first().map_or("", |slot| slots::time_of_day(slot));
                self.say.booked.replace("{slot}", slot)
            })),
            "call_control" => Turn::saying(match first_missing(output).as_deref() {
                Some(field) => self.question_for(field),
                None => self.next_question(),
            }),
            _ => Turn::saying(self.next_question()),
        }
    }

    fn offer(&self, output: &str) -> Turn {
        if let Some(sentence) = slots::sentence(output) {
            return Turn::saying(sentence);
        }
        let times = slots::times(output);
        if times.is_empty() {
            return Turn::saying(&self.say.nothing_free);
        }
        let times: Vec<&str> = times.iter().take(3).map(|slot| slots::time_of_day(slot)).collect();
        Turn::saying(self.say.offer.replace("{slots}", &times.join(", ")))
    }

    fn next_question(&self) -> String {
        match (&self.service, &self.city) {
            (None, _) => self.say.ask_service.clone(),
            (Some(_), None) => self.say.ask_city.clone(),
            (Some(service), Some(city)) if !self.confirmed => {
                self.say.confirm.replace("{service}", service).replace("{city}", city)
            }
            (Some(_), Some(_)) => self.say.confirmed.clone(),
        }
    }

    fn question_for(&self, field: &str) -> String {
        match field {
            "service_category" | "problem_description" => self.say.ask_service.clone(),
            "city" => self.say.ask_city.clone(),
            "full_name" => self.say.ask_name.clone(),
            other => self.say.ask_field.replace("{field}", &other.replace('_', " ")),
        }
    }

    fn offers(&self, tool: &str) -> bool {
        self.prompt.tools.iter().any(|name| name == tool)
    }
}

fn user_text(line: &Line) -> Option<&str> {
    match line {
        Line::User(text) => Some(text),
        Line::Assistant(_) | Line::System(_) | Line::Call { .. } | Line::Output { .. } => None,
    }
}

/// The first field that a refused `call_control` names as missing.
fn first_missing(output: &str) -> Option<String> {
    let output: Value = serde_json::from_str(output).ok()?;
    Some(output.get("missing_fields")?.get(0)?.as_str()?.to_owned())
}
