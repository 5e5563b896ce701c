//! Every tool that the model is offered, with ids of another person or business (LEAD-3).

use entities::leads::{HistoryEntry, LeadRecord, LeadStatus};
use practice::openai::{Brain, Record, Rule, ToolCall};
use practice::twilio::{CallView, CallerHandle, Done};
use protocol::business::Transfer;
use protocol::ids::LeadId;

use super::*;
use crate::support::{brief, practice};

/// The business's transfer target, and what a caller says who wants it.
const PERSON: &str = "+972501112233";
const TRANSFER: &str = "נציג";

/// What the caller says to make the model use a tool.
const CUES: [(&str, &str); 6] = [
    ("update_lead_details", "אלף"),
    ("find_available_slots", "בית"),
    ("create_appointment", "גימל"),
    ("reschedule_appointment", "וילון"),
    ("cancel_appointment", "דלת"),
    ("call_control", "הא"),
];

/// A person with an appointment, and arguments by which a model could try to reach it.
struct Other {
    person: Person,
    slot: String,
    appointment: String,
    /// Why the caller cannot get that slot.
    refused: &'static str,
    /// A slot that the caller can get.
    free: String,
    /// A slot that nobody has at the end.
    later: String,
}

/// All rows of a person.
#[derive(Debug, PartialEq)]
struct Rows(LeadRecord, Vec<HistoryEntry>, Vec<AppointmentRecord>);

impl Other {
    async fn new(person: Person, date: &str, refused: &'static str) -> Self {
        let slot = person.finds(date).await.remove(0);
        let booked = person.books(&slot).await;
        let appointment = booked["appointment_id"].as_str().expect("an id").to_owned();
        Self { person, slot, appointment, refused, free: String::new(), later: String::new() }
    }

    async fn rows(&self, db: &Database) -> Rows {
        let (business, lead) = (self.person.business, self.person.lead);
        let from = Timestamp::UNIX_EPOCH;
        Rows(
            leads::get(db, business, lead).await.unwrap().expect("the lead"),
            leads::history(db, business, lead, None, 99).await.unwrap().items,
            appointments::of_lead_upcoming(db, business, lead, from).await.unwrap(),
        )
    }

    /// Arguments that name this person and their business in every possible place.
    fn named(&self, more: Value) -> Value {
        let mut arguments = json!({
            "business_id": self.person.business.to_string(),
            "lead_id": self.person.lead.to_string(),
        });
        let (Value::Object(all), Value::Object(more)) = (&mut arguments, more) else {
            panic!("arguments are objects");
        };
        all.extend(more);
        arguments
    }

    /// What is tried with a tool, and a part of the expected answer. An unknown tool fails the test.
    fn attempts(&self, tool: &str) -> Vec<(Value, Value)> {
        let ignored = json!(["business_id", "lead_id"]);
        let nothing = json!({ "error": "no_such_appointment", "ignored": ignored });
        match tool {
            "update_lead_details" => {
                let fields = json!({ "city": "עכו", "lead_id": self.person.lead.to_string() });
                let told = json!({ "full_name": "דנה", "fields": fields });
                let ignored = json!(["business_id", "lead_id", "lead_id"]);
                let saved = json!(["full_name", "city"]);
                vec![(self.named(told), json!({ "ignored": ignored, "saved": saved }))]
            }
            "find_available_slots" => {
                let around = json!({ "date_iso": self.slot, "appointment_id": self.appointment });
                let ignored = json!(["appointment_id", "business_id", "lead_id"]);
                vec![(self.named(around), json!({ "ok": true, "ignored": ignored }))]
            }
            "create_appointment" => {
                let theirs = self.named(json!({ "slot_start": self.slot, "additional": true }));
                let own = self.named(json!({ "slot_start": self.free, "additional": true }));
                vec![
                    (theirs, json!({ "error": self.refused, "ignored": ignored })),
                    (own, json!({ "slot_start": self.free, "ignored": ignored })),
                ]
            }
            // The caller holds two by then, and neither is moved for somebody else's.
            "reschedule_appointment" => {
                let to = &self.later;
                let id = json!({ "appointment_id": self.appointment, "slot_start": to });
                let start = json!({ "from_start": self.slot, "slot_start": to });
                vec![(self.named(id), nothing.clone()), (self.named(start), nothing)]
            }
            "cancel_appointment" => vec![
                (self.named(json!({ "appointment_id": self.appointment })), nothing.clone()),
                (self.named(json!({ "slot_start": self.slot })), nothing),
            ],
            "call_control" => {
                let report = json!({
                    "should_end_call": false, "lead_status": "declined", "missing_fields": [],
                });
                vec![(self.named(report), json!({ "ok": true }))]
            }
            // A transfer closes the session, so `puts_through_to_the_business_alone` tries it last.
            "transfer_call" => Vec::new(),
            other => panic!("{other} is not tried with what is somebody else's: add it here"),
        }
    }
}

/// The names of the tools that the model was offered.
fn offered(record: &Record) -> Vec<String> {
    let update = record.of_kind("session.update").next().expect("a session");
    let tools = update.body["session"]["tools"].as_array().expect("tools");
    tools.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// The tool outputs that the model received, in order.
pub(super) fn outputs(record: &Record) -> Vec<Value> {
    let items = record.of_kind("conversation.item.create").map(|event| &event.body["item"]);
    let outputs = items.filter(|item| item["type"] == "function_call_output");
    outputs.map(|item| serde_json::from_str(item["output"].as_str().unwrap()).unwrap()).collect()
}

/// A model that tries everything, tool by tool.
fn brain(others: &[Other; 2]) -> Brain {
    let tried = |tool: &str| {
        let attempts = others.iter().flat_map(|other| other.attempts(tool));
        attempts.map(|(arguments, _)| ToolCall { name: tool.to_owned(), arguments }).collect()
    };
    let rules = CUES.iter().flat_map(|(tool, cue)| {
        let heard = vec![(*cue).to_owned()];
        let (after_tool, say) = (Some((*tool).to_owned()), Some("בסדר".to_owned()));
        [
            Rule { heard, calls: tried(tool), ..Rule::default() },
            Rule { after_tool, say, ..Rule::default() },
        ]
    });
    let number = crate::support::number(2);
    let arguments = others[0].named(json!({ "number": number, "to": number }));
    let transfer = ToolCall { name: "transfer_call".to_owned(), arguments };
    let heard = vec![TRANSFER.to_owned()];
    let transfer = Rule { heard, calls: vec![transfer], ..Rule::default() };
    Brain::Scripted(rules.chain([transfer]).collect())
}

/// The model asks for a transfer and names somebody else: the business's own person is called.
async fn puts_through_to_the_business_alone(caller: &CallerHandle) {
    within("the wish", caller.say(TRANSFER)).await.unwrap();
    let dialled = |view: &CallView| -> Vec<Done> {
        let done = view.verbs.iter().map(|verb| verb.what.clone());
        done.filter(|what| matches!(what, Done::Dialled { .. })).collect()
    };
    within("the ringing", caller.until(|view| !dialled(view).is_empty())).await.unwrap();
    let person = Done::Dialled { number: PERSON.to_owned() };
    assert_eq!(dialled(&caller.view().borrow()), [person]);
}

/// Another lead of the same business, and the caller's number in a business that opens at night.
async fn others(world: &World) -> [Other; 2] {
    let date = ahead(world, 3);
    let mine = Person::new(world, 1).await;
    let mut settings = world.business.clone();
    open_daily(&mut settings, "03:00-04:00");
    let appointments = settings.appointments.clone();
    let id = import(world, "night", |night| night.appointments = appointments).await;
    let abroad = lead(world, id, 1).await;
    let abroad =
        Person { business: id, lead: abroad, settings: Arc::new(settings), ..mine.clone() };
    let neighbour = Other::new(Person::new(world, 2).await, &date, "taken").await;
    let date = &neighbour.slot[..10];
    let foreign = Other::new(abroad, date, "outside_hours").await;
    assert_eq!(&foreign.slot[..10], date, "both are booked on one day");
    let free = mine.finds(date).await;
    let evening = mine.finds(&format!("{date}T23:00")).await.remove(0);
    let give =
        |other: Other, free: &String| Other { free: free.clone(), later: evening.clone(), ..other };
    [give(neighbour, &free[0]), give(foreign, &free[2])]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lead_3_no_tool_of_the_model_reaches_another_persons_lead_or_appointment() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("foreign.db").display());
    let world = world_on(&url).await;
    let others = others(&world).await;
    let mine: LeadId = lead(&world, world.business_id, 1).await;
    world.close().await;

    let mut plan = plan();
    brief(&mut plan);
    plan.config.database.url = DatabaseUrl::parse(&url).unwrap();
    plan.openai.brain = brain(&others);
    let number = PhoneNumber::parse(PERSON).unwrap();
    plan.business.transfer = Some(Transfer { number, text: None });
    let world = World::open(plan).await.unwrap();
    let db = &world.app.services().database;
    let before = [others[0].rows(db).await, others[1].rows(db).await];

    let caller = world.dial(&crate::support::number(1));
    within("the greeting", caller.hears("שלום")).await.unwrap();
    let log = practice(&world).log();
    for tool in log.look(offered) {
        let tried: Vec<_> = others.iter().flat_map(|other| other.attempts(&tool)).collect();
        if tried.is_empty() {
            continue;
        }
        let (_, cue) = CUES.iter().find(|(name, _)| *name == tool).expect("a cue");
        let known = log.look(outputs).len();
        within("the cue", caller.say(cue)).await.unwrap();
        within("the model's word", caller.hears("בסדר")).await.unwrap();
        let answers = log.look(outputs).split_off(known);
        assert_eq!(answers.len(), tried.len(), "{tool}");
        for ((arguments, expected), answer) in tried.iter().zip(&answers) {
            for (key, value) in expected.as_object().unwrap() {
                assert_eq!(&answer[key], value, "{tool} {arguments}: {answer}");
            }
            let answer = answer.to_string();
            for theirs in others.iter().flat_map(|other| [&other.slot, &other.appointment]) {
                assert!(!answer.contains(theirs.as_str()), "{tool} {arguments}: {answer}");
            }
        }
    }
    puts_through_to_the_business_alone(&caller).await;
    caller.hang_up();
    within("the end", caller.ended()).await;
    crate::support::nothing_left(&world).await;

    assert_eq!([others[0].rows(db).await, others[1].rows(db).await], before);
    // Everything was done for the caller instead.
    let lead = leads::get(db, world.business_id, mine).await.unwrap().unwrap();
    assert_eq!((lead.full_name.as_deref(), lead.status), (Some("דנה"), LeadStatus::Declined));
    assert_eq!(lead.fields.0["city"], "עכו");
    let own: Vec<_> =
        all_booked(&world).await.into_iter().filter(|one| one.lead_id == mine).collect();
    assert_eq!(own.len(), 2);
    assert!(own.iter().all(|one| one.call_sid.as_ref() == Some(caller.call_sid())));
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lead_3_nothing_is_booked_for_a_lead_of_another_business() {
    let world = world_on("sqlite::memory:").await;
    let mine = Person::new(&world, 1).await;
    let id = import(&world, "clinic", |_| {}).await;
    let mixed = Person { lead: lead(&world, id, 1).await, ..mine.clone() };
    let free = mine.finds(&ahead(&world, 3)).await.remove(0);
    let refused = mixed.books(&free).await;
    assert_eq!(refused["error"], "calendar_failed", "{refused}");
    assert_eq!(all_booked(&world).await, []);
    world.close().await;
}
