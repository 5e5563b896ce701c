//! What an answer rests on, read anew for each: the prompt, the history with its calls, and the lead.

use std::sync::Arc;

use entities::businesses::{self, VoiceLookup};
use entities::call_turns::{self, TurnRole};
use entities::calls::{self, CallRecord};
use entities::conversations::{self, OnTelephone};
use entities::leads::{self, LeadRecord};
use entities::messages::{self, MessageDirection, MessageKind, MessageRecord};
use entities::{Database, RecordsError};
use jiff::Timestamp;
use protocol::business::{AfterCall, BusinessSettings};
use protocol::ids::{CallSid, LeadId, PhoneNumber};
use protocol::openai::responses::HistoryItem;
use protocol::prompt::{AppointmentFact, LeadFacts, PromptParts, writing_prompt};
use protocol::texting::history::{Attached, Speaker, call_was, person_wrote};
use protocol::twilio::forms::Direction;

use super::MessagingServices;
use crate::mistake::planted;
use crate::twilio_rest::{Known, TwilioRest};
use crate::written::Pair;

/// Messages that the model is told, and calls.
const MAX_MESSAGES: u32 = 50;
const MAX_CALLS: u32 = 3;

/// Read by `Prepare`, and used until the answer is sent.
pub(super) struct Context {
    pub(super) lead: LeadId,
    pub(super) lead_row: LeadRecord,
    pub(super) instructions: Arc<str>,
    pub(super) history: Vec<HistoryItem>,
    /// Whether the call that is to be followed by a message has earned one.
    pub(super) call_earns_message: bool,
    pub(super) on_call: bool,
}

impl Context {
    pub(super) async fn read(
        services: &MessagingServices,
        pair: &Pair,
        settings: &BusinessSettings,
        began_at: Timestamp,
        after_call: Option<&CallSid>,
    ) -> Result<Self, RecordsError> {
        let (db, now) = (&services.database, services.clock.wall());
        let (business, person) = (pair.0, &pair.1);
        let new_id = LeadId(services.chance.new_id(now));
        let lead = leads::ensure_for_message(db, business, person, new_id, now).await?.record;
        let found = businesses::find_for_text(db, business, person, now).await?;
        let found = found.ok_or(RecordsError::NotFound)?;
        let instructions = instructions(settings, &found, person, now).into();
        let written = if planted!(ForeignHistory) {
            let everybodys = messages::list(db, business, None, None, MAX_MESSAGES).await?;
            everybodys.items.into_iter().rev().collect()
        } else {
            messages::history(db, business, person, began_at, MAX_MESSAGES).await?
        };
        let spoken = calls::of_lead(db, business, lead.id, MAX_CALLS).await?;
        let history = history(db, settings, written, spoken).await?;
        let call_earns_message = match after_call {
            Some(call) => {
                let (told, booked) =
                    conversations::after_call_facts(db, business, lead.id, call).await?;
                match settings.whatsapp.after_call {
                    AfterCall::Off => false,
                    AfterCall::Lead => told || booked,
                    AfterCall::Appointment => booked,
                }
            }
            None => false,
        };
        let on_call = is_on_call(services, pair).await?;
        let lead_row = lead;
        Ok(Self { lead: lead_row.id, lead_row, instructions, history, call_earns_message, on_call })
    }
}

/// In this process. It takes no time.
pub(super) fn is_on_call_here(services: &MessagingServices, pair: &Pair) -> bool {
    services.messaging.is_on_call(pair) && !planted!(MessageInCall)
}

/// In this process, or by the row of a call on whatever node. A row that has its end without Twilio's word leaves it open:
/// then Twilio is asked.
pub(super) async fn is_on_call(
    services: &MessagingServices,
    pair: &Pair,
) -> Result<bool, RecordsError> {
    if is_on_call_here(services, pair) {
        return Ok(true);
    }
    if planted!(MessageInCall) {
        return Ok(false);
    }
    let now = services.clock.wall();
    Ok(match conversations::on_telephone(&services.database, pair.0, &pair.1, now).await? {
        OnTelephone::No => false,
        OnTelephone::Yes => true,
        OnTelephone::AskTwilio(calls) => one_goes_on(&services.twilio, &calls).await,
    })
}

/// Whether Twilio still has one of these calls. If it does not say, it is asked again.
async fn one_goes_on(twilio: &TwilioRest, calls: &[CallSid]) -> bool {
    for call in calls {
        match twilio.look_up(call).await {
            Ok(Known::Nothing) => {}
            Ok(Known::Call(known)) if known.status.is_terminal() => {}
            Ok(Known::Call(_)) => return true,
            Err(why) => {
                tracing::warn!(%call, why, "Twilio could not say whether a call goes on");
                return true;
            }
        }
    }
    false
}

fn instructions(
    settings: &BusinessSettings,
    found: &VoiceLookup,
    person: &PhoneNumber,
    now: Timestamp,
) -> String {
    let lead = found.lead.as_ref().map(LeadFacts::from).unwrap_or_default();
    let appointments: Vec<AppointmentFact> = found.appointments.iter().map(Into::into).collect();
    writing_prompt(&PromptParts {
        business: settings,
        business_prompt: &found.prompt_text,
        direction: Direction::Inbound,
        now,
        caller: Some(person.as_str()),
        lead: &lead,
        appointments: &appointments,
        messages: &[],
    })
}

/// Messages and calls in the order in which they began.
async fn history(
    db: &Database,
    settings: &BusinessSettings,
    written: Vec<MessageRecord>,
    spoken: Vec<CallRecord>,
) -> Result<Vec<HistoryItem>, RecordsError> {
    let mut items: Vec<(Timestamp, HistoryItem)> = Vec::new();
    for call in spoken {
        let turns = call_turns::of_call(db, call.business_id, &call.call_sid).await?;
        let said = turns.iter().filter_map(|turn| {
            let who = match turn.role {
                TurnRole::Caller => Speaker::Person,
                TurnRole::Agent => Speaker::Agent,
                TurnRole::System | TurnRole::Tool => return None,
            };
            Some((who, turn.text.as_deref()?))
        });
        items.push((call.started_at, call_was(call.started_at, settings.timezone.rules(), said)));
    }
    items.extend(written.into_iter().map(|message| {
        let item = match message.direction {
            MessageDirection::Incoming => person_wrote(&message.body, attached(message.kind)),
            MessageDirection::Outgoing => HistoryItem::Agent { text: message.body },
        };
        (message.created_at, item)
    }));
    items.sort_by_key(|(at, _)| *at);
    Ok(items.into_iter().map(|(_, item)| item).collect())
}

pub(super) fn attached(kind: MessageKind) -> Attached {
    match kind {
        MessageKind::Text | MessageKind::Location | MessageKind::Contact => Attached::Nothing,
        MessageKind::Audio => Attached::Audio,
        MessageKind::Image => Attached::Image,
        MessageKind::Video => Attached::Video,
        MessageKind::File => Attached::File,
    }
}
