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

use finding::{Finding, Verdict};
use records::Records;

use super::error::CliError;
use super::exit::Exit;
use super::http;
use crate::config::Config;

/// Prints each finding as soon as it is known.
pub(super) async fn run(config: &Config, out: &mut impl Write) -> Result<Exit, CliError> {
    let client = http::client()?;
    let mut report = Report { out, worst: Verdict::Ok };
    report.add(configuration::check(config))?;
    let Records { findings, numbers, senders, models } = records::check(config).await;
    report.add(findings)?;
    let (finding, shut_downs) = provider::check(&config.openai, &client).await;
    report.add([finding])?;
    report.add(models::check(&models, &shut_downs))?;
    report.add(telephony::check(config, &numbers, &senders, &client).await)?;
    match report.worst {
        Verdict::Ok | Verdict::Warn => Ok(Exit::Clean),
        Verdict::Fail => Ok(Exit::Failed),
    }
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
