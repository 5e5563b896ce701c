//! A receptionist: asks for what the prompt says must be collected, has it confirmed, books a visit, and ends the
//! call when the caller says goodbye. The prompt's rules of conduct decide how it converses.

mod dialogue;

use serde_json::{Value, json};

use super::script::{Script, Topic};
use super::slots;
use super::turn::{Line, Prompt, Turn};
use super::words::has_any;
use dialogue::{Dialogue, Step};

pub(super) fn decide(script: &Script, prompt: &Prompt<'_>) -> Turn {
    let dialogue = Dialogue::new(script, prompt);
    let words: Vec<&str> = dialogue.news.iter().filter_map(|line| user_text(line)).collect();
    if !words.is_empty() {
        return dialogue.answer(&words.join(" "));
    }
    let output = dialogue.news.iter().rev().find_map(|line| match line {
        Line::Output { call_id, output } => Some((dialogue.called(call_id), output.as_str())),
        Line::User(_) | Line::Assistant(_) | Line::System(_) | Line::Call { .. } => None,
    });
    match output {
        Some((Some(name), output)) => dialogue.after_tool(name, output),
        Some((None, _)) | None => {
            Turn::saying(format!("{} {}", dialogue.say.resume, dialogue.next_question()))
        }
    }
}

impl Dialogue<'_> {
    fn answer(&self, words: &str) -> Turn {
        let script = self.script;
        if has_any(words, &script.goodbyes) {
            return self.goodbye();
        }
        if has_any(words, &script.refusals) && self.offers("call_control") {
            return self.declined_for_good();
        }
        if has_any(words, &script.persons) && self.offers("transfer_call") {
            return Turn::calling("transfer_call", json!({}));
        }
        if self.only_goes_on(words) {
            return Turn::saying(self.next_question());
        }
        if let Some(turn) = self.about_the_held_appointment(words) {
            return turn;
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
        if has_any(words, &script.requests) {
            return Turn::saying(format!("{} {}", self.say.gladly, self.next_question()));
        }
        if let Some(fields) = self.details(words) {
            return self.note(fields, words);
        }
        if has_any(words, &script.declines) {
            return Turn::saying(&self.say.declined);
        }
        if self.asks(words) {
            return self.answer_question(words);
        }
        if self.confirmed && agrees {
            return Turn::saying(&self.say.confirmed);
        }
        Turn::saying(format!("{} {}", self.say.unclear, self.next_question()))
    }

    /// Moves the caller's appointment, or books one more beside it, if that is what they ask for.
    fn about_the_held_appointment(&self, words: &str) -> Option<Turn> {
        let held = self.held.as_ref()?;
        if has_any(words, &self.script.changes) && self.offers("reschedule_appointment") {
            let chosen = slots::chosen(&self.offered, words, false).cloned();
            let named = || slots::at_named_time(&held.start, words);
            let slot = chosen.or_else(named).or_else(|| self.wanted.clone())?;
            let arguments = json!({ "appointment_id": held.id, "slot_start": slot });
            return Some(Turn::calling("reschedule_appointment", arguments));
        }
        let slot = self.wanted.as_ref().filter(|_| has_any(words, &self.script.additions))?;
        let arguments = json!({ "slot_start": slot, "additional": true });
        Some(Turn::calling("create_appointment", arguments))
    }

    /// Answers the question, then asks whether to go on. Without that rule it asks the next question at
    /// once.
    fn answer_question(&self, words: &str) -> Turn {
        let hours = has_any(words, &self.script.hours).then(|| self.task.told_hours(self.language));
        let told = hours.flatten().map(|hours| self.say.open.replace("{hours}", &hours));
        let answer = if let Some(told) = &told {
            told
        } else if has_any(words, &self.script.prices) {
            &self.say.answer
        } else if has_any(words, &self.script.languages) {
            &self.say.speaks
        } else if Topic::of(&self.script.services, words).is_some() {
            &self.say.we_do
        } else {
            &self.say.unknown
        };
        let next = match self.conduct.go_on(self.language, &self.say.go_on) {
            Some(question) => question.to_owned(),
            // Nothing is left to ask.
            None if self.confirmed => return Turn::saying(answer.clone()),
            None => self.next_question(),
        };
        Turn::saying(format!("{answer} {next}"))
    }

    /// What the caller's words add to the lead.
    fn details(&self, words: &str) -> Option<Value> {
        let mut fields = serde_json::Map::new();
        let open = self.open.as_ref().filter(|_| !self.is_beside_the_flow(words));
        let names_service = Topic::of(&self.script.services, words).is_some();
        if names_service || open == Some(&Step::Service) {
            let is_known =
                |name: &str| self.task.fields.as_ref().is_none_or(|it| it.contains(&name));
            for (name, value) in
                [("service_category", json!(self.service)), ("problem_description", json!(words))]
            {
                if names_service || is_known(name) {
                    fields.insert(name.into(), value);
                }
            }
        }
        let names_city = Topic::of(&self.script.cities, words).is_some();
        if names_city || open == Some(&Step::City) {
            fields.insert("city".into(), json!(self.city));
        }
        match open {
            Some(Step::Name) => return Some(json!({"full_name": words})),
            Some(Step::Field(field)) if field == "email" => {
                return Some(json!({ "email": words }));
            }
            Some(Step::Field(field)) if fields.is_empty() => {
                fields.insert(field.clone(), json!(words));
            }
            Some(Step::Service | Step::City | Step::Field(_) | Step::Confirm) | None => {}
        }
        (!fields.is_empty()).then(|| json!({"fields": fields}))
    }

    fn note(&self, arguments: Value, words: &str) -> Turn {
        if self.offers("update_lead_details") {
            Turn::calling("update_lead_details", arguments)
        } else {
            self.after_noting(words)
        }
    }

    /// Answers a question that came with the detail, if there is one.
    fn after_noting(&self, words: &str) -> Turn {
        if self.asks(words) {
            self.answer_question(words)
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

    fn declined_for_good(&self) -> Turn {
        let arguments = json!({
            "should_end_call": true,
            "end_reason": "customer_declined",
            "lead_status": "declined",
        });
        Turn::calling("call_control", arguments)
    }

    fn after_tool(&self, name: &str, output: &str) -> Turn {
        match name {
            "find_available_slots" => self.offer(output),
            "create_appointment" | "reschedule_appointment" => {
                Turn::saying(slots::sentence(output).unwrap_or_else(|| {
                    let booked = slots::times(output);
                    let slot = booked.first().map_or("", |slot| slots::time_of_day(slot));
                    self.say.booked.replace("{slot}", slot)
                }))
            }
            "call_control" => Turn::saying(match first_missing(output).as_deref() {
                Some(field) => self.question_for(field),
                None => self.next_question(),
            }),
            _ => self.after_noting(self.words_before_call().unwrap_or_default()),
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

    /// The question of the current step. Without the rule of one question it asks all that is missing.
    fn next_question(&self) -> String {
        let steps = self.steps();
        let known = |step: &Step| self.known(step).is_some();
        if steps.is_empty() {
            return self.say.ask_anything.clone();
        }
        if !self.conduct.asks_one_question() && !steps.iter().any(known) {
            return steps.iter().map(|step| self.question(step)).collect::<Vec<_>>().join(" ");
        }
        if let Some(missing) = steps.iter().find(|step| !known(step)) {
            return self.question(missing);
        }
        if self.confirmed {
            return self.say.confirmed.clone();
        }
        let details: Vec<&str> = steps.iter().filter_map(|step| self.known(step)).collect();
        self.say.confirm.replace("{details}", &details.join(", "))
    }

    fn question_for(&self, field: &str) -> String {
        self.question(&Step::of(field))
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
