//! Rules for `[webhooks]` and `[notify]` (OPS-13).

use super::super::webhooks::is_template;
use super::{Problems, Rule, first_repeated};
use crate::business::BusinessSettings;
use crate::webhooks::check_url;

pub(super) fn check(business: &BusinessSettings, problems: &mut Problems) {
    if let Some(webhooks) = &business.webhooks {
        // Whether it may be inside is a matter of the daemon's configuration.
        if let Err(flaw) = check_url(&webhooks.url, true) {
            problems.add("webhooks.url", flaw);
        }
        problems.add_if(webhooks.events.is_empty(), "webhooks.events", Rule::NoEvents);
        if let Some(twice) = first_repeated(&webhooks.events) {
            problems.add("webhooks.events", Rule::Twice(twice.to_string()));
        }
    }
    let notify = &business.notify;
    problems.add_if(
        notify.sms_to.is_some() && notify.sms_from.is_none(),
        "notify.sms_from",
        Rule::NoSender,
    );
    if notify.whatsapp_to.is_none() {
        return;
    }
    match &notify.whatsapp_template {
        None => problems.add("notify.whatsapp_template", Rule::NoTemplate),
        Some(template) => {
            let is_wrong = !is_template(template);
            problems.add_if(is_wrong, "notify.whatsapp_template", Rule::Template);
        }
    }
    let has_none = business.whatsapp_number.is_none();
    problems.add_if(has_none, "notify.whatsapp_to", Rule::NoWhatsappNumber);
}
