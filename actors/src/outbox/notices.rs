//! Lines to the owner: for a new lead, a booking, a failed call.

use entities::conversations;
use entities::leads;
use entities::outbox::{Claimed, Receiver};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::business::{BusinessSettings, Notify};
use protocol::ids::{LeadId, PhoneNumber};
use protocol::twilio::rest::messaging::whatsapp;
use protocol::webhooks::{EventKind, Target};
use serde_json::{Value, json};

use super::failure::Failure;
use super::services::OutboxServices;
use crate::twilio_rest::SendFault;

/// The longest that is told of a person's wish, in characters.
const LONGEST_WISH: usize = 100;

pub(super) async fn send(
    services: &OutboxServices,
    event: &Claimed,
    receiver: &Receiver,
    data: &Value,
) -> Result<(), Failure> {
    let settings =
        BusinessSettings::from_json(receiver.business.settings.clone()).map_err(|error| {
            Failure::Again(format!("the business's settings can't be read: {error}"))
        })?;
    let is_lead = event.record.kind == EventKind::LeadCreated;
    let fresh = if is_lead { lead_now(services, receiver, data).await? } else { None };
    let text = line(event.record.kind, fresh.as_ref().unwrap_or(data), &settings)
        .ok_or_else(|| Failure::Never("there is no line for this event".to_owned()))?;
    let gone = || Failure::Never("the business has no such [notify] any more".to_owned());
    let form = match event.record.target {
        Target::Sms => by_sms(&settings.notify, text).ok_or_else(gone)?,
        Target::Whatsapp => {
            let to = settings.notify.whatsapp_to.clone().ok_or_else(gone)?;
            let business = receiver.business.id;
            let known = conversations::of_person(&services.database, business, &to).await?;
            if known.is_some_and(|conversation| conversation.opted_out) {
                return Err(Failure::Never("its receiver wants no messages".to_owned()));
            }
            by_whatsapp(&settings, &to, &text).ok_or_else(gone)?
        }
        Target::Webhook => return Err(gone()),
    };
    match services.twilio.send_notice(&form).await {
        Ok(_) => Ok(()),
        Err(SendFault::Refused(error, _)) => {
            Err(Failure::Never(format!("Twilio refused: {error}")))
        }
        Err(fault @ (SendFault::NotSent(_) | SendFault::Unknown(_))) => {
            Err(Failure::Again(fault.to_string()))
        }
    }
}

/// The lead as it is by now: when it was made, only its number was known.
async fn lead_now(
    services: &OutboxServices,
    receiver: &Receiver,
    data: &Value,
) -> Result<Option<Value>, Failure> {
    let id = data["id"].as_str().and_then(|id| id.parse().ok());
    let Some(id) = id.map(LeadId) else { return Ok(None) };
    let lead = leads::get(&services.database, receiver.business.id, id).await?;
    Ok(lead.map(
        |lead| json!({ "phone": lead.phone, "full_name": lead.full_name, "fields": lead.fields.0 }),
    ))
}

/// What the person wants, in their words: the fields that must be known, as far as they are.
fn wish(lead: &Value, settings: &BusinessSettings) -> String {
    let known = |field: &String| lead["fields"][field].as_str().map(str::to_owned);
    let mut words: Vec<String> =
        settings.ending.required_lead_fields.iter().filter_map(known).collect();
    words.dedup();
    let wish: String = words.join(", ").chars().take(LONGEST_WISH).collect();
    if wish.is_empty() { wish } else { format!(" ({wish})") }
}

type Form = Vec<(&'static str, String)>;

fn by_sms(notify: &Notify, text: String) -> Option<Form> {
    let (from, to) = (notify.sms_from.as_ref()?, notify.sms_to.as_ref()?);
    Some(vec![("From", from.to_string()), ("To", to.to_string()), ("Body", text)])
}

/// A template: free text reaches nobody who has not written within 24 h.
fn by_whatsapp(settings: &BusinessSettings, to: &PhoneNumber, text: &str) -> Option<Form> {
    let from = settings.whatsapp_number.as_ref()?;
    let template = settings.notify.whatsapp_template.clone()?;
    Some(vec![
        ("From", whatsapp(from)),
        ("To", whatsapp(to)),
        ("ContentSid", template),
        ("ContentVariables", json!({ "1": text }).to_string()),
    ])
}

/// The line, in the business's language if that is Hebrew, else in English. `None`: the owner gets none of
/// this kind.
fn line(kind: EventKind, data: &Value, settings: &BusinessSettings) -> Option<String> {
    let is_hebrew = settings.language.as_str() == "he";
    let withheld = if is_hebrew { "מספר חסוי" } else { "a withheld number" };
    let of = |object: &Value, key: &str| object[key].as_str().map(str::to_owned);
    let number = |object: &Value, key: &str| of(object, key).unwrap_or_else(|| withheld.to_owned());
    let name = &settings.name;
    match kind {
        EventKind::LeadCreated => {
            let phone = number(data, "phone");
            let who = of(data, "full_name").map_or(phone.clone(), |who| format!("{who}, {phone}"));
            let wish = wish(data, settings);
            Some(if is_hebrew {
                format!("{name}: פנייה חדשה מ-{who}{wish}")
            } else {
                format!("{name}: a new lead, {who}{wish}")
            })
        }
        EventKind::AppointmentBooked => {
            let lead = &data["lead"];
            let who = of(lead, "full_name").unwrap_or_else(|| number(lead, "phone"));
            let start: Timestamp = data["starts_at"].as_str()?.parse().ok()?;
            let zone = TimeZone::get(settings.timezone.name()).unwrap_or(TimeZone::UTC);
            let start = start.to_zoned(zone).strftime("%d.%m.%Y %H:%M").to_string();
            Some(if is_hebrew {
                format!("{name}: נקבע תור ל-{start}, {who}")
            } else {
                format!("{name}: booked for {start}, {who}")
            })
        }
        EventKind::CallFailed => {
            let is_inbound = data["direction"] == "inbound";
            let phone = number(data, if is_inbound { "from_number" } else { "to_number" });
            let why = of(data, "end_reason").unwrap_or_default();
            Some(if is_hebrew {
                format!("{name}: שיחה נכשלה, {phone} ({why})")
            } else {
                format!("{name}: a call failed, {phone} ({why})")
            })
        }
        EventKind::CallEnded
        | EventKind::LeadUpdated
        | EventKind::AppointmentMoved
        | EventKind::AppointmentCancelled
        | EventKind::MessageReceived
        | EventKind::MessageNeedsPerson => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::settings;

    #[test]
    fn ops_13_the_owner_gets_a_line_of_each_kind_in_the_business_s_language() {
        let mut settings = settings();
        settings.name = "Locks".to_owned();
        let booked = json!({
            "starts_at": "2026-11-22T08:00:00Z",
            "lead": { "full_name": null, "phone": "+972501234567" },
        });
        let failed =
            json!({ "direction": "inbound", "from_number": null, "end_reason": "internal" });
        let created = json!({ "phone": "+972501234567" });
        let events = [
            (EventKind::LeadCreated, created),
            (EventKind::AppointmentBooked, booked),
            (EventKind::CallFailed, failed),
        ];
        let lines = |settings: &BusinessSettings| {
            events.each_ref().map(|(kind, data)| line(*kind, data, settings).unwrap())
        };
        assert_eq!(
            lines(&settings),
            [
                "Locks: פנייה חדשה מ-+972501234567",
                "Locks: נקבע תור ל-22.11.2026 10:00, +972501234567",
                "Locks: שיחה נכשלה, מספר חסוי (internal)",
            ]
        );
        settings.language = protocol::business::Language::parse("en").unwrap();
        assert_eq!(
            lines(&settings),
            [
                "Locks: a new lead, +972501234567",
                "Locks: booked for 22.11.2026 10:00, +972501234567",
                "Locks: a call failed, a withheld number (internal)",
            ]
        );
        settings.ending.required_lead_fields = vec!["problem".to_owned(), "city".to_owned()];
        let known = json!({
            "phone": "+972501234567", "full_name": "Dana",
            "fields": { "city": "Haifa", "problem": "locked out", "floor": "3" },
        });
        let told = line(EventKind::LeadCreated, &known, &settings).unwrap();
        assert_eq!(told, "Locks: a new lead, Dana, +972501234567 (locked out, Haifa)");
        for kind in EventKind::ALL {
            let is_told = EventKind::NOTICES.contains(&kind);
            let told = events.iter().any(|(known, _)| *known == kind);
            assert_eq!(is_told, told, "{kind}");
        }
    }
}
