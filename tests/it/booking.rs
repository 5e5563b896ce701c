//! The calendar's tools through the daemon's calendar and database: many bookings of one slot, daemons
//! that die while they book, and rows of other people.

mod clock_readings;
mod foreign;
mod killed;
mod late;
mod moving;
mod pretended;
mod searching;

use std::sync::Arc;

use actors::calendar::{ToolUse, use_tool};
use actors::call_parts::Services;
use actors::chance::Chance;
use actors::clock::Clock;
use actors::test_records::TestRecords;
use entities::appointments::{self, AppointmentRecord};
use entities::{Database, OpenMode, PoolSettings, leads};
use frontdesk::config::DatabaseUrl;
use frontdesk::world::{Plan, World};
use jiff::Timestamp;
use protocol::business::{BusinessSettings, TimeSpan};
use protocol::calendar::{Calendar, CalendarTool, Writer};
use protocol::call::FunctionCall;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber, Slug, ToolCallId};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::{number, plan, within};

/// A world on this database.
pub(crate) async fn world_on(url: &str) -> World {
    opened_on(url, plan()).await
}

/// The planned world on this database.
pub(crate) async fn opened_on(url: &str, mut plan: Plan) -> World {
    plan.config.database.url = DatabaseUrl::parse(url).unwrap();
    World::open(plan).await.unwrap()
}

/// A new PostgreSQL schema with the tables, if the tests have a server.
pub(crate) struct Schema {
    pub(crate) url: String,
    pub(crate) name: String,
    pub(crate) admin: Database,
}

impl Schema {
    pub(crate) async fn new() -> Option<Self> {
        let url = setting("FRONTDESK_TEST_POSTGRES")?;
        let name =
            format!("frontdesk_{}", Chance::from_system().new_id(Clock::start().wall()).simple());
        let admin =
            Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
        let preparations = format!(
            "SELECT pg_advisory_xact_lock(7); \
             CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public; CREATE SCHEMA {name}"
        );
        admin.connection().execute_unprepared(&preparations).await.unwrap();
        let url = format!("{url}?options[search_path]={name},public");
        let inside =
            Database::connect(&url, PoolSettings::default(), OpenMode::Create).await.unwrap();
        migration::up(inside.connection(), None).await.unwrap();
        inside.close().await.unwrap();
        Some(Self { url, name, admin })
    }

    pub(crate) async fn drop(self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        self.admin.connection().execute_unprepared(&drop).await.unwrap();
        self.admin.close().await.unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "what a test is told from outside")]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn call_sid(n: u32) -> CallSid {
    CallSid::parse(&format!("CA{n:032x}")).unwrap()
}

pub(crate) async fn lead(world: &World, business: BusinessId, n: u32) -> LeadId {
    let services = world.app.services();
    let (id, now) = (LeadId(services.new_id()), services.clock.wall());
    let phone = number(n);
    let caller = leads::Caller::Known(&phone);
    let db = &services.database;
    leads::ensure_for_call(db, business, caller, &call_sid(n), id, now).await.unwrap().record.id
}

/// A person who uses the calendar's tools.
#[derive(Clone)]
struct Person {
    services: Services,
    settings: Arc<BusinessSettings>,
    business: BusinessId,
    lead: LeadId,
    call: u32,
    /// The starts that this conversation has offered.
    offered: Arc<[Timestamp]>,
    /// Of a test call.
    test: Option<Arc<TestRecords>>,
}

impl Person {
    async fn new(world: &World, n: u32) -> Self {
        let lead = lead(world, world.business_id, n).await;
        let services = world.app.services().clone();
        let settings = Arc::new(world.business.clone());
        let business = world.business_id;
        Self { services, settings, business, lead, call: n, offered: [].into(), test: None }
    }

    /// A use of a tool with this tool call id.
    fn tool_use(&self, tool: CalendarTool, id: &str, arguments: &Value) -> ToolUse {
        let call = FunctionCall {
            call: ToolCallId::parse(id).unwrap(),
            name: tool.name().to_owned(),
            arguments: arguments.to_string(),
        };
        ToolUse {
            business: self.business,
            settings: Arc::clone(&self.settings),
            call_sid: Some(call_sid(self.call)),
            lead: Some(self.lead),
            newcomer: None,
            tool,
            writer: Writer::Model { offered: self.offered.clone() },
            call,
            lease: None,
            test: self.test.clone(),
        }
    }

    async fn uses(&self, tool: CalendarTool, id: &str, arguments: Value) -> Value {
        let used = self.tool_use(tool, id, &arguments);
        let answer = within("the answer", use_tool(&self.services.calendar, used)).await;
        serde_json::from_str(&answer.expect("an answer").reply.output).unwrap()
    }

    async fn books(&self, slot: &str) -> Value {
        self.uses(CalendarTool::Create, "call_1", json!({ "slot_start": slot })).await
    }

    /// The first free slots of a date.
    async fn finds(&self, date: &str) -> Vec<String> {
        let found = self.uses(CalendarTool::Find, "call_f", json!({ "date_iso": date })).await;
        assert_eq!(found["ok"], true, "{found}");
        serde_json::from_value(found["slots"].clone()).unwrap()
    }

    async fn upcoming(&self) -> Vec<AppointmentRecord> {
        let (db, now) = (&self.services.database, self.services.clock.wall());
        appointments::of_lead_upcoming(db, self.business, self.lead, now).await.unwrap()
    }
}

/// A date some days ahead; the business may be closed then.
fn ahead(world: &World, days: i32) -> String {
    let now = world.app.services().clock.wall();
    let today = Calendar::of(&world.business, now).today();
    today.saturating_add(jiff::Span::new().days(days)).to_string()
}

/// All booked appointments of the world's business.
async fn all_booked(world: &World) -> Vec<AppointmentRecord> {
    booked_in(&world.app.services().database, world.business_id).await
}

async fn booked_in(db: &Database, business: BusinessId) -> Vec<AppointmentRecord> {
    let (from, until) = (Timestamp::UNIX_EPOCH, "2100-01-01T00:00:00Z".parse().unwrap());
    appointments::between(db, business, from, until).await.unwrap()
}

/// Imports a second business.
async fn import(
    world: &World,
    slug: &str,
    change: impl FnOnce(&mut BusinessSettings),
) -> BusinessId {
    let services = world.app.services();
    let mut clinic = world.business.clone();
    clinic.slug = Slug::parse(slug).unwrap();
    clinic.phone_numbers = vec![PhoneNumber::parse("+97239999999").unwrap()];
    clinic.whatsapp_number = None;
    change(&mut clinic);
    let (id, now) = (BusinessId(services.new_id()), services.clock.wall());
    frontdesk::app::business::import(&services.database, &clinic, id, now).await.unwrap().id
}

/// Opens the business every day, for this span only.
fn open_daily(settings: &mut BusinessSettings, span: &str) {
    let hours = &mut settings.appointments.hours;
    for day in [
        &mut hours.sunday,
        &mut hours.monday,
        &mut hours.tuesday,
        &mut hours.wednesday,
        &mut hours.thursday,
        &mut hours.friday,
        &mut hours.saturday,
    ] {
        *day = vec![TimeSpan::parse(span).unwrap()];
    }
}

/// Many people book the same slot at once; `worlds` are daemons on one database.
async fn race(worlds: &[&World], people: u32) {
    let mut wanted = None;
    let mut callers = JoinSet::new();
    for n in 0..people {
        let person = Person::new(worlds[n as usize % worlds.len()], n).await;
        if wanted.is_none() {
            wanted = person.finds(&ahead(worlds[0], 3)).await.into_iter().next();
        }
        let slot = wanted.clone().unwrap();
        callers.spawn(async move { person.books(&slot).await });
    }
    let wanted = wanted.unwrap();
    let (won, lost): (Vec<Value>, Vec<Value>) =
        callers.join_all().await.into_iter().partition(|answer| answer["ok"] == true);
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!(won[0]["slot_start"], wanted.as_str());
    assert_eq!(lost.len(), people as usize - 1);
    for answer in lost {
        assert_eq!(answer["error"], "taken", "{answer}");
        let slots = answer["slots"].as_array().expect("other slots");
        assert!(!slots.is_empty() && slots.iter().all(|slot| *slot != wanted), "{answer}");
    }
    assert_eq!(all_booked(worlds[0]).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_3_of_200_callers_who_want_one_slot_at_once_one_gets_it_and_199_are_offered_others() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("race.db").display());
    let world = world_on(&url).await;
    race(&[&world], 200).await;
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_3_two_daemons_on_one_database_give_one_slot_to_one_of_200() {
    let Some(schema) = Schema::new().await else { return };
    let (one, other) = (world_on(&schema.url).await, world_on(&schema.url).await);
    assert_eq!(one.business_id, other.business_id);
    race(&[&one, &other], 200).await;
    one.close().await;
    other.close().await;
    schema.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_1_booking_ones_own_slot_again_returns_the_appointment_which_can_be_cancelled() {
    let world = world_on("sqlite::memory:").await;
    let person = Person::new(&world, 1).await;
    let slot = person.finds(&ahead(&world, 3)).await.remove(0);
    let first = person.books(&slot).await;
    let wish = json!({ "slot_start": slot, "notes": "שוב" });
    let second = person.uses(CalendarTool::Create, "call_2", wish.clone()).await;
    assert_eq!(second["appointment_id"], first["appointment_id"]);
    let held = person.upcoming().await;
    assert_eq!((held.len(), held[0].call_sid.as_ref()), (1, Some(&call_sid(1))));

    let unsaid = person.uses(CalendarTool::Cancel, "call_3", json!({})).await;
    assert_eq!(unsaid["error"], "which_appointment");
    assert_eq!(unsaid["appointments"][0]["slot_start"], slot.as_str());
    for id in ["call_4", "call_5"] {
        let cancelled = person.uses(CalendarTool::Cancel, id, json!({ "slot_start": slot })).await;
        assert_eq!(cancelled["ok"], true, "{cancelled}");
        assert_eq!(cancelled["appointment_id"], first["appointment_id"]);
    }
    assert_eq!(person.upcoming().await, []);
    assert_eq!(person.finds(&slot).await[0], slot, "its place is free again");
    let replayed = person.books(&slot).await;
    assert_eq!(replayed["error"], "cancelled_since", "{replayed}");
    assert_eq!(person.uses(CalendarTool::Create, "call_6", wish).await["ok"], true);
    world.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cal_1_a_start_that_breaks_a_rule_is_refused_with_the_reason_and_valid_slots() {
    let world = world_on("sqlite::memory:").await;
    let person = Person::new(&world, 1).await;
    let slot = person.finds(&ahead(&world, 3)).await.remove(0);
    let night = format!("{}T03:00:00{}", &slot[..10], &slot[19..]);
    for (start, error) in [
        (night.as_str(), "outside_hours"),
        ("2020-01-01T10:00:00+02:00", "in_the_past"),
        (&slot.replace(":00:00+", ":07:00+"), "no_such_slot"),
    ] {
        let answer = person.uses(CalendarTool::Create, error, json!({ "slot_start": start })).await;
        assert_eq!(answer["error"], error, "{answer}");
        assert!(!answer["slots"].as_array().expect("other slots").is_empty());
    }
    assert_eq!(all_booked(&world).await, []);
    world.close().await;
}
