//! What `serve` says first (OPS-14): where it listens, what Twilio is to be told, and what is still practice.

use std::fmt::Write as _;

use entities::businesses::Standing;
use entities::{Database, RecordsError, businesses};

use crate::app::App;
use crate::cli::stored;
use crate::config::{Config, ModelProvider};
use crate::table::table;

/// The businesses that are named. Of more, the number is told.
const MOST_NAMED: usize = 20;

/// The lines for the terminal.
pub(super) async fn lines(app: &App, config: &Config) -> Result<String, RecordsError> {
    let mut text = format!("frontdesk {}\n", env!("CARGO_PKG_VERSION"));
    let public = &config.server.public_url;
    let mut rows = vec![
        row("listens", format!("http://{}, for Twilio at {public}", app.twilio_address())),
        row(
            "admin",
            match app.admin_address() {
                Some(address) => format!("http://{address}"),
                None => "none: admin.token is not set".to_owned(),
            },
        ),
        row("console", console(app, config)),
        row("voice", format!("{public}/twilio/voice, and as the fallback")),
        row("status", format!("{public}/twilio/status")),
        row("whatsapp", format!("{public}/twilio/whatsapp")),
    ];
    rows.extend(practice(config).into_iter().map(|what| row("practice", what)));
    lay_out(&mut text, rows);
    text.push_str(&numbers(&app.services().database).await?);
    Ok(text)
}

/// Where the console is, and why nobody could sign in there.
fn console(app: &App, config: &Config) -> String {
    let (Some(address), url) = (app.console_address(), &config.console.public_url) else {
        return match app.admin_address() {
            Some(address) => {
                format!("http://{address}/console, with the operator's listener alone")
            }
            None => "none: console.listen is not set".to_owned(),
        };
    };
    let is_kept = match url {
        Some(url) => url.keeps_sessions(),
        None => address.ip().is_loopback(),
    };
    let url = url.as_ref().map_or_else(|| format!("http://{address}"), ToString::to_string);
    if is_kept {
        return format!("{url}/console");
    }
    format!(
        "{url}/console, where nobody can sign in: browsers want https, so put a proxy with TLS before it and \
         set console.public_url"
    )
}

/// A URL is never cut: it is there to be copied.
fn lay_out(text: &mut String, rows: Vec<(&'static str, String)>) {
    for (name, value) in rows {
        let _ = writeln!(text, "  {name:<8}  {value}");
    }
}

fn row(name: &'static str, value: String) -> (&'static str, String) {
    (name, value)
}

/// What is simulated, or serves for practice only.
fn practice(config: &Config) -> Vec<String> {
    let mut found = Vec::new();
    if config.openai.provider == ModelProvider::Practice {
        found.push("a simulated model answers: openai.provider is \"practice\"".to_owned());
    }
    if config.twilio.has_practice_account() {
        found.push("no account at Twilio: twilio.account_sid is the practice one".to_owned());
    }
    if config.twilio.has_practice_token() {
        found.push("anybody can sign as Twilio: twilio.auth_token is public".to_owned());
    }
    found
}

/// The businesses, with the numbers that have the URLs above.
async fn numbers(db: &Database) -> Result<String, RecordsError> {
    let mut all = stored::all(db).await?;
    all.retain(|business| business.standing != Standing::Removed);
    let mut text = match all.len() {
        0 => return Ok("no business: `frontdesk business import FILE` makes one\n".to_owned()),
        1 => "1 business\n".to_owned(),
        count => format!("{count} businesses\n"),
    };
    let mut rows = Vec::new();
    for business in all.iter().take(MOST_NAMED) {
        let numbers = businesses::numbers(db, business.id).await?;
        let slug = || format!("  {}", business.slug);
        rows.extend(
            numbers.iter().map(|number| vec![slug(), number.to_string(), "voice".to_owned()]),
        );
        let sender = business.whatsapp_number.iter();
        rows.extend(sender.map(|number| vec![slug(), number.to_string(), "whatsapp".to_owned()]));
    }
    text.push_str(&table(&rows));
    if all.len() > MOST_NAMED {
        text.push_str("  and more: `frontdesk business list` names them all\n");
    }
    Ok(text)
}

#[cfg(test)]
#[cfg(feature = "practice")]
mod tests;
