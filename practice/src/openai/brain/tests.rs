//! Conversations in text.

use serde_json::{Value, json};

use super::*;

/// A Hebrew prompt with every rule of conduct and a date, worded as the daemon words them.
const INSTRUCTIONS: &str = "\
השיחה התחילה ב-2026-11-22 בשעה 14:05.
שפת ברירת המחדל היא עברית. אם המתקשר עובר לשפה אחרת, לעבור לאותה שפה עד סוף השיחה.
על שאלה לענות קודם, לא לקדם את השיחה באותה תשובה, לשאול \"רוצה שנמשיך מאיפה שהיינו?\".
לשאול שאלה פתוחה אחת בכל פעם.";

/// Lets a brain talk: each entry is a line of the caller, or a tool's output.
struct Talk {
    brain: Brain,
    tools: Vec<String>,
    instructions: String,
    history: Vec<Line>,
}

impl Talk {
    fn new(tools: &[&str]) -> Self {
        Self {
            brain: Brain::default(),
            tools: tools.iter().map(|&tool| tool.to_owned()).collect(),
            instructions: INSTRUCTIONS.to_owned(),
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

const ALL: [&str; 5] = [
    "update_lead_details",
    "call_control",
    "find_available_slots",
    "create_appointment",
    "reschedule_appointment",
];

#[test]
fn prac_1_the_demo_conversation_runs_from_the_job_to_the_goodbye() {
    let mut talk = Talk::new(&ALL);
    let turn = talk.caller("התקנת מנעול חכם");
    let fields = json!({"fields": {"service_category": "התקנת מנעול חכם",
        "problem_description": "התקנת מנעול חכם"}});
    assert_eq!(turn, Turn::calling("update_lead_details", fields));
    assert_eq!(talk.output(&json!({"ok": true})), Turn::saying("באיזו עיר מדובר?"));
    let turn = talk.caller("בתל אביב");
    assert_eq!(turn, Turn::calling("update_lead_details", json!({"fields": {"city": "תל אביב"}})));
    let summary = talk.output(&json!({"ok": true})).say.unwrap();
    assert_eq!(summary, "לסיכום, התקנת מנעול חכם, תל אביב. נכון?");
    assert!(talk.caller("כן").say.unwrap().starts_with("מעולה"));

    let turn = talk.caller("אפשר לקבוע תור?");
    assert_eq!(turn, Turn::calling("find_available_slots", json!({"date_iso": "2026-11-22"})));
    let free = json!({"slots": ["2026-11-22T09:00:00+02:00", "2026-11-22T10:30:00+02:00"]});
    assert_eq!(talk.output(&free).say.unwrap(), "יש לי פנוי בשעה 09:00, 10:30. מה מתאים?");
    let turn = talk.caller("10:30 מתאים");
    let slot = json!({"slot_start": "2026-11-22T10:30:00+02:00"});
    assert_eq!(turn, Turn::calling("create_appointment", slot));
    let booked = json!({"ok": true, "appointment_id": "7", "message": "קבעתי ליום ראשון ב-10:30.",
        "slot_start": "2026-11-22T10:30:00+02:00"});
    assert_eq!(talk.output(&booked), Turn::saying("קבעתי ליום ראשון ב-10:30."));

    let turn = talk.caller("בעצם, אפשר ב-09:00 במקום?");
    let nine = json!({"appointment_id": "7", "slot_start": "2026-11-22T09:00:00+02:00"});
    assert_eq!(turn, Turn::calling("reschedule_appointment", nine));
    let moved = json!({"ok": true, "say": "העברתי ל-09:00."});
    assert_eq!(talk.output(&moved), Turn::saying("העברתי ל-09:00."));

    let turn = talk.caller("תודה, להתראות");
    assert!(turn.say.unwrap().ends_with("להתראות!"));
    assert_eq!(turn.calls[0].0, "call_control");
    assert_eq!(turn.calls[0].1["end_reason"], "user_goodbye");
}

#[test]
fn prac_1_the_caller_is_answered_in_english_when_they_speak_it() {
    let mut talk = Talk::new(&[]);
    assert_eq!(talk.caller("I need a smart lock"), Turn::saying("Which city is it in?"));
    assert!(talk.caller("in Ramat Gan").say.unwrap().contains("Ramat Gan. Is that correct?"));
    assert!(talk.caller("yes").say.unwrap().starts_with("Great"));
    assert!(talk.caller("bye").calls.is_empty(), "no tool was offered");
}

#[test]
fn end_4_a_lone_decline_gets_a_polite_reply_and_ends_nothing() {
    let mut talk = Talk::new(&ALL);
    let turn = talk.caller("לא תודה");
    assert_eq!(turn, Turn::saying("אין בעיה. אני כאן אם צריך משהו נוסף."));
    assert_eq!(talk.caller("לא תודה, ביי").calls[0].0, "call_control");
}

#[test]
fn end_4_a_decline_with_a_request_is_taken_as_the_request() {
    let mut talk = Talk::new(&ALL);
    let turn = talk.caller("לא תודה, בעצם אני צריך מנעול חכם");
    assert_eq!(turn.calls[0].0, "update_lead_details");
}

#[test]
fn cal_1_a_slot_that_does_not_suit_is_not_booked() {
    let mut talk = Talk::new(&ALL);
    talk.caller("אפשר לקבוע תור?");
    talk.output(&json!({"slots": ["2026-11-22T09:00:00+02:00"]}));
    assert!(talk.caller("לא מתאים לי").calls.is_empty());
    assert_eq!(talk.caller("טוב, בסדר").calls[0].0, "create_appointment");
}

#[test]
fn cal_3_of_the_slots_that_are_offered_for_one_that_has_gone_another_is_booked() {
    let mut talk = Talk::new(&ALL);
    talk.caller("אפשר לקבוע תור?");
    let offer = json!({"say": "פנוי ב-09:00.", "slots": ["2026-11-22T09:00:00+02:00"]});
    assert_eq!(talk.output(&offer), Turn::saying("פנוי ב-09:00."));
    talk.caller("מתאים");
    let gone = json!({"ok": false, "say": "נתפס.", "slots": ["2026-11-22T10:30:00+02:00"]});
    assert_eq!(talk.output(&gone), Turn::saying("נתפס."));
    let slot = json!({"slot_start": "2026-11-22T10:30:00+02:00"});
    assert_eq!(talk.caller("בסדר"), Turn::calling("create_appointment", slot));
}

#[test]
fn cal_6_a_caller_who_holds_an_appointment_moves_it_or_gets_one_more_as_they_say() {
    let held = json!({"ok": false, "error": "already_booked", "say": "להעביר, או לקבוע פגישה נוספת?",
        "appointments": [{"appointment_id": "7", "slot_start": "2026-11-20T12:00:00+02:00"}]});
    let ten = "2026-11-22T10:00:00+02:00";
    for (words, call, arguments) in [
        ("תעביר אותה", "reschedule_appointment", json!({"appointment_id": "7", "slot_start": ten})),
        (
            "להעביר, ל-15:30",
            "reschedule_appointment",
            json!({"appointment_id": "7", "slot_start": "2026-11-20T15:30:00+02:00"}),
        ),
        ("פגישה נוספת", "create_appointment", json!({"slot_start": ten, "additional": true})),
    ] {
        let mut talk = Talk::new(&ALL);
        talk.caller("אפשר לקבוע תור?");
        talk.output(&json!({"say": "פנוי ב-10:00.", "slots": [ten]}));
        assert_eq!(
            talk.caller("מתאים"),
            Turn::calling("create_appointment", json!({"slot_start": ten}))
        );
        talk.output(&held);
        assert_eq!(talk.caller(words), Turn::calling(call, arguments), "{words}");
    }
}

#[test]
fn end_2_a_refused_end_makes_the_receptionist_ask_for_the_first_missing_field() {
    let mut talk = Talk::new(&ALL);
    talk.caller("ביי");
    let turn = talk.output(&json!({"accepted": false, "missing_fields": ["gate_code", "city"]}));
    assert_eq!(turn, Turn::saying("מה לרשום עבור gate code?"));
    let turn = talk.caller("אלף שתיים");
    let fields = json!({"fields": {"gate_code": "אלף שתיים"}});
    assert_eq!(turn, Turn::calling("update_lead_details", fields));
}

#[test]
fn what_is_not_understood_is_asked_again() {
    let mut talk = Talk::new(&ALL);
    assert_eq!(talk.caller("אבגד הוז"), Turn::saying("סליחה, לא הבנתי. איזו עבודה צריך לבצע?"));
}

#[test]
fn res_3_the_conversation_continues_after_a_history_of_text_items() {
    let mut talk = Talk::new(&ALL);
    talk.history = vec![
        Line::User("התקנת מנעול חכם".into()),
        Line::Assistant("באיזו עיר מדובר?".into()),
        Line::System("The line was interrupted for a moment.".into()),
    ];
    assert_eq!(talk.decide(), Turn::saying("אני כאן, אפשר להמשיך. באיזו עיר מדובר?"));
}

#[test]
fn end_5_dictated_words_are_said_as_they_are_whatever_was_heard() {
    let mut talk = Talk::new(&ALL);
    talk.history.push(Line::User("התקנת מנעול חכם".into()));
    talk.instructions = "Say exactly the following text, word for word, in its own language, and \
                         nothing else:\n\"\"\"\nשלום, \"מנעולי\" תל אביב.\n\"\"\""
        .into();
    assert_eq!(talk.decide(), Turn::saying("שלום, \"מנעולי\" תל אביב."));
    talk.instructions = "Say in English what the following text means, all of it and nothing else:\n\
                         \"\"\"\nהכול טוב, תודה שדיברת איתי. אם תתחרט בעתיד תמיד אפשר לפנות אלינו שוב.\n\"\"\""
        .into();
    assert!(talk.decide().say.unwrap().starts_with("That's all right"));
}

#[test]
fn prac_5_a_scenario_brings_its_own_rules() {
    let rules: Vec<Rule> = toml::from_str::<std::collections::BTreeMap<String, Vec<Rule>>>(
        r#"
        [[rule]]
        heard = ["המחיר"]
        calls = [{ name = "price", arguments = { item = "lock" } }]
        [[rule]]
        after_tool = "price"
        output_has = "300"
        say = "שלוש מאות"
        [[rule]]
        say = "מה?"
        "#,
    )
    .unwrap()
    .remove("rule")
    .unwrap();
    let mut talk = Talk::new(&["price"]);
    talk.brain = Brain::Scripted(rules);
    assert_eq!(talk.caller("מה המחיר?"), Turn::calling("price", json!({"item": "lock"})));
    assert_eq!(talk.output(&json!({"price": 300})), Turn::saying("שלוש מאות"));
    assert_eq!(talk.caller("תודה"), Turn::saying("מה?"));
}

#[test]
fn prac_5_a_script_can_change_a_few_words_and_keep_the_rest() {
    let script: Script = toml::from_str("goodbyes = [\"adieu\"]").unwrap();
    assert_eq!(script.goodbyes, ["adieu"]);
    assert_eq!(script.services, Script::default().services);
    assert!(toml::from_str::<Script>("godbyes = []").is_err());
}
