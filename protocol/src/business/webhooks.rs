//! `[webhooks]` and `[notify]`: who is told of what happens (OPS-13).

use serde::{Deserialize, Serialize};

use crate::ids::PhoneNumber;
use crate::webhooks::{EventKind, Target, WebhookSecret};

/// The receiver of a business's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhooks {
    /// Where events are sent: https, and public unless the daemon's configuration allows others.
    pub url: String,
    /// Signs the events. It can be written and is never read back: leave it out to keep the one that is
    /// stored.
    #[serde(default, skip_serializing)]
    pub secret: Option<WebhookSecret>,
    /// The events that are sent. Default all.
    #[serde(default = "all")]
    pub events: Vec<EventKind>,
}

/// Lines to the owner: for a new lead, a booking, a failed call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Notify {
    /// The number that sends the SMS. Needed with `sms_to`.
    pub sms_from: Option<PhoneNumber>,
    /// Who gets an SMS; `None`: nobody.
    pub sms_to: Option<PhoneNumber>,
    /// Who gets a WhatsApp message, from `whatsapp_number`; `None`: nobody.
    pub whatsapp_to: Option<PhoneNumber>,
    /// The approved template (`HX…`) that carries the line as its variable 1. Needed with `whatsapp_to`.
    pub whatsapp_template: Option<String>,
}

fn all() -> Vec<EventKind> {
    EventKind::ALL.to_vec()
}

impl super::BusinessSettings {
    /// Who is told of what.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<(Target, EventKind)> {
        let events = self.webhooks.iter().flat_map(|webhooks| webhooks.events.iter().copied());
        let mut wanted: Vec<_> = events.map(|kind| (Target::Webhook, kind)).collect();
        let notices = |target| EventKind::NOTICES.map(|kind| (target, kind));
        if self.notify.sms_to.is_some() {
            wanted.extend(notices(Target::Sms));
        }
        if self.notify.whatsapp_to.is_some() {
            wanted.extend(notices(Target::Whatsapp));
        }
        wanted
    }
}

/// Whether a text is the name of a content template at Twilio.
pub(super) fn is_template(text: &str) -> bool {
    let digits = text.strip_prefix("HX").unwrap_or_default();
    digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::super::tests::business;
    use super::*;
    use crate::business::BusinessSettings;

    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn with(section: serde_json::Value) -> Result<BusinessSettings, String> {
        let mut keys = serde_json::to_value(business()).unwrap();
        for (name, value) in section.as_object().unwrap() {
            keys[name] = value.clone();
        }
        let read = BusinessSettings::from_json(keys).map_err(|error| error.to_string())?;
        read.validate().map_err(|problems| problems[0].to_string())?;
        Ok(read)
    }

    fn webhooks(keys: serde_json::Value) -> Result<BusinessSettings, String> {
        with(serde_json::json!({ "webhooks": keys }))
    }

    #[test]
    fn ops_13_a_secret_is_read_and_never_written() {
        let keys = serde_json::json!({ "url": "https://x.example/", "secret": SECRET });
        let settings = webhooks(keys).unwrap();
        assert_eq!(settings.webhooks.as_ref().unwrap().secret.as_ref().unwrap().expose(), SECRET);
        let written = serde_json::to_string(&settings).unwrap();
        assert!(written.contains("https://x.example/") && !written.contains("whsec_"), "{written}");
        assert!(!format!("{settings:?}").contains("MfKQ"));
        assert_eq!(settings.subscriptions().len(), EventKind::ALL.len());
    }

    #[test]
    fn ops_13_wrong_keys_of_webhooks_are_refused_in_words() {
        for (keys, told) in [
            (
                serde_json::json!({ "url": "http://x.example/" }),
                "webhooks.url: must begin with https://",
            ),
            (
                serde_json::json!({ "url": "x.example" }),
                "webhooks.url: is no address of a receiver",
            ),
            (
                serde_json::json!({ "url": "https://x.example/", "events": [] }),
                "webhooks.events: is empty",
            ),
            (
                serde_json::json!({ "url": "https://x.example/", "events": ["call.ended", "call.ended"] }),
                "webhooks.events: holds call.ended twice",
            ),
        ] {
            let refused = webhooks(keys).unwrap_err();
            assert!(refused.starts_with(told), "{refused}");
        }
        for keys in [
            serde_json::json!({ "url": "https://x.example/", "secret": "whsec_short" }),
            serde_json::json!({ "url": "https://x.example/", "events": ["call.begun"] }),
            serde_json::json!({ "secret": SECRET }),
        ] {
            webhooks(keys).unwrap_err();
        }
    }

    #[test]
    fn ops_13_notices_need_a_sender_and_a_template() {
        let template = format!("HX{}", "0".repeat(32));
        let notify = |keys: serde_json::Value| with(serde_json::json!({ "notify": keys }));
        for (keys, told) in [
            (serde_json::json!({ "sms_to": "+972501112233" }), "notify.sms_from: is missing"),
            (
                serde_json::json!({ "whatsapp_to": "+972501112233" }),
                "notify.whatsapp_template: is missing",
            ),
            (
                serde_json::json!({ "whatsapp_to": "+972501112233", "whatsapp_template": "hello" }),
                "notify.whatsapp_template: is no template",
            ),
            (
                serde_json::json!({ "whatsapp_to": "+972501112233", "whatsapp_template": template }),
                "notify.whatsapp_to: needs whatsapp_number",
            ),
        ] {
            let refused = notify(keys).unwrap_err();
            assert!(refused.starts_with(told), "{refused}");
        }
        let sms = serde_json::json!({ "sms_to": "+972501112233", "sms_from": "+97231234567" });
        let wanted = notify(sms).unwrap().subscriptions();
        assert_eq!(wanted, EventKind::NOTICES.map(|kind| (Target::Sms, kind)));
    }
}
