//! A run that holds: one call, which books an appointment and ends with a goodbye.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use entities::appointments::{AppointmentId, AppointmentRecord, AppointmentStatus};
use entities::call_turns::{TurnRole, TurnRow};
use entities::calls::{CallDirection, CallRecord, CallStatus as RowStatus};
use entities::leads::{ChangedBy, HistoryEntry, LeadFields, LeadRecord, LeadSource, LeadStatus};
use jiff::Timestamp;
use practice::openai::{Behaviour, Record, Turn};
use practice::twilio::{
    CallStatus, CallView, Direction, EndedBy, HeardSpeech, LineQuality, RestKind, RestRequest,
    StreamEnd, StreamView, Webhook, WebhookRun,
};
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, CallSid, ItemId, LeadId, PhoneNumber, StreamSid};
use uuid::Uuid;

use crate::chaos::ended::{Ended, EndedBusiness, EndedCall, Tasks, Written};
use crate::chaos::story::{Act, Caller, Deed, Fault, Finally, Moment, Story, Trouble, When};
use crate::config::business_file;
use crate::simulate::Left;
use crate::world::{LOCKSMITH, LOCKSMITH_FILE};

pub(super) const GOODBYE: &str = "תודה, להתראות";
pub(super) const SESSION: u64 = 3;

pub(super) fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub(super) fn sid(n: u8) -> CallSid {
    CallSid::parse(&format!("CA{n:032}")).unwrap()
}

pub(super) fn number(n: u8) -> PhoneNumber {
    PhoneNumber::parse(&format!("+9725020000{n:02}")).unwrap()
}

/// A Sunday, 10:00 in Tel Aviv.
pub(super) fn now() -> Timestamp {
    crate::virtual_time::begins()
}

pub(super) fn story() -> Story {
    let caller = caller(1);
    Story {
        seed: 1,
        nodes: 1,
        callers: vec![caller],
        writers: Vec::new(),
        troubles: Vec::new(),
        model: Behaviour::default(),
        setting: Default::default(),
    }
}

/// A story with a trouble at 5 s.
pub(super) fn troubled(what: Fault) -> Story {
    let at = Moment::At(secs(5.0));
    Story { troubles: vec![Trouble { at, what }], ..story() }
}

pub(super) fn caller(n: u8) -> Caller {
    Caller {
        business: 0,
        number: Some(number(n)),
        answers: None,
        dials_at: Duration::ZERO,
        line: LineQuality::default(),
        acts: vec![Act { when: When::AgentEnds, what: Deed::Say(GOODBYE) }],
        then: Finally::WaitsForTheEnd,
    }
}

pub(super) fn ended() -> Ended {
    let settings = settings();
    let request = RestRequest {
        kind: RestKind::HangUp,
        call_sid: Some(sid(1)),
        parameters: Vec::new(),
        status: Some(200),
        code: None,
    };
    Ended {
        at: secs(60.0),
        calls: vec![call(&settings)],
        model: model(&settings),
        businesses: vec![business(settings)],
        requests: vec![request],
        left: Left::default(),
        connections: 0,
        tasks: Tasks { before: tasks(9), after: tasks(9) },
        tenures: Vec::new(),
        lived: Vec::new(),
        openai_began: Duration::ZERO,
        strangers: Vec::new(),
        began_at: now(),
        written: Written::default(),
    }
}

/// So many tasks that were spawned at one line.
pub(super) fn tasks(count: usize) -> BTreeMap<String, usize> {
    BTreeMap::from([("src/app.rs:9".to_owned(), count)])
}

fn settings() -> BusinessSettings {
    business_file::parse(Path::new(LOCKSMITH_FILE), LOCKSMITH).unwrap()
}

pub(super) fn turn(seq: u32, role: TurnRole, item: Option<&str>, text: &str) -> TurnRow {
    TurnRow {
        seq,
        role,
        item_id: item.map(|item| ItemId::parse(item).unwrap()),
        text: Some(text.to_owned()),
        heard_ms: None,
        cut: false,
        at: now(),
        measures: entities::call_turns::TurnMeasures::default(),
    }
}

pub(super) fn speech(text: &str, from: f64, to: f64) -> HeardSpeech {
    HeardSpeech { text: text.to_owned(), flaw: None, from: secs(from), to: secs(to) }
}

pub(super) fn said(item: &str, text: &str) -> Turn {
    Turn { session: SESSION, item_id: item.to_owned(), text: text.to_owned() }
}

fn model(settings: &BusinessSettings) -> Record {
    let lines = settings.lines();
    Record {
        said: vec![said("item_1", &lines.greeting), said("item_3", &lines.closing)],
        heard: vec![said("item_2", GOODBYE)],
        ..Record::default()
    }
}

fn call(settings: &BusinessSettings) -> EndedCall {
    let lines = settings.lines();
    let mut view = CallView::new(sid(1), number(1).as_str(), "+97231234567", Direction::Inbound);
    view.heard = vec![speech(&lines.greeting, 1.0, 4.0), speech(&lines.closing, 8.0, 12.0)];
    view.hang_up_requests = 1;
    view.hang_up_asked_at = Some(secs(14.0));
    view.ended = Some(EndedBy::Rest);
    (view.status, view.answered_at) = (CallStatus::Completed, Some(secs(0.2)));
    view.ended_at = Some(secs(14.2));
    let stream = StreamSid::parse("MZ00000000000000000000000000000001").unwrap();
    let mut stream = StreamView::opened(stream, secs(0.3));
    stream.ended = Some(StreamEnd::Stopped);
    view.streams = vec![stream];
    view.requests = vec![WebhookRun {
        what: Webhook::Status(CallStatus::Completed),
        url: String::new(),
        attempts: 1,
        status: Some(204),
        took: Duration::ZERO,
    }];
    let turns = vec![
        turn(1, TurnRole::Agent, Some("item_1"), &lines.greeting),
        turn(2, TurnRole::Caller, Some("item_2"), GOODBYE),
        turn(3, TurnRole::Tool, None, "create_appointment {\"start\":\"2026-11-23T10:00\"}"),
        turn(4, TurnRole::Tool, None, "{\"booked\":true}"),
        turn(5, TurnRole::Agent, Some("item_3"), &lines.closing),
    ];
    let record = Some(record());
    EndedCall { index: 0, caller: caller(1), sid: sid(1), view, overstayed: false, record, turns }
}

fn record() -> CallRecord {
    CallRecord {
        call_sid: sid(1),
        business_id: BusinessId(Uuid::nil()),
        lead_id: Some(lead_id(1)),
        direction: CallDirection::Inbound,
        status: RowStatus::Completed,
        from_number: Some(number(1)),
        to_number: PhoneNumber::parse("+97231234567").unwrap(),
        prompt_version: 1,
        started_at: now(),
        answered_at: Some(now()),
        ended_at: Some(now()),
        duration: Some(secs(14.0)),
        end_reason: Some("user_goodbye".to_owned()),
        ended_by: Some("agent".to_owned()),
        stats: None,
        is_test: false,
    }
}

pub(super) fn lead_id(n: u128) -> LeadId {
    LeadId(Uuid::from_u128(n))
}

fn business(settings: BusinessSettings) -> EndedBusiness {
    EndedBusiness {
        id: BusinessId(Uuid::nil()),
        settings,
        leads: vec![lead(1)],
        appointments: vec![appointment("2026-11-23T10:00:00+02:00")],
    }
}

/// The lead of caller `n`, as call `n` made it.
pub(super) fn lead(n: u8) -> (LeadRecord, Vec<HistoryEntry>) {
    let record = LeadRecord {
        id: lead_id(n.into()),
        business_id: BusinessId(Uuid::nil()),
        phone: Some(number(n)),
        full_name: None,
        email: None,
        status: LeadStatus::InProgress,
        source: LeadSource::PhoneCall,
        fields: LeadFields::default(),
        last_call_sid: Some(sid(n)),
        created_at: now(),
        updated_at: now(),
        erased_at: None,
        seen_to_at: None,
    };
    let history = vec![
        change(1, "status", None, "in_progress"),
        change(2, "phone", None, number(n).as_str()),
    ];
    (record, history)
}

pub(super) fn change(seq: u32, field: &str, old: Option<&str>, new: &str) -> HistoryEntry {
    HistoryEntry {
        seq,
        at: now(),
        by: ChangedBy::Call { call_sid: sid(1) },
        field: field.to_owned(),
        old: old.map(str::to_owned),
        new: new.to_owned(),
    }
}

/// Half an hour, as the business's rules have it.
pub(super) fn appointment(starts: &str) -> AppointmentRecord {
    let starts_at: Timestamp = starts.parse().unwrap();
    let (length, buffer) = {
        let rules = settings().appointments;
        (rules.length, rules.buffer)
    };
    AppointmentRecord {
        id: AppointmentId(Uuid::from_u128(77)),
        business_id: BusinessId(Uuid::nil()),
        lead_id: lead_id(1),
        call_sid: Some(sid(1)),
        starts_at,
        ends_at: starts_at + length,
        busy_until: starts_at + length + buffer,
        status: AppointmentStatus::Booked,
        notes: None,
        created_at: now(),
    }
}
