//! `frontdesk check`: checks everything that calls need. Each finding is one line and says how to fix
//! what is wrong.

mod configuration;
mod finding;
mod models;
mod provider;
mod records;
mod telephony;
mod webhooks;

use std::io::Write;

pub(crate) use finding::{Finding, Verdict};
use records::Records;

use super::error::CliError;
use super::exit::Exit;
use super::http;
use crate::config::Config;

/// Prints each finding as soon as it is known.
pub(super) async fn run(config: &Config, out: &mut impl Write) -> Result<Exit, CliError> {
    let mut report = Report { out, worst: Verdict::Ok };
    look(config, |findings| report.add(findings)).await?;
    match report.worst {
        Verdict::Ok | Verdict::Warn => Ok(Exit::Clean),
        Verdict::Fail => Ok(Exit::Failed),
    }
}

/// All findings, for the console.
///
/// # Errors
/// [`CliError`] if there is no HTTP client.
pub(crate) async fn findings(config: &Config) -> Result<Vec<Finding>, CliError> {
    let mut all = Vec::new();
    look(config, |findings| {
        all.extend(findings);
        Ok(())
    })
    .await?;
    Ok(all)
}

async fn look(
    config: &Config,
    mut found: impl FnMut(Vec<Finding>) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let client = http::client()?;
    found(configuration::check(config))?;
    let Records { findings, numbers, senders, models } = records::check(config).await;
    found(findings)?;
    let (finding, shut_downs) = provider::check(&config.openai, &client).await;
    found(vec![finding])?;
    found(models::check(&models, &shut_downs))?;
    found(telephony::check(config, &numbers, &senders, &client).await)
}

struct Report<'a, W> {
    out: &'a mut W,
    worst: Verdict,
}

impl<W: Write> Report<'_, W> {
    fn add(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), CliError> {
        for finding in findings {
            writeln!(self.out, "{finding}")?;
            self.worst = self.worst.max(finding.verdict);
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(feature = "practice")]
mod tests;
