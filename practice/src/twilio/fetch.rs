//! Requests to the daemon: signed, with Twilio's time limits, retries and error codes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderName, Method as HttpMethod};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use uuid::Uuid;

use super::debugger::{TwilioError, Violation};
use super::form::encode;
use super::ids::Ids;
use super::overrides::Overrides;
use super::signature::sign;
use super::target::Method;
use crate::clock;
use crate::http_client::{Client, HttpError, Request, Timeouts};
use crate::transport::Dialer;

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";
const SIGNATURE: HeaderName = HeaderName::from_static("x-twilio-signature");
const IDEMPOTENCY_TOKEN: HeaderName = HeaderName::from_static("i-twilio-idempotency-token");

/// Makes the requests of one account.
#[derive(Debug)]
pub(super) struct Fetcher {
    auth_token: SecretString,
    retry_pause: Duration,
    patience: u32,
    client: Client,
    ids: Arc<Ids>,
    /// No request reaches the daemon.
    cut_off: AtomicBool,
}

/// The result of a request with all its attempts.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) attempts: u32,
    pub(super) took: Duration,
    /// What is wrong with the address.
    pub(super) violation: Option<Violation>,
    pub(super) result: Result<Answer, TwilioError>,
    pub(super) status: Option<u16>,
}

/// An answer with a 2xx status.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) content_type: String,
    pub(super) body: Bytes,
    /// The address that answered. Relative addresses in the body are resolved against it.
    pub(super) url: Url,
}

impl Fetcher {
    pub(super) fn new(
        auth_token: SecretString,
        (retry_pause, patience): (Duration, u32),
        ids: Arc<Ids>,
        dialer: Arc<dyn Dialer>,
    ) -> Self {
        let cut_off = AtomicBool::new(false);
        Self { auth_token, retry_pause, patience, client: Client::new(dialer), ids, cut_off }
    }

    pub(super) fn set_cut_off(&self, cut_off: bool) {
        self.cut_off.store(cut_off, Ordering::Relaxed);
    }

    /// Requests an address, as often as its connection overrides say.
    pub(super) async fn fetch(
        &self,
        url: &str,
        method: Method,
        form: &[(String, String)],
    ) -> Fetched {
        let (overrides, violation) = match Overrides::of(url) {
            Ok(overrides) => (overrides, None),
            Err(part) => (Overrides::default(), Some(Violation::Override(part))),
        };
        let overrides = overrides.stretched(self.patience);
        let started = clock::now();
        let token = self.ids.idempotency_token();
        let attempts = Attempts { fetcher: self, url, method, form, overrides, token };
        let mut counted = Counted::default();
        let attempts = attempts.run(&mut counted);
        let result = match tokio::time::timeout(overrides.total, attempts).await {
            Ok(result) => result,
            Err(_) => Err(TwilioError::Http(format!("{url}: no answer in {:?}", overrides.total))),
        };
        let took = clock::now().saturating_duration_since(started);
        Fetched { attempts: counted.attempts, took, violation, result, status: counted.status }
    }
}

/// One request and its repetitions.
struct Attempts<'a> {
    fetcher: &'a Fetcher,
    url: &'a str,
    method: Method,
    form: &'a [(String, String)],
    overrides: Overrides,
    token: Uuid,
}

#[derive(Default)]
struct Counted {
    attempts: u32,
    status: Option<u16>,
}

/// Why an attempt failed, as far as retries depend on it.
enum Failure {
    Connect(TwilioError),
    Read(TwilioError),
    Status(u16),
    Final(TwilioError),
}

impl Attempts<'_> {
    async fn run(&self, counted: &mut Counted) -> Result<Answer, TwilioError> {
        loop {
            counted.attempts += 1;
            let failure = match self.once(counted).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if counted.attempts > self.overrides.retries || !self.is_retried(&failure) {
                return Err(failure.into_error(self.url));
            }
            tokio::time::sleep(self.fetcher.retry_pause).await;
        }
    }

    async fn once(&self, counted: &mut Counted) -> Result<Answer, Failure> {
        if self.fetcher.cut_off.load(Ordering::Relaxed) {
            let text = format!("{}: the host can't be reached", self.url);
            return Err(Failure::Connect(TwilioError::Connect(text)));
        }
        let limits = Timeouts { connect: self.overrides.connect, total: self.overrides.read };
        let request = self.request().map_err(|error| self.failure(error))?;
        let sent = self.fetcher.client.send(request, limits).await;
        let response = sent.map_err(|error| self.failure(error))?;
        counted.status = Some(response.status.as_u16());
        if !response.status.is_success() {
            return Err(Failure::Status(response.status.as_u16()));
        }
        let content_type = response.headers.get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        Ok(Answer { content_type, body: response.body, url: response.url })
    }

    /// The signed request. A GET carries its form in the query, and the query is signed.
    fn request(&self) -> Result<Request, HttpError> {
        let token = self.fetcher.auth_token.expose_secret();
        let url = self.url.split('#').next().unwrap_or(self.url);
        let request = match self.method {
            Method::Post => Request::new(HttpMethod::POST, url)?
                .header(SIGNATURE, &sign(token, url, self.form))?
                .header(CONTENT_TYPE, FORM)?
                .body(encode(self.form)),
            Method::Get => {
                let separator = if url.contains('?') { '&' } else { '?' };
                let url = match self.form {
                    [] => url.to_owned(),
                    form => format!("{url}{separator}{}", encode(form)),
                };
                Request::new(HttpMethod::GET, &url)?.header(SIGNATURE, &sign(token, &url, &[]))?
            }
        };
        request
            .header(USER_AGENT, "TwilioProxy/1.1")?
            .header(IDEMPOTENCY_TOKEN, &self.token.to_string())
    }

    fn is_retried(&self, failure: &Failure) -> bool {
        let retry_on = self.overrides.retry_on;
        match failure {
            Failure::Connect(_) => retry_on.connect,
            Failure::Read(_) => retry_on.read,
            Failure::Status(400..=499) => retry_on.client_error,
            Failure::Status(500..=599) => retry_on.server_error,
            Failure::Status(_) | Failure::Final(_) => false,
        }
    }

    fn failure(&self, error: HttpError) -> Failure {
        let text = format!("{}: {error}", self.url);
        match error {
            HttpError::Connect(_) | HttpError::ConnectTimeout(_) => {
                Failure::Connect(TwilioError::Connect(text))
            }
            HttpError::Redirects => Failure::Final(TwilioError::Redirects(text)),
            HttpError::Url(_) => Failure::Final(TwilioError::Http(text)),
            HttpError::Timeout(_) | HttpError::TooLarge | HttpError::Exchange(_) => {
                Failure::Read(TwilioError::Http(text))
            }
        }
    }
}

impl Failure {
    fn into_error(self, url: &str) -> TwilioError {
        match self {
            Self::Connect(error) | Self::Read(error) | Self::Final(error) => error,
            Self::Status(status) => TwilioError::Http(format!("{url}: HTTP {status}")),
        }
    }
}
