//! Rules for `[webhooks]` and `[notify]` (OPS-13).

use super::super::webhooks::is_template;
use super::{Problems, first_repeated};
use crate::business::BusinessSettings;
use crate::webhooks::check_url;

pub(super) fn check(business: &BusinessSettings, problems: &mut Problems) {
    if let Some(webhooks) = &business.webhooks {
        // Whether it may be inside is a matter of the daemon's configuration.
        if let Err(flaw) = check_url(&webhooks.url, true) {
            problems.add("webhooks.url", flaw.to_string());
        }
        problems.add_if(
            webhooks.events.is_empty(),
            "webhooks.events",
            "is empty: name at least one event, or leave the key out for all of them",
        );
        if let Some(twice) = first_repeated(&webhooks.events) {
            problems.add("webhooks.events", format!("holds {twice} twice: give each event once"));
        }
    }
    let notify = &business.notify;
    problems.add_if(
        notify.sms_to.is_some() && notify.sms_from.is_none(),
        "notify.sms_from",
        "is missing: give the number of yours at Twilio that sends the SMS",
    );
    if notify.whatsapp_to.is_none() {
        return;
    }
    match &notify.whatsapp_template {
        None => problems.add(
            "notify.whatsapp_template",
            "is missing: WhatsApp delivers nothing but approved templates to somebody who has not \
             written within 24 h; give the HX… of one whose variable 1 is the line",
        ),
        Some(template) => problems.add_if(
            !is_template(template),
            "notify.whatsapp_template",
            "is no template at Twilio: expected HX and 32 hexadecimal digits",
        ),
    }
    problems.add_if(
        business.whatsapp_number.is_none(),
        "notify.whatsapp_to",
        "needs whatsapp_number, which sends the message",
    );
}
