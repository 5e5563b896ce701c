//! The REST API's resources as JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::reply::Reply;
use crate::twilio::clock::rfc2822;
use crate::twilio::form::value;
use crate::twilio::line::Line;
use crate::twilio::message_store::SentMessage;
use crate::twilio::network::Network;

/// A single page with all items.
pub(super) fn page(name: &str, items: Vec<Value>) -> Reply {
    let size = items.len();
    let body = json!({
        name: items, "page": 0, "page_size": size.max(50), "start": 0,
        "end": size.saturating_sub(1), "next_page_uri": null, "previous_page_uri": null,
    });
    Reply { status: 200, body }
}

pub(super) fn call(line: &Line) -> Value {
    let view = line.view.borrow();
    let date = |after: std::time::Duration| {
        line.made_at.checked_add(after).map_or(Value::Null, |at: Timestamp| json!(rfc2822(at)))
    };
    let duration = view.duration().map(|duration| duration.as_secs().to_string());
    let account = &line.account_sid;
    json!({
        "sid": line.sid, "account_sid": account, "parent_call_sid": null,
        "to": view.to, "from": view.from,
        "to_formatted": view.to, "from_formatted": view.from,
        "phone_number_sid": null, "status": view.status.as_str(),
        "start_time": view.answered_at.map(date),
        "end_time": view.ended_at.map(date), "duration": duration, "price": null, "price_unit": "USD",
        "direction": view.direction.as_str(),
        "answered_by": null, "api_version": "2010-04-01", "forwarded_from": null,
        "caller_name": null, "queue_time": "0", "group_sid": null, "trunk_sid": null,
        "date_created": date(std::time::Duration::ZERO),
        "date_updated": date(line.clock.elapsed()),
        "uri": format!("/2010-04-01/Accounts/{account}/Calls/{}.json", line.sid),
        "subresource_uris": {},
    })
}

pub(super) fn message(network: &Network, message: &SentMessage) -> Value {
    let account = &network.settings.account_sid;
    let date = rfc2822(message.made_at);
    json!({
        "sid": message.sid, "account_sid": account, "messaging_service_sid": message.service,
        "to": message.to, "from": message.from, "body": message.body,
        "status": message.status.as_str(), "num_segments": "1", "num_media": "0",
        "direction": "outbound-api", "api_version": "2010-04-01",
        "price": null, "price_unit": "USD",
        "error_code": message.error_code, "error_message": null,
        "date_created": date, "date_updated": date, "date_sent": null,
        "uri": format!("/2010-04-01/Accounts/{account}/Messages/{}.json", message.sid),
        "subresource_uris": {},
    })
}

/// The account's numbers, each with the carrier's configuration.
pub(super) fn numbers(network: &Network, form: &[(String, String)]) -> Reply {
    let settings = &network.settings;
    let wanted = value(form, "PhoneNumber");
    let numbers = settings.numbers.iter().enumerate();
    let numbers = numbers.filter(|(_, number)| wanted.is_none_or(|wanted| *number == wanted));
    let items = numbers.map(|(n, number)| {
        json!({
            "sid": format!("PN{:032x}", n + 1), "account_sid": settings.account_sid,
            "phone_number": number, "friendly_name": number,
            "voice_url": settings.voice_url, "voice_method": "POST",
            "voice_fallback_url": settings.fallback_url, "voice_fallback_method": "POST",
            "status_callback": settings.status_callback, "status_callback_method": "POST",
            "sms_url": settings.message_url, "sms_method": "POST",
            "capabilities": {"voice": true, "sms": true},
        })
    });
    page("incoming_phone_numbers", items.collect())
}

/// The account's WhatsApp senders, each with the carrier's configuration.
pub(super) fn senders(network: &Network, form: &[(String, String)]) -> Reply {
    let settings = &network.settings;
    let whatsapp = value(form, "Channel") == Some("whatsapp");
    let senders = settings.senders.iter().enumerate().filter(|_| whatsapp);
    let senders: Vec<Value> = senders
        .map(|(n, number)| {
            json!({
                "sid": format!("XE{:032x}", n + 1), "status": "ONLINE",
                "sender_id": format!("whatsapp:{number}"),
                "configuration": { "waba_id": "1" }, "profile": { "name": "Practice" },
                "webhook": {
                    "callback_url": settings.message_url, "callback_method": "POST",
                    "fallback_url": settings.message_fallback_url, "fallback_method": "POST",
                    "status_callback_url": null, "status_callback_method": "POST",
                },
                "properties": null, "offline_reasons": null,
            })
        })
        .collect();
    let meta = json!({ "key": "senders", "page": 0, "page_size": 50, "next_page_url": null });
    Reply { status: 200, body: json!({ "senders": senders, "meta": meta }) }
}
