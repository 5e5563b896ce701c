//! Logging to the standard error, as text or as JSON.

use std::panic::PanicHookInfo;

use thiserror::Error;
use tracing_subscriber::EnvFilter;

use super::environment::Environment;
use super::output::is_colored;

/// Why logging was not started.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum LoggingError {
    #[error("RUST_LOG: {0}; set levels by module, as in info,sqlx=warn")]
    Filter(String),
    #[error("FRONTDESK_LOG: {0:?} is not a format: expected text or json")]
    Format(String),
    #[error("logging was started before")]
    Started,
}

#[derive(Debug, PartialEq, Eq)]
enum Format {
    Text,
    Json,
}

/// Starts logging with the filter in `RUST_LOG`, or else with `filter`. Panics are logged too.
///
/// # Errors
/// A variable of the environment is wrong, or logging was started before.
pub fn start(environment: &Environment, filter: &str) -> Result<(), LoggingError> {
    let filter = filter_of(environment, filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format_of(environment)? {
        Format::Text => {
            let color = is_colored(&std::io::stderr(), environment);
            builder.compact().with_ansi(color).try_init()
        }
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|_| LoggingError::Started)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

fn filter_of(environment: &Environment, default: &str) -> Result<EnvFilter, LoggingError> {
    let filter = environment.get("RUST_LOG").unwrap_or(default);
    EnvFilter::try_new(filter).map_err(|error| LoggingError::Filter(error.to_string()))
}

fn format_of(environment: &Environment) -> Result<Format, LoggingError> {
    match environment.get("FRONTDESK_LOG") {
        None | Some("text") => Ok(Format::Text),
        Some("json") => Ok(Format::Json),
        Some(other) => Err(LoggingError::Format(other.to_owned())),
    }
}

/// Logs one line. What happens to the actor is the supervision's work.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("a panic without a message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(message, place, "panicked");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str, value: &str) -> Environment {
        [(name.to_owned(), value.to_owned())].into_iter().collect()
    }

    #[test]
    fn a_wrong_filter_or_format_is_an_error_that_says_what_was_expected() {
        let error = filter_of(&environment("RUST_LOG", "sqlx=loud"), "info").unwrap_err();
        assert!(error.to_string().contains("RUST_LOG") && error.to_string().contains("as in"));
        let error = format_of(&environment("FRONTDESK_LOG", "xml")).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"FRONTDESK_LOG: "xml" is not a format: expected text or json"#
        );
    }

    #[test]
    fn the_environment_overrides_the_command() {
        let filter = filter_of(&environment("RUST_LOG", "debug"), "warn").unwrap();
        assert_eq!(filter.to_string(), "debug");
        let filter = filter_of(&Environment::default(), "info,sqlx=warn").unwrap();
        assert_eq!(filter.to_string(), "sqlx=warn,info");
        assert_eq!(format_of(&environment("FRONTDESK_LOG", "json")), Ok(Format::Json));
        assert_eq!(format_of(&environment("FRONTDESK_LOG", "")), Ok(Format::Text));
    }
}
