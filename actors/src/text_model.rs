//! The client of the text model, which answers written messages (WA-1): asks, tries again, and gives up.
//! What is asked and how answers are read is `protocol::openai::responses`.

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::HeaderMap;
use protocol::breaker::{Asker, ModelVoice};
use protocol::openai::fault::{FailureClass, FatalCause};
use protocol::openai::response_done::IncompleteReason;
use protocol::openai::responses::{
    ApiError, ApiErrorClass, HistoryItem, ModelReply, Outcome, ReplyFault, TextAnswer, TextRequest,
    ToolCalls, api_error, read_answer,
};
use protocol::openai::usage::Usage;
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;

use crate::chance::Chance;
use crate::clock::Clock;
use crate::dialer::Dialer;
use crate::http_client::{Connections, HttpClient, HttpError};
use crate::metrics::Metrics;
use crate::provider::SharedBreaker;
use crate::trace;

/// How long one answer may take.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// How often a question is asked at most.
pub const TRIES: u32 = 3;
/// The pauses before the second try and the third. A random half of each is left out.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];
/// The longest pause that OpenAI can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);
/// How much of an answer is read, in bytes. An answer's reasoning is part of it.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The client. Cheap to clone. Its debug output does not show the key.
#[derive(Clone)]
pub struct TextModel {
    http: HttpClient,
    endpoint: Arc<TextEndpoint>,
    /// The one that counts.
    key: Arc<RwLock<SecretString>>,
    clock: Clock,
    chance: Chance,
    provider: SharedBreaker,
    metrics: Arc<Metrics>,
    /// Questions so far.
    asked: Arc<AtomicU64>,
}

/// Where the text model is.
#[derive(Debug, Clone)]
pub struct TextEndpoint {
    /// The whole address of the Responses API.
    pub url: String,
    /// The key, until another one replaces it.
    pub key: SecretString,
    /// The model of a business that chooses none.
    pub model: String,
}

/// An answer that can be used.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// What the model did.
    pub answer: ModelAnswer,
    /// What it cost, with the tries before it.
    pub spent: Spent,
}

/// What the model did.
#[derive(Debug, Clone, PartialEq)]
pub enum ModelAnswer {
    /// It answered.
    Reply(ModelReply),
    /// It called tools, and is to be asked again with their outputs.
    Calls(ToolCalls),
}

/// What a question has cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    /// How often it was asked.
    pub tries: u32,
    /// Billed tokens.
    pub usage: Usage,
}

/// No try gave an answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("no answer from the text model after {} tries: {cause}", .spent.tries)]
pub struct TextModelError {
    /// Why the last try failed.
    pub cause: TextFault,
    /// What the tries have cost.
    pub spent: Spent,
}

/// Why a try failed. The text is for logs and holds no word of the conversation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TextFault {
    /// The circuit breaker is open: nothing was asked.
    #[error("OpenAI can't be used now: {}", .0.as_str())]
    Broken(FatalCause),
    /// OpenAI refused the request.
    #[error(transparent)]
    Refused(ApiError),
    /// The answer can't be used.
    #[error(transparent)]
    Unusable(ReplyFault),
    /// There was no answer, or half of one.
    #[error("{0}")]
    Unreachable(HttpError),
}

impl TextFault {
    /// The cause that no retry mends, if it is one.
    #[must_use]
    pub fn fatal(&self) -> Option<FatalCause> {
        match self {
            Self::Broken(cause) => Some(*cause),
            Self::Refused(error) => match error.class {
                ApiErrorClass::Fatal(cause) => Some(cause),
                ApiErrorClass::Retryable | ApiErrorClass::Rejected => None,
            },
            Self::Unusable(fault) => match fault.class() {
                FailureClass::Fatal(cause) => Some(cause),
                FailureClass::Filter | FailureClass::Retryable => None,
            },
            Self::Unreachable(_) => None,
        }
    }

    /// Whether the same question can get an answer later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Refused(error) => error.class == ApiErrorClass::Retryable,
            Self::Broken(_) | Self::Unusable(_) | Self::Unreachable(_) => self.fatal().is_none(),
        }
    }
}

/// A try that failed.
struct Failed {
    fault: TextFault,
    usage: Usage,
    /// The pause that OpenAI asks for.
    pause: Option<Duration>,
}

impl std::fmt::Debug for TextModel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextModel").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl TextModel {
    #[must_use]
    pub fn new(
        dialer: Arc<dyn Dialer>,
        connections: Connections,
        endpoint: TextEndpoint,
        (clock, chance): (Clock, Chance),
        provider: SharedBreaker,
        metrics: Arc<Metrics>,
    ) -> Self {
        let http = HttpClient::new(dialer, connections, PATIENCE, MAX_BODY_BYTES);
        let key = Arc::new(RwLock::new(endpoint.key.clone()));
        let (endpoint, asked) = (Arc::new(endpoint), Arc::default());
        Self { http, endpoint, key, clock, chance, provider, metrics, asked }
    }

    /// The key of the next questions, and of further tries of those that are asked now.
    pub fn replace_key(&self, key: SecretString) {
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = key;
    }

    fn key(&self) -> SecretString {
        self.key.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The model of a business that names `own`, which may be empty.
    #[must_use]
    pub fn model<'a>(&'a self, own: &'a str) -> &'a str {
        if own.trim().is_empty() { &self.endpoint.model } else { own.trim() }
    }

    /// Asks until there is an answer that can be used: three times at most, with pauses (WA-4). A request
    /// has no effect on anybody, so one whose answer was lost is repeated.
    ///
    /// # Errors
    /// [`TextModelError`] after the third try, or at once if no retry can help: no quota, a wrong key, an
    /// unknown model. The circuit breaker hears of those, and turns the next questions away (PIPE-10).
    pub async fn answer(&self, request: &TextRequest) -> Result<Answered, TextModelError> {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        let trial = Trial { model: self, asker: Asker::Text(number), name: &request.model };
        let mut spent = Spent::default();
        trial.admitted().map_err(|cause| {
            let cause = TextFault::Broken(cause);
            TextModelError { cause, spent }
        })?;
        let mut request = request.clone();
        loop {
            spent.tries += 1;
            let Failed { fault, usage, pause } = match self.ask_once(&request).await {
                Ok((answer, usage)) => {
                    spent.usage += usage;
                    trial.answered();
                    return Ok(Answered { answer, spent });
                }
                Err(failed) => failed,
            };
            spent.usage += usage;
            let last = PAUSES.get(spent.tries as usize - 1);
            let (Some(usual), true) = (last, fault.may_pass()) else {
                trial.failed(&fault);
                return Err(TextModelError { cause: fault, spent });
            };
            let pause = pause.map_or_else(|| self.jittered(*usual), |asked| asked.max(*usual));
            let pause = pause.min(LONGEST_PAUSE);
            tracing::warn!(%fault, ?pause, "asking the text model again");
            correct(&mut request, &fault);
            tokio::time::sleep(pause).await;
        }
    }

    /// Asks once.
    async fn ask_once(&self, request: &TextRequest) -> Result<(ModelAnswer, Usage), Failed> {
        let body = self.http.post(&self.endpoint.url).json(&request.to_value());
        trace::point("", "text_model", format_args!("{body}"));
        let sent = body.bearer_auth(self.key().expose_secret()).send().await;
        let answer = sent.map_err(|error| {
            trace::point("", "text_model", format_args!("no answer: {error}"));
            Failed { fault: TextFault::Unreachable(error), usage: Usage::default(), pause: None }
        })?;
        let text = String::from_utf8_lossy(&answer.body);
        trace::point("", "text_model", format_args!("{} {text}", answer.status));
        if !answer.status.is_success() {
            let error = api_error(answer.status.as_u16(), &answer.body);
            let pause = asked_pause(&answer.headers);
            return Err(Failed {
                fault: TextFault::Refused(error),
                usage: Usage::default(),
                pause,
            });
        }
        let TextAnswer { outcome, usage } = read_answer(&answer.body, request);
        self.metrics.text_used(&request.model, &usage);
        match outcome {
            Outcome::Reply(reply) => Ok((ModelAnswer::Reply(reply), usage)),
            Outcome::Calls(calls) => Ok((ModelAnswer::Calls(calls), usage)),
            Outcome::Fault(fault) => {
                Err(Failed { fault: TextFault::Unusable(fault), usage, pause: None })
            }
        }
    }

    /// The questions of many people are not asked again at the same moment.
    fn jittered(&self, pause: Duration) -> Duration {
        pause.mul_f64((1.0 + self.chance.jitter().clamp(0.0, 1.0)) / 2.0)
    }
}

/// One question before the circuit breaker. If it is dropped without an answer, it has found nothing out.
struct Trial<'a> {
    model: &'a TextModel,
    asker: Asker,
    name: &'a str,
}

impl Trial<'_> {
    fn admitted(&self) -> Result<(), FatalCause> {
        let now = self.model.clock.now();
        let used = ModelVoice::text(self.name);
        self.model.provider.breaker().admit(&self.asker, used, now)
    }

    fn answered(&self) {
        self.model.provider.breaker().answered(&self.asker, ModelVoice::text(self.name));
    }

    fn failed(&self, fault: &TextFault) {
        if let Some(cause) = fault.fatal() {
            let now = self.model.clock.now();
            tracing::error!(
                %fault, model = self.name,
                "OpenAI can't answer messages: check openai.api_key, the account and the model's name"
            );
            self.model.provider.breaker().failed(cause, ModelVoice::text(self.name), now);
        }
    }
}

impl Drop for Trial<'_> {
    fn drop(&mut self) {
        self.model.provider.breaker().found_nothing(&self.asker);
    }
}

/// What the next try does differently.
fn correct(request: &mut TextRequest, fault: &TextFault) {
    let TextFault::Unusable(fault) = fault else { return };
    if let Some(text) = fault.note() {
        request.history.push(HistoryItem::Note { text });
    }
    if *fault == ReplyFault::Incomplete(IncompleteReason::MaxOutputTokens) {
        request.max_output_tokens = None;
    }
}

/// The pause of a `retry-after` header, in seconds, or of a `retry-after-ms` header.
fn asked_pause(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let seconds = number("retry-after-ms").map(|millis| millis / 1_000.0);
    let seconds = seconds.or_else(|| number("retry-after"))?;
    Duration::try_from_secs_f64(seconds).ok()
}
