//! Checks one WhatsApp sender at Twilio: whether its messages come to this daemon.

use ::actors::http_client::HttpClient;
use protocol::ids::PhoneNumber;
use protocol::twilio::rest::RestError;
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::number::ABOUT;
use crate::cli::check::finding::Finding;
use crate::cli::http::reason;
use crate::config::words::in_words;
use crate::config::{PublicUrl, Twilio};

/// The most pages of 100 senders that are read.
const MAX_PAGES: usize = 50;
/// What to do if Twilio does not say.
pub(super) const BY_HAND: &str = "look in the Twilio console whether each sender's webhook is {server.public_url}/twilio/whatsapp";

/// A WhatsApp sender, as far as it matters here.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Sender {
    /// `whatsapp:` and the number.
    sender_id: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    webhook: Option<Webhook>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Webhook {
    callback_url: Option<String>,
    callback_method: Option<String>,
    fallback_url: Option<String>,
}

/// A page of senders. <https://www.twilio.com/docs/whatsapp/api/senders>
#[derive(Deserialize)]
struct Page {
    senders: Vec<Sender>,
    #[serde(default)]
    meta: Meta,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Meta {
    /// `null` on the last page.
    next_page_url: Option<String>,
}

/// Reads the account's senders. The error says why that was not possible.
pub(super) async fn read(twilio: &Twilio, client: &HttpClient) -> Result<Vec<Sender>, String> {
    let root = root(&twilio.api_url.to_string());
    let mut next = Some(format!("{root}/v2/Channels/Senders?Channel=whatsapp&PageSize=100"));
    let mut senders = Vec::new();
    for _ in 0..MAX_PAGES {
        let Some(url) = next else { break };
        let token = twilio.auth_token.expose_secret();
        let request = client.get(&url).basic_auth(twilio.account_sid.as_str(), token);
        let unread = |why: String| format!("the WhatsApp senders can't be read ({why})");
        let answer = request.send().await.map_err(|error| unread(reason(&error)))?;
        let body = answer.text();
        if !answer.status.is_success() {
            return Err(unread(RestError::read(answer.status.as_u16(), &body).to_string()));
        }
        let page: Page =
            serde_json::from_str(&body).map_err(|error| unread(in_words(&error.to_string())))?;
        senders.extend(page.senders);
        // The credentials go only to the configured host.
        let here = format!("{root}/v2/");
        next = page.meta.next_page_url.filter(|url| url.starts_with(&here));
    }
    Ok(senders)
}

/// Where senders are listed: at Twilio on a host of its own.
fn root(api_url: &str) -> String {
    let api_url = api_url.trim_end_matches('/');
    match api_url.strip_prefix("https://api.") {
        Some(host) if host.ends_with("twilio.com") => format!("https://messaging.{host}"),
        Some(_) | None => api_url.to_owned(),
    }
}

/// Checks `ours` against the account's senders. Returns one finding if all is well.
pub(super) fn check(ours: &PhoneNumber, there: &[Sender], public_url: &PublicUrl) -> Vec<Finding> {
    let id = format!("whatsapp:{ours}");
    let Some(sender) = there.iter().find(|sender| sender.sender_id == id) else {
        let message = format!(
            "{ours} is no WhatsApp sender of this account: register it in the Twilio console, or take it \
             out of the business's whatsapp_number"
        );
        return vec![Finding::fail(ABOUT, message)];
    };
    let webhook = sender.webhook.clone().unwrap_or_default();
    let wrong = [
        offline(ours, &sender.status),
        wrong_webhook(ours, &webhook, public_url),
        no_fallback(ours, &webhook, public_url),
    ];
    let wrong: Vec<_> = wrong.into_iter().flatten().collect();
    if wrong.is_empty() {
        return vec![Finding::ok(ABOUT, format!("{ours} brings its messages to {public_url}"))];
    }
    wrong
}

fn offline(ours: &PhoneNumber, status: &str) -> Option<Finding> {
    let is_online = status.is_empty() || status.starts_with("ONLINE");
    (!is_online).then(|| {
        Finding::fail(
            ABOUT,
            format!(
                "the WhatsApp sender {ours} is {status}, so no message comes or goes: see what the \
                 Twilio console says of it"
            ),
        )
    })
}

fn wrong_webhook(ours: &PhoneNumber, webhook: &Webhook, public_url: &PublicUrl) -> Option<Finding> {
    let wanted = format!("{public_url}/twilio/whatsapp");
    let is = set(&webhook.callback_url);
    if is != Some(&wanted) {
        let is = is.unwrap_or("not set");
        return Some(Finding::fail(
            ABOUT,
            format!(
                "the webhook of the WhatsApp sender {ours} is {is}, so its messages don't come here: \
                 set it to {wanted}"
            ),
        ));
    }
    let method = set(&webhook.callback_method).unwrap_or("POST");
    (!method.eq_ignore_ascii_case("POST")).then(|| {
        Finding::fail(
            ABOUT,
            format!(
                "the webhook of the WhatsApp sender {ours} is requested with {method}: set its method to \
                 POST"
            ),
        )
    })
}

/// A fallback elsewhere is fine: it can keep what comes while this daemon is down.
fn no_fallback(ours: &PhoneNumber, webhook: &Webhook, public_url: &PublicUrl) -> Option<Finding> {
    let wanted = format!("{public_url}/twilio/whatsapp");
    set(&webhook.fallback_url).is_none().then(|| {
        Finding::warn(
            ABOUT,
            format!(
                "the WhatsApp sender {ours} has no fallback URL, so a message that comes while the \
                 database is away is lost: set it to {wanted}"
            ),
        )
    })
}

fn set(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::check::finding::Verdict;

    const OURS: &str = "+97231234567";
    const PUBLIC: &str = "https://calls.example.com";

    fn well() -> Webhook {
        Webhook {
            callback_url: Some(format!("{PUBLIC}/twilio/whatsapp")),
            callback_method: Some("POST".to_owned()),
            fallback_url: Some("https://elsewhere.example.com/kept".to_owned()),
        }
    }

    fn verdicts(status: &str, webhook: Webhook) -> Vec<(Verdict, String)> {
        let (ours, public) = (PhoneNumber::parse(OURS).unwrap(), PublicUrl::parse(PUBLIC).unwrap());
        let sender = Sender {
            sender_id: format!("whatsapp:{OURS}"),
            status: status.to_owned(),
            webhook: Some(webhook),
        };
        let findings = check(&ours, &[sender], &public);
        findings.into_iter().map(|finding| (finding.verdict, finding.to_string())).collect()
    }

    #[test]
    fn ops_5_wa_1_each_address_of_a_sender_that_is_wrong_is_told_with_the_right_one() {
        let wanted = format!("set it to {PUBLIC}/twilio/whatsapp");
        for (status, webhook, verdict, told) in [
            ("ONLINE", well(), Verdict::Ok, "brings its messages to"),
            ("ONLINE:UPDATING", well(), Verdict::Ok, "brings its messages to"),
            ("OFFLINE", well(), Verdict::Fail, "is OFFLINE"),
            ("ONLINE", Webhook { callback_url: None, ..well() }, Verdict::Fail, &wanted),
            (
                "ONLINE",
                Webhook { callback_url: Some("https://demo.twilio.com".to_owned()), ..well() },
                Verdict::Fail,
                "demo.twilio.com, so its messages don't come here",
            ),
            (
                "ONLINE",
                Webhook { callback_method: Some("GET".to_owned()), ..well() },
                Verdict::Fail,
                "set its method to POST",
            ),
            (
                "ONLINE",
                Webhook { fallback_url: Some(String::new()), ..well() },
                Verdict::Warn,
                &wanted,
            ),
        ] {
            let all = verdicts(status, webhook);
            assert_eq!(all.len(), 1, "{all:?}");
            assert_eq!(all[0].0, verdict, "{all:?}");
            assert!(all[0].1.contains(told), "{all:?}");
        }
        let ours = PhoneNumber::parse(OURS).unwrap();
        let missing = check(&ours, &[], &PublicUrl::parse(PUBLIC).unwrap());
        assert!(missing[0].to_string().contains("is no WhatsApp sender of this account"));
    }

    #[test]
    fn ops_5_senders_are_listed_on_a_host_of_their_own_at_twilio() {
        for (api, root_is) in [
            ("https://api.twilio.com", "https://messaging.twilio.com"),
            ("https://api.dublin.ie1.twilio.com/", "https://messaging.dublin.ie1.twilio.com"),
            ("http://127.0.0.1:9/", "http://127.0.0.1:9"),
            ("https://api.example.com", "https://api.example.com"),
        ] {
            assert_eq!(root(api), root_is);
        }
    }
}
