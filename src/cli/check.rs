//! `frontdesk check`: what would keep calls from being answered, one line each, with how to mend it.

mod configuration;
mod finding;
mod provider;
mod records;
mod telephony;

use std::io::Write;

use finding::{Finding, Verdict};

use super::{CliError, Exit, http};
use crate::config::Config;

/// Looks at everything a call needs; each finding is printed as soon as it is known.
pub(super) async fn run(config: &Config, out: &mut impl Write) -> Result<Exit, CliError> {
    let client = http::client()?;
    let mut report = Report { out, worst: Verdict::Ok };
    report.all(configuration::look(config))?;
    let (findings, numbers) = records::look(&config.database).await;
    report.all(findings)?;
    report.all([provider::look(&config.openai, &client).await])?;
    report.all(telephony::look(config, &numbers, &client).await)?;
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
    fn all(&mut self, findings: impl IntoIterator<Item = Finding>) -> Result<(), CliError> {
        for finding in findings {
            writeln!(self.out, "{finding}")?;
            self.worst = self.worst.max(finding.verdict);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
