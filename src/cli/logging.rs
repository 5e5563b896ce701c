//! Logging to the standard error, as text or as JSON.

use std::panic::PanicHookInfo;
use std::sync::OnceLock;

use actors::introspection::CRASH_REQUESTED;
use actors::trace;
use thiserror::Error;
use tracing::{Dispatch, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterFn, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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
    let (log, filters) = log(environment, filter, std::io::stderr)?;
    log.try_init().map_err(|_| LoggingError::Started)?;
    FILTERS.set(filters).map_err(|_| LoggingError::Started)?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// Sets the filter of a running log, unless `RUST_LOG` has set it. Does nothing if logging was not started.
///
/// # Errors
/// The filter is wrong, or the log is gone.
pub fn set_filter(environment: &Environment, filter: &str) -> Result<(), LoggingError> {
    let filter = filter_of(environment, filter)?;
    FILTERS.get().map_or(Ok(()), |set| set(filter).map_err(LoggingError::Filter))
}

/// Sets the filter of a log.
type SetFilter = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>;

/// Of the process's log: there is one per process, as of the subscriber.
static FILTERS: OnceLock<SetFilter> = OnceLock::new();

fn log(
    environment: &Environment,
    filter: &str,
    writer: impl for<'a> MakeWriter<'a> + Send + Sync + 'static,
) -> Result<(Dispatch, SetFilter), LoggingError> {
    let filter = filter_of(environment, filter)?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    Ok(match format_of(environment)? {
        Format::Text => {
            let color = is_colored(&std::io::stderr(), environment);
            let builder = builder.compact().with_ansi(color).with_filter_reloading();
            let filters = builder.reload_handle();
            let set = move |filter| filters.reload(filter).map_err(|gone| gone.to_string());
            (builder.finish().with(without_traces()).into(), Box::new(set))
        }
        Format::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let filters = builder.reload_handle();
            let set = move |filter| filters.reload(filter).map_err(|gone| gone.to_string());
            (builder.finish().with(without_traces()).into(), Box::new(set))
        }
    })
}

/// Traces hold what callers say and their numbers. No filter of an operator's may let them through.
fn without_traces() -> FilterFn {
    let is_logged: fn(&Metadata<'_>) -> bool = |metadata| metadata.target() != trace::TARGET;
    filter_fn(is_logged)
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

#[cfg(any(feature = "practice", test))]
/// Of a simulation, only what nobody planned: crashes of its story are no news, nor what follows them.
pub(super) const UNPLANNED_PANICS: &str = "off,frontdesk::panic=error";

/// Logs one line. What happens to the actor is the supervision's work.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or("a panic without a message");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tell(message, &place);
}

fn tell(message: &str, place: &str) {
    if is_planned(message) {
        tracing::error!(target: "frontdesk::crash", message, place, "panicked as it was told to");
    } else {
        tracing::error!(target: "frontdesk::panic", message, place, "panicked");
    }
}

/// Whether an operator or a simulation let an actor crash.
fn is_planned(message: &str) -> bool {
    [CRASH_REQUESTED, trace::CRASHED].contains(&message)
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

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

    /// The standard error, in memory.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_filter_lets_a_trace_into_the_log() {
        let filters =
            ["trace", "frontdesk=trace", "frontdesk::trace=trace", "actors=trace", "[call]=trace"];
        for (filter, format) in filters.into_iter().flat_map(|it| [(it, "text"), (it, "json")]) {
            let variables = [("RUST_LOG", filter), ("FRONTDESK_LOG", format)];
            let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let variables = variables.into_iter().collect();
            let written = Written::default();
            let writer = written.clone();
            let (log, _) = log(&variables, "info", move || writer.clone()).unwrap();
            tracing::dispatcher::with_default(&log, || {
                let _span = tracing::error_span!("call").entered();
                trace::point("CA1", "webhook", format_args!("+972501234567"));
                tracing::error!(target: "frontdesk", "an ordinary line");
            });
            let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
            assert!(!written.contains("972501234567"), "{filter}, {format}: {written}");
            let shows_others = ["trace", "frontdesk=trace", "[call]=trace"].contains(&filter);
            assert_eq!(written.contains("an ordinary line"), shows_others, "{filter}: {written}");
        }
    }

    #[test]
    fn of_a_simulation_only_what_nobody_planned_is_logged() {
        let written = Written::default();
        let writer = written.clone();
        let filter = UNPLANNED_PANICS;
        let (log, _) = log(&Environment::default(), filter, move || writer.clone()).unwrap();
        tracing::dispatcher::with_default(&log, || {
            for message in [CRASH_REQUESTED, trace::CRASHED, "a surprise"] {
                tell(message, "src/here.rs");
            }
            tracing::error!("an ordinary line");
        });
        let written = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1, "{written}");
        assert!(written.contains("panicked") && written.contains("a surprise"), "{written}");
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
