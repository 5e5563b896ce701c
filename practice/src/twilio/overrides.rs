//! Twilio's connection overrides, in the fragment of a webhook's URL.

use std::time::Duration;

/// The limits and retries of a webhook. The defaults are Twilio's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overrides {
    /// Time limit to connect (`ct`).
    pub(super) connect: Duration,
    /// Time limit of one attempt (`rt`).
    pub(super) read: Duration,
    /// Time limit of all attempts (`tt`).
    pub(super) total: Duration,
    /// Attempts after the first (`rc`).
    pub(super) retries: u32,
    /// Failures that are retried (`rp`).
    pub(super) retry_on: RetryOn,
}

/// The failures that are retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RetryOn {
    pub(super) connect: bool,
    pub(super) read: bool,
    pub(super) client_error: bool,
    pub(super) server_error: bool,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(15),
            total: Duration::from_secs(15),
            retries: 1,
            retry_on: RetryOn { connect: true, ..RetryOn::NONE },
        }
    }
}

impl RetryOn {
    const NONE: Self =
        Self { connect: false, read: false, client_error: false, server_error: false };
    const ALL: Self = Self { connect: true, read: true, client_error: true, server_error: true };
}

impl Overrides {
    /// Reads the fragment of a URL.
    ///
    /// # Errors
    /// The first part that Twilio would not accept.
    pub(super) fn of(url: &str) -> Result<Self, String> {
        let mut overrides = Self::default();
        let Some((_, fragment)) = url.split_once('#') else { return Ok(overrides) };
        for part in fragment.split('&').filter(|part| !part.is_empty()) {
            overrides.take(part).ok_or_else(|| format!("#{part}"))?;
        }
        Ok(overrides)
    }

    /// With limits that are so many times as long.
    pub(super) fn stretched(self, times: u32) -> Self {
        let Self { connect, read, total, .. } = self;
        Self { connect: connect * times, read: read * times, total: total * times, ..self }
    }

    fn take(&mut self, part: &str) -> Option<()> {
        let (name, value) = part.split_once('=')?;
        match name {
            "ct" => self.connect = millis(value, 100..=10_000)?,
            "rt" => self.read = millis(value, 100..=15_000)?,
            "tt" => self.total = millis(value, 100..=15_000)?,
            "rc" => self.retries = value.parse().ok().filter(|count| *count <= 5)?,
            "rp" => self.retry_on = retry_on(value)?,
            // Edge and server name choose a route; there is only one here.
            "e" | "sni" => {}
            _ => return None,
        }
        Some(())
    }
}

fn millis(value: &str, allowed: std::ops::RangeInclusive<u64>) -> Option<Duration> {
    let value = value.parse().ok().filter(|value| allowed.contains(value))?;
    Some(Duration::from_millis(value))
}

fn retry_on(value: &str) -> Option<RetryOn> {
    let mut retry_on = RetryOn::NONE;
    for policy in value.split(',') {
        match policy {
            "ct" => retry_on.connect = true,
            "rt" => retry_on.read = true,
            "4xx" => retry_on.client_error = true,
            "5xx" => retry_on.server_error = true,
            "all" => retry_on = RetryOn::ALL,
            _ => return None,
        }
    }
    Some(retry_on)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_fragment_one_retry_follows_a_failed_connect_and_nothing_else() {
        let overrides = Overrides::of("https://h/p").unwrap();
        assert_eq!(overrides.retries, 1);
        assert_eq!(overrides.retry_on, RetryOn { connect: true, ..RetryOn::NONE });
        assert_eq!(overrides.total, Duration::from_secs(15));
    }

    #[test]
    fn call_1_the_resume_urls_fragment_is_understood() {
        let overrides = Overrides::of("https://h/p#rc=5&rp=all&ct=3000").unwrap();
        assert_eq!(overrides.retries, 5);
        assert_eq!(overrides.retry_on, RetryOn::ALL);
        assert_eq!(overrides.connect, Duration::from_secs(3));
    }

    #[test]
    fn limits_are_stretched_and_retries_are_not() {
        let overrides = Overrides::of("https://h/p#rc=5&rp=all&ct=3000").unwrap();
        let stretched = overrides.stretched(4);
        assert_eq!(stretched.connect, Duration::from_secs(12));
        assert_eq!(stretched.total, Duration::from_secs(60));
        assert_eq!((stretched.retries, stretched.retry_on), (5, RetryOn::ALL));
    }

    #[test]
    fn a_fragment_that_twilio_would_not_take_is_named() {
        assert_eq!(Overrides::of("https://h/p#rc=6").unwrap_err(), "#rc=6");
        assert_eq!(Overrides::of("https://h/p#ct=50").unwrap_err(), "#ct=50");
        assert_eq!(Overrides::of("https://h/p#rp=ct,never").unwrap_err(), "#rp=ct,never");
        assert_eq!(Overrides::of("https://h/p#section").unwrap_err(), "#section");
    }
}
