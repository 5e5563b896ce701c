//! What is sent of a row: the same names as the API's.

use std::collections::BTreeMap;

use jiff::Timestamp;
use protocol::ids::{BusinessId, CallSid, PhoneNumber};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use serde::Serialize;
use uuid::Uuid;

use crate::appointments::{AppointmentRecord, AppointmentStatus};
use crate::call_turns::{TurnRole, TurnRow};
use crate::calls::{CallDirection, CallRecord, CallStatus};
use crate::error::RecordsError;
use crate::leads::{LeadRecord, LeadSource, LeadStatus};
use crate::messages::{MediaItem, MessageKind, MessageRecord};
use crate::tables::call_turns;

/// A lead.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct LeadData {
    id: Uuid,
    phone: Option<PhoneNumber>,
    full_name: Option<String>,
    email: Option<String>,
    status: LeadStatus,
    source: LeadSource,
    fields: BTreeMap<String, String>,
    last_call_sid: Option<CallSid>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<&LeadRecord> for LeadData {
    fn from(lead: &LeadRecord) -> Self {
        Self {
            id: lead.id.0,
            phone: lead.phone.clone(),
            full_name: lead.full_name.clone(),
            email: lead.email.clone(),
            status: lead.status,
            source: lead.source,
            fields: lead.fields.0.clone(),
            last_call_sid: lead.last_call_sid.clone(),
            created_at: lead.created_at,
            updated_at: lead.updated_at,
        }
    }
}

/// An appointment. The lead is added when it is sent.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AppointmentData {
    id: Uuid,
    lead_id: Uuid,
    call_sid: Option<CallSid>,
    starts_at: Timestamp,
    ends_at: Timestamp,
    status: AppointmentStatus,
    notes: Option<String>,
    created_at: Timestamp,
    /// When it was to begin before it was moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_from: Option<Timestamp>,
}

impl AppointmentData {
    pub(crate) fn moved_from(self, before: Timestamp) -> Self {
        Self { moved_from: Some(before), ..self }
    }
}

impl From<&AppointmentRecord> for AppointmentData {
    fn from(appointment: &AppointmentRecord) -> Self {
        Self {
            id: appointment.id.0,
            lead_id: appointment.lead_id.0,
            call_sid: appointment.call_sid.clone(),
            starts_at: appointment.starts_at,
            ends_at: appointment.ends_at,
            status: appointment.status,
            notes: appointment.notes.clone(),
            created_at: appointment.created_at,
            moved_from: None,
        }
    }
}

/// A message that came.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct MessageData {
    id: Uuid,
    conversation_id: Uuid,
    person: PhoneNumber,
    kind: MessageKind,
    body: String,
    media: Vec<MediaItem>,
    received_at: Timestamp,
}

impl MessageData {
    pub(crate) fn new(message: &MessageRecord, conversation_id: Uuid) -> Self {
        Self {
            id: message.id.0,
            conversation_id,
            person: message.person.clone(),
            kind: message.kind,
            body: message.body.clone(),
            media: message.media.clone(),
            received_at: message.created_at,
        }
    }
}

/// A conversation that needs a person.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct NeedsPersonData<'a> {
    pub(crate) conversation_id: Uuid,
    pub(crate) person: &'a PhoneNumber,
    pub(crate) reason: &'a str,
    pub(crate) since: Timestamp,
}

/// A call.
#[derive(Debug, Clone, Serialize)]
pub(super) struct CallData {
    call_sid: CallSid,
    lead_id: Option<Uuid>,
    direction: CallDirection,
    status: CallStatus,
    from_number: Option<PhoneNumber>,
    to_number: PhoneNumber,
    started_at: Timestamp,
    answered_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    duration_secs: Option<u64>,
    end_reason: Option<String>,
    ended_by: Option<String>,
    /// The counters, of `call.ended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<serde_json::Value>,
    /// Its turns, of `call.ended`.
    #[serde(skip_serializing_if = "Option::is_none")]
    turns: Option<Vec<TurnData>>,
    /// The turns are too long to be sent: read the call by the API.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    turns_left_out: bool,
}

#[derive(Debug, Clone, Serialize)]
struct TurnData {
    seq: u32,
    role: TurnRole,
    text: Option<String>,
    heard_ms: Option<u32>,
    cut: bool,
    at: Timestamp,
}

impl CallData {
    pub(super) fn of(call: CallRecord) -> Self {
        Self {
            call_sid: call.call_sid,
            lead_id: call.lead_id.map(|lead| lead.0),
            direction: call.direction,
            status: call.status,
            from_number: call.from_number,
            to_number: call.to_number,
            started_at: call.started_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            duration_secs: call.duration.map(|duration| duration.as_secs()),
            end_reason: call.end_reason,
            ended_by: call.ended_by,
            stats: call.stats,
            turns: None,
            turns_left_out: false,
        }
    }

    /// Without what `call.ended` has told.
    pub(super) fn in_short(self) -> Self {
        Self { stats: None, ..self }
    }

    /// With its turns, as long as they are shorter than `most` bytes.
    pub(super) async fn with_turns(
        self,
        db: &impl ConnectionTrait,
        business: BusinessId,
        most: usize,
    ) -> Result<Self, RecordsError> {
        use call_turns::{Column, Entity};
        let rows = Entity::find()
            .filter(Column::CallSid.eq(self.call_sid.as_str()))
            .filter(Column::BusinessId.eq(business.0))
            .order_by_asc(Column::Seq)
            .all(db)
            .await?;
        let rows = rows.into_iter().map(TurnRow::try_from).collect::<Result<Vec<_>, _>>()?;
        let length: usize = rows.iter().filter_map(|row| row.text.as_ref()).map(String::len).sum();
        if length > most {
            return Ok(Self { turns_left_out: true, ..self });
        }
        let turn = |row: TurnRow| {
            let TurnRow { seq, role, item_id: _, text, heard_ms, cut, at, measures: _ } = row;
            TurnData { seq, role, text, heard_ms, cut, at }
        };
        Ok(Self { turns: Some(rows.into_iter().map(turn).collect()), ..self })
    }
}
