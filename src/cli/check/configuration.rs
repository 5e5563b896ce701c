//! Checks the configuration: what `serve` would refuse, and what it would run without.

use super::finding::Finding;
use crate::config::Config;

const ABOUT: &str = "config";

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let mut findings = match config.check() {
        Ok(()) => vec![Finding::ok(ABOUT, "every key is valid")],
        Err(problems) => problems
            .into_iter()
            .map(|problem| Finding::fail(ABOUT, format!("{} {}", problem.key, problem.message)))
            .collect(),
    };
    findings.extend(no_operator(config));
    findings.extend(unsigned(config));
    findings
}

fn no_operator(config: &Config) -> Option<Finding> {
    config.admin.token.is_none().then(|| {
        Finding::warn(
            ABOUT,
            "admin.token is not set, so there is no API and no `frontdesk actors`: set it, or \
             FRONTDESK__ADMIN__TOKEN, to 16 characters or more",
        )
    })
}

fn unsigned(config: &Config) -> Option<Finding> {
    (!config.twilio.validate_signatures).then(|| {
        Finding::warn(
            ABOUT,
            "twilio.validate_signatures is false, so anybody can pose as Twilio: set it to true",
        )
    })
}
