//! The lists of calls, leads and appointments, as an operator of two businesses gives the commands (OPS-14).

use std::time::Duration;

use entities::appointments::{self, AppointmentId, NewAppointment};
use entities::call_turns::{self, TurnRole, TurnRow};
use entities::calls::{self, CallDirection, CallStatus, EndOfCall, NewCall};
use entities::leads::{self, Caller, ChangedBy, LeadChanges, LeadStatus};
use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, LeadId, PhoneNumber, Slug};
use serde_json::Value;

use super::*;
use crate::cli::{business, database, messages};

const DANA: &str = "+972501234567";
const NOON: &str = "2026-11-29T10:00:00Z";
const CALL: &str = "CA000000000000000000000000aaaaaaaa";

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::parse(text).unwrap()
}

/// Dana called the locksmith, was understood, and booked. An unknown person calls the clinic at the moment.
async fn day() -> OnDisk {
    let on_disk = OnDisk::default();
    let platform = Platform::live();
    for name in ["tel-aviv-locks", "harbour-clinic"] {
        let import = business::Command::Import { file: example(name) };
        business::run(import, &on_disk.config(), &platform, &mut Vec::new()).await.unwrap();
    }
    let db = database::open(&on_disk.config().database).await.unwrap();
    let noon: Timestamp = NOON.parse().unwrap();
    let id = async |slug: &str| messages::find(&db, &Slug::parse(slug).unwrap()).await.unwrap();
    let (locks, clinic) = (id("tel-aviv-locks").await, id("harbour-clinic").await);
    call(&db, locks, CALL, Some(DANA), noon).await;
    let live = "CA000000000000000000000000bbbbbbbb";
    call(&db, clinic, live, None, noon + Duration::from_secs(60)).await;
    let (lead, sid) = (LeadId(platform.chance.new_id(noon)), CallSid::parse(CALL).unwrap());
    let dana = number(DANA);
    leads::ensure_for_call(&db, locks, Caller::Known(&dana), &sid, lead, noon).await.unwrap();
    let fields = [("problem_description".to_owned(), "צילינדר".to_owned())].into();
    let full_name = Some("=דנה".to_owned());
    let known = LeadChanges { full_name, fields, ..LeadChanges::default() };
    let status = Some(LeadStatus::Complete);
    leads::merge_details(&db, locks, lead, known, status, ChangedBy::Api, noon).await.unwrap();
    calls::link_lead(&db, locks, &sid, lead).await.unwrap();
    let starts_at = noon + Duration::from_secs(24 * 3600);
    let booked = NewAppointment {
        id: AppointmentId(platform.chance.new_id(noon)),
        lead_id: lead,
        call_sid: Some(sid.clone()),
        starts_at,
        ends_at: starts_at + Duration::from_secs(1800),
        busy_until: starts_at + Duration::from_secs(1800),
        notes: None,
        idempotency_key: None,
        additional: false,
    };
    appointments::book(&db, locks, booked, noon).await.unwrap();
    end(&db, locks, &sid, noon).await;
    db.close().await.unwrap();
    on_disk
}

async fn call(
    db: &entities::Database,
    business: BusinessId,
    sid: &str,
    from: Option<&str>,
    at: Timestamp,
) {
    let new = NewCall {
        call_sid: CallSid::parse(sid).unwrap(),
        direction: CallDirection::Inbound,
        status: CallStatus::InProgress,
        from_number: from.map(number),
        to_number: number("+97231234567"),
        lead_id: None,
        prompt_version: 1,
        started_at: at,
        is_test: false,
    };
    calls::insert_started(db, business, new).await.unwrap();
}

async fn end(db: &entities::Database, business: BusinessId, sid: &CallSid, began: Timestamp) {
    let turn = |seq: u32, role, text: &str, cut: bool| TurnRow {
        seq,
        role,
        item_id: None,
        text: Some(text.to_owned()),
        heard_ms: cut.then_some(1_200),
        cut,
        at: began + Duration::from_secs(u64::from(seq) * 65),
        measures: entities::call_turns::TurnMeasures::default(),
    };
    let turns = [
        turn(0, TurnRole::Agent, "שלום,\nאיך אפשר לעזור?", true),
        turn(1, TurnRole::Caller, "צריך מנעול", false),
    ];
    call_turns::upsert_many(db, business, sid, &turns).await.unwrap();
    let end = EndOfCall {
        ended_at: began + Duration::from_secs(90),
        end_reason: "user_goodbye".to_owned(),
        ended_by: "agent".to_owned(),
        status: Some(CallStatus::Completed),
        duration: Some(Duration::from_secs(90)),
        stats: Some(
            serde_json::json!({ "greeting_ms": 140, "responses": 3, "cost_micro_usd": 12_345 }),
        ),
    };
    calls::record_end(db, business, sid, end).await.unwrap();
}

/// What the command prints.
async fn said(on_disk: &OnDisk, line: &str) -> Result<String, CliError> {
    let url = on_disk.url();
    let environment: Environment =
        [("FRONTDESK__DATABASE__URL".to_owned(), url)].into_iter().collect();
    let mut out = Vec::new();
    perform(parse(&format!("frontdesk {line}")).unwrap(), environment, &mut out).await?;
    Ok(String::from_utf8(out).unwrap())
}

#[tokio::test]
async fn ops_14_calls_are_listed_filtered_and_shown() {
    let on_disk = day().await;
    let all = said(&on_disk, "calls list").await.unwrap();
    let lines: Vec<&str> = all.lines().collect();
    assert!(lines[0].starts_with("STARTED           CALL       PERSON"), "{all}");
    assert!(lines[1].contains("…bbbbbbbb  withheld       -     live"), "{all}");
    // 12:00 in Tel Aviv.
    let dana = "2026-11-29 12:00  …aaaaaaaa  +972501234567  90    user_goodbye  tel-aviv-locks";
    assert_eq!(lines[2], dana, "{all}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{all}");
    for (filter, found) in [
        ("tel-aviv-locks", 1),
        ("--phone +972501234567", 1),
        ("--phone +972509999999", 0),
        ("--reason user_goodbye", 1),
        ("--reason no_response", 0),
        ("--status in-progress", 1),
        ("--since 2026-11-29T10:00:30Z", 1),
        ("--until 2026-11-29T10:00:30Z", 1),
        ("--since 2026-11-29 --until 2026-11-30", 2),
        ("--limit 1", 1),
    ] {
        let listed = said(&on_disk, &format!("calls list {filter} --json")).await.unwrap();
        let listed: Value = serde_json::from_str(&listed).unwrap();
        assert_eq!(listed.as_array().unwrap().len(), found, "{filter}");
    }
    let shown = said(&on_disk, "calls show aaaaaaaa").await.unwrap();
    for words in [
        "call      CA000000000000000000000000aaaaaaaa\n",
        "end       user_goodbye, by agent, after 90 s\n",
        "waited    140 ms for the greeting\n",
        "cost      0.0123 USD\n",
        "00:00  agent   שלום, איך אפשר לעזור?  [cut after 1200 ms]\n",
        "01:05  caller  צריך מנעול\n",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let shown: Value =
        serde_json::from_str(&said(&on_disk, "calls show aaaaaaaa --json").await.unwrap()).unwrap();
    assert_eq!(
        (&shown["business"], &shown["turns"][1]["text"]),
        (&"tel-aviv-locks".into(), &"צריך מנעול".into())
    );
}

#[tokio::test]
async fn ops_14_what_names_no_call_business_or_person_is_refused_with_what_to_do() {
    let on_disk = day().await;
    for (line, words) in [
        ("calls show 0000", "give more of it"),
        ("calls show cccc", "`frontdesk calls list` lists them"),
        ("calls list nobody", "there is no business nobody"),
        ("leads show tel-aviv-locks +972509999999", "nothing of such a person"),
        ("calls hangup aaaaaaaa", "give --token"),
    ] {
        let refused = said(&on_disk, line).await.unwrap_err().to_string();
        assert!(refused.contains(words), "{line}: {refused}");
    }
}

#[tokio::test]
async fn ops_14_leads_and_appointments_are_listed_and_a_lead_is_shown() {
    let on_disk = day().await;
    let leads = said(&on_disk, "leads list --status complete").await.unwrap();
    assert!(leads.contains("+972501234567  complete  tel-aviv-locks  =דנה"), "{leads}");
    let csv = said(&on_disk, "leads list --csv").await.unwrap();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 2, "{csv}");
    assert!(lines[0].starts_with("id,business,phone,full_name,"), "{csv}");
    assert!(lines[1].contains(",tel-aviv-locks,+972501234567,'=דנה,"), "{csv}");
    let booked = said(&on_disk, "appointments list --phone +972501234567").await.unwrap();
    assert!(booked.contains("2026-11-30 12:00  12:30  booked  +972501234567"), "{booked}");
    let cancelled = said(&on_disk, "appointments list --status cancelled").await.unwrap();
    assert_eq!(cancelled, "no appointments\n");
    let shown = said(&on_disk, "leads show tel-aviv-locks +972501234567").await.unwrap();
    let call = "call                 2026-11-29 12:00  …aaaaaaaa  user_goodbye\n";
    assert!(shown.contains(call) && shown.contains("problem_description  צילינדר\n"), "{shown}");
    let json = said(&on_disk, "leads show tel-aviv-locks +972501234567 --json").await.unwrap();
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["full_name"], "=דנה");
}

#[tokio::test]
async fn ops_14_a_running_call_is_hung_up_by_its_daemon() {
    let on_disk = day().await;
    let asked =
        server(|head| match head.starts_with(&format!("POST /api/calls/{CALL}/hangup HTTP/1.1")) {
            true => (202, String::new()),
            false => (409, r#"{"error":{"code":"over","message":"the call is over"}}"#.to_owned()),
        });
    let at = format!("--url http://{} --token 0123456789abcdef", asked.await);
    let done = said(&on_disk, &format!("calls hangup aaaaaaaa {at}")).await.unwrap();
    assert_eq!(done, format!("{CALL} is being hung up\n"));
    let refused = said(&on_disk, &format!("calls hangup bbbbbbbb {at}")).await.unwrap_err();
    assert_eq!(refused.to_string(), "the call is over");
}

#[tokio::test]
async fn ops_14_a_shell_gets_a_script_that_knows_the_commands() {
    let script = said(&OnDisk::default(), "completions bash").await.unwrap();
    assert!(
        script.contains("frontdesk__subcmd__calls") || script.contains("frontdesk__calls"),
        "{script}"
    );
}
