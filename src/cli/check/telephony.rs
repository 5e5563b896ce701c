//! Checks Twilio: that it accepts the account, and sends the calls of each number to this daemon.

mod number;
mod sender;

use ::actors::http_client::{HttpClient, HttpError};
use http::StatusCode;
use protocol::ids::PhoneNumber;
use protocol::twilio::rest::RestError;
use secrecy::ExposeSecret;
use serde::Deserialize;
use thiserror::Error;

use super::finding::Finding;
use crate::cli::http::reason;
use crate::config::words::in_words;
use crate::config::{Config, Twilio};
use number::{ABOUT, IncomingNumber};

/// The most pages of 1,000 numbers that are read. The largest accounts have some ten thousand numbers.
const MAX_PAGES: usize = 50;

/// Checks the account, each number in `ours`, the numbers of all businesses, and each WhatsApp number in
/// `senders`.
pub(super) async fn check(
    config: &Config,
    ours: &[PhoneNumber],
    senders: &[PhoneNumber],
    client: &HttpClient,
) -> Vec<Finding> {
    let twilio = &config.twilio;
    if twilio.has_practice_account() {
        return vec![Finding::ok(ABOUT, "the practice account: there is nothing to check")];
    }
    let mut findings: Vec<_> = odd_token(twilio).into_iter().collect();
    match read_numbers(twilio, client).await {
        Ok(there) => {
            let count = there.len();
            findings.push(Finding::ok(
                ABOUT,
                format!("the account is accepted and has {count} number{}", plural(count)),
            ));
            for number in ours {
                findings.extend(number::check(number, &there, &config.server.public_url));
            }
            if !senders.is_empty() {
                findings.extend(of_senders(config, senders, client).await);
            }
        }
        Err(fault) => findings.push(Finding::fail(ABOUT, fault.to_string())),
    }
    findings
}

/// Whether messages to the senders come here. Without an answer the console has to be looked at.
async fn of_senders(config: &Config, ours: &[PhoneNumber], client: &HttpClient) -> Vec<Finding> {
    match sender::read(&config.twilio, client).await {
        Ok(there) => {
            let public_url = &config.server.public_url;
            ours.iter().flat_map(|number| sender::check(number, &there, public_url)).collect()
        }
        Err(fault) => vec![Finding::warn(ABOUT, format!("{fault}: {}", sender::BY_HAND))],
    }
}

/// Twilio's auth tokens are 32 hexadecimal digits.
fn odd_token(twilio: &Twilio) -> Option<Finding> {
    let token = twilio.auth_token.expose_secret();
    let usual = token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    (!usual).then(|| {
        Finding::warn(
            ABOUT,
            "twilio.auth_token is not 32 hexadecimal digits, as Twilio's are, so every webhook may \
             be refused: set it to the account's auth token, not to an API key's secret",
        )
    })
}

/// Why the account's numbers were not read.
#[derive(Debug, Error)]
enum Fault {
    #[error(
        "{url} can't be reached ({reason}): check twilio.api_url, and that this machine may connect to it"
    )]
    Unreachable { url: String, reason: String },
    #[error(
        "the account or its token is refused ({0}): set twilio.account_sid and twilio.auth_token as the Twilio console shows them"
    )]
    Refused(RestError),
    #[error("the numbers can't be read ({0}): try again, or check Twilio's status page")]
    Failed(RestError),
    #[error("{url} answers with something else than numbers ({reason}): check twilio.api_url")]
    Unreadable { url: String, reason: String },
}

/// A page of `IncomingPhoneNumbers`.
/// <https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource>
#[derive(Deserialize)]
struct Page {
    incoming_phone_numbers: Vec<IncomingNumber>,
    /// The path of the next page; `null` on the last.
    #[serde(default)]
    next_page_uri: Option<String>,
}

async fn read_numbers(twilio: &Twilio, client: &HttpClient) -> Result<Vec<IncomingNumber>, Fault> {
    let root = twilio.api_url.to_string();
    let root = root.trim_end_matches('/');
    let account = &twilio.account_sid;
    let first = format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json?PageSize=1000");
    let mut next = Some(first);
    let mut numbers = Vec::new();
    for _ in 0..MAX_PAGES {
        let Some(path) = next else { break };
        let page = read_page(twilio, client, format!("{root}{path}")).await?;
        numbers.extend(page.incoming_phone_numbers);
        // Only paths are followed: the credentials go only to the configured host.
        next = page.next_page_uri.filter(|path| path.starts_with("/2010-04-01/"));
    }
    Ok(numbers)
}

async fn read_page(twilio: &Twilio, client: &HttpClient, url: String) -> Result<Page, Fault> {
    let token = twilio.auth_token.expose_secret();
    let request = client.get(&url).basic_auth(twilio.account_sid.as_str(), token);
    let unreachable =
        |error: HttpError| Fault::Unreachable { url: url.clone(), reason: reason(&error) };
    let answer = request.send().await.map_err(unreachable)?;
    let body = answer.text();
    match answer.status {
        StatusCode::OK => serde_json::from_str(&body)
            .map_err(|error| Fault::Unreadable { url, reason: in_words(&error.to_string()) }),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => {
            Err(Fault::Refused(RestError::read(answer.status.as_u16(), &body)))
        }
        status => Err(Fault::Failed(RestError::read(status.as_u16(), &body))),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
