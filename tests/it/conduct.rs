//! PROMPT-2: the practice model follows the prompt's rules of conduct, in Hebrew and English.

use practice::openai::{Brain, BrainTurn as Turn, Line, Prompt};
use protocol::business::{BusinessSettings, Language};
use protocol::ids::{PhoneNumber, Slug};
use protocol::prompt::{LeadFacts, PromptParts, system_prompt};
use protocol::twilio::forms::Direction;
use serde_json::{Value, json};

const GO_ON: &str = "רוצה שנמשיך מאיפה שהיינו?";
const ALL: [&str; 4] =
    ["update_lead_details", "call_control", "find_available_slots", "create_appointment"];

/// A conversation with the practice model: each entry is a line of the caller, or a tool's output.
struct Talk {
    brain: Brain,
    tools: Vec<String>,
    instructions: String,
    history: Vec<Line>,
}

/// The system prompt of a business with this language, on 2026-11-22.
fn prompt_in(language: &str) -> String {
    let numbers = vec![PhoneNumber::parse("+97231234567").unwrap()];
    let slug = Slug::parse("tel-aviv-locks").unwrap();
    let mut business = BusinessSettings::new(slug, "Tel Aviv Locks", numbers);
    business.language = Language::parse(language).unwrap();
    business.ending.required_lead_fields =
        ["service_category", "problem_description", "city"].map(str::to_owned).to_vec();
    system_prompt(&PromptParts {
        business: &business,
        business_prompt: "",
        direction: Direction::Inbound,
        now: "2026-11-22T12:05:00Z".parse().unwrap(),
        caller: Some("+972501234567"),
        lead: &LeadFacts::default(),
        appointments: &[],
        messages: &[],
    })
}

impl Talk {
    fn new(tools: &[&str]) -> Self {
        Self {
            brain: Brain::default(),
            tools: tools.iter().map(|&tool| tool.to_owned()).collect(),
            instructions: prompt_in("he"),
            history: Vec::new(),
        }
    }

    fn decide(&mut self) -> Turn {
        let turn = self.brain.decide(&Prompt {
            instructions: &self.instructions,
            tools: &self.tools,
            history: &self.history,
        });
        self.history.extend(turn.say.clone().map(Line::Assistant));
        for (name, arguments) in &turn.calls {
            let call_id = format!("call_{}", self.history.len());
            let (name, arguments) = (name.clone(), arguments.to_string());
            self.history.push(Line::Call { name, call_id, arguments });
        }
        turn
    }

    fn caller(&mut self, words: &str) -> Turn {
        self.history.push(Line::User(words.to_owned()));
        self.decide()
    }

    fn output(&mut self, output: &Value) -> Turn {
        let Some(Line::Call { call_id, .. }) = self.history.last() else { panic!("no call") };
        let call_id = call_id.clone();
        self.history.push(Line::Output { call_id, output: output.to_string() });
        self.decide()
    }
}

fn say(turn: Turn) -> String {
    assert!(turn.calls.is_empty(), "{turn:?}");
    turn.say.unwrap()
}

/// A conversation that has reached the question for the city.
fn at_the_city() -> Talk {
    let mut talk = Talk::new(&ALL);
    talk.caller("מנעול חכם");
    assert_eq!(talk.output(&json!({"ok": true})), Turn::saying("באיזו עיר מדובר?"));
    talk
}

#[test]
fn prompt_2_the_call_begins_in_the_prompts_language_until_the_caller_speaks() {
    for (language, question) in
        [("he", "איזו עבודה צריך לבצע?"), ("en", "What kind of work do you need?")]
    {
        let mut talk = Talk::new(&[]);
        talk.instructions = prompt_in(language);
        talk.history.push(Line::User("the caller pressed 5".into()));
        assert!(say(talk.decide()).contains(question));
        assert!(say(talk.caller("OK")).contains(question), "\"OK\" is no language");
        assert!(say(talk.caller("")).contains(question), "nor is a noise");
    }
}

#[test]
fn prompt_2_a_caller_who_speaks_another_language_is_answered_in_it_to_the_end_of_the_call() {
    let mut talk = Talk::new(&[]);
    assert_eq!(say(talk.caller("מנעול חכם")), "באיזו עיר מדובר?");
    let answer = say(talk.caller("Sorry, do you speak English?"));
    assert_eq!(answer, "Yes, of course. Shall we go on from where we were?");
    assert_eq!(say(talk.caller("yes")), "Which city is it in?");
    let summary = say(talk.caller("תל אביב"));
    assert!(summary.starts_with("To sum up"), "a Hebrew name doesn't switch back: {summary}");
    assert!(say(talk.caller("כן")).starts_with("Great"));
    assert!(say(talk.caller("bye")).starts_with("Thank you for calling"));
}

#[test]
fn prompt_2_an_english_call_switches_to_hebrew_and_stays_in_it() {
    let mut talk = Talk::new(&[]);
    talk.instructions = prompt_in("en");
    assert_eq!(say(talk.caller("I need a smart lock")), "Which city is it in?");
    assert!(say(talk.caller("אפשר בעברית?")).ends_with(GO_ON), "in the call's own language");
    assert!(say(talk.caller("Haifa")).starts_with("לסיכום"));
}

#[test]
fn prompt_2_without_the_rule_the_model_mixes_languages() {
    let mut talk = Talk::new(&[]);
    talk.instructions = "Be kind.".into();
    talk.caller("I need a smart lock");
    assert!(say(talk.caller("תל אביב")).starts_with("לסיכום"));
    assert!(say(talk.caller("yes")).starts_with("Great"));
}

#[test]
fn prompt_2_a_callers_question_is_answered_first_and_the_flow_stays_at_its_step() {
    let mut talk = at_the_city();
    let answer = say(talk.caller("כמה זה עולה?"));
    assert_eq!(answer, format!("המחיר נקבע לפי העבודה ונמסר מראש. {GO_ON}"));
    assert_eq!(say(talk.caller("כן")), "באיזו עיר מדובר?", "back to the same step");
    let turn = talk.caller("בחיפה");
    assert_eq!(turn, Turn::calling("update_lead_details", json!({"fields": {"city": "חיפה"}})));
}

#[test]
fn prompt_2_the_open_question_can_be_answered_directly_after_an_aside() {
    let mut talk = at_the_city();
    talk.caller("מתי אתם פתוחים?");
    let turn = talk.caller("רמת גן");
    let fields = json!({"fields": {"city": "רמת גן"}});
    assert_eq!(turn, Turn::calling("update_lead_details", fields));
}

#[test]
fn prompt_2_a_yes_to_going_on_does_not_answer_the_open_question() {
    let mut talk = at_the_city();
    talk.caller("בתל אביב");
    let summary = say(talk.output(&json!({"ok": true})));
    assert!(summary.ends_with("נכון?"));
    assert!(say(talk.caller("וכמה זה יעלה?")).ends_with(GO_ON));
    assert_eq!(say(talk.caller("כן")), summary, "the summary is asked again");
    assert!(say(talk.caller("כן")).starts_with("מעולה"));
}

#[test]
fn prompt_2_a_question_that_comes_with_an_answer_is_answered_before_the_next_step() {
    let mut talk = at_the_city();
    let turn = talk.caller("בתל אביב, כמה זה עולה?");
    assert_eq!(turn.calls[0].0, "update_lead_details", "the detail is saved at once");
    let answer = say(talk.output(&json!({"ok": true})));
    assert!(answer.starts_with("המחיר") && answer.ends_with(GO_ON), "{answer}");
    assert!(say(talk.caller("כן")).starts_with("לסיכום"));
}

#[test]
fn prompt_2_unknown_facts_are_not_invented() {
    let mut talk = at_the_city();
    assert_eq!(
        say(talk.caller("יש לכם חניה?")),
        format!("על זה העסק יחזור אליך עם תשובה. {GO_ON}")
    );
}

#[test]
fn prompt_2_without_the_rule_a_question_does_not_stop_the_flow() {
    let mut talk = at_the_city();
    talk.instructions = talk.instructions.replace("לא לקדם את השיחה באותה תשובה", "");
    assert!(say(talk.caller("כמה זה עולה?")).ends_with("באיזו עיר מדובר?"));
}

#[test]
fn prompt_2_one_question_is_asked_at_a_time_and_no_new_one_before_the_last_is_answered() {
    let mut talk = Talk::new(&[]);
    for words in ["", "אבגד", "לא תודה", "כמה זה עולה?", "מנעול חכם", "כן", "תל אביב"]
    {
        let said = say(talk.caller(words));
        assert!(said.matches('?').count() <= 1, "{said}");
    }
}

#[test]
fn prompt_2_without_the_rule_all_that_is_missing_is_asked_at_once() {
    let mut talk = Talk::new(&[]);
    talk.instructions = "דברו יפה.".into();
    assert_eq!(say(talk.caller("")).matches('?').count(), 2);
}

#[test]
fn prompt_2_an_unanswered_question_is_asked_again_and_no_other() {
    let mut talk = at_the_city();
    for words in ["", "לא תודה", "כמה זה עולה?", "כן"] {
        let said = say(talk.caller(words));
        assert!(!said.contains("נכון?") && !said.contains("עבודה צריך"), "{said}");
    }
}
