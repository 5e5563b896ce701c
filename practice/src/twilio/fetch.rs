//! Requests to the daemon: signed, with Twilio's time limits, retries and error codes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret as _, SecretString};
use uuid::Uuid;

use super::clock;
use super::debugger::{Trouble, Violation};
use super::form::encode;
use super::overrides::Overrides;
use super::signature::sign;
use super::twiml::Method;

/// Makes the requests of one account.
#[derive(Debug)]
pub(super) struct Fetcher {
    auth_token: SecretString,
    retry_pause: Duration,
    client: Client,
    /// No request gets through to the daemon.
    cut_off: AtomicBool,
}

/// What came of a request, all its attempts together.
#[derive(Debug)]
pub(super) struct Fetched {
    pub(super) attempts: u32,
    pub(super) took: Duration,
    /// What is wrong with the address.
    pub(super) violation: Option<Violation>,
    pub(super) result: Result<Answer, Trouble>,
    pub(super) status: Option<u16>,
}

/// An answer of the 2xx kind.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) content_type: String,
    pub(super) body: Bytes,
    /// The address it came from, for relative ones in it.
    pub(super) url: Url,
}

impl Fetcher {
    /// Every request opens its own connection, so that a refused one is seen as refused and never
    /// as a kept connection that died.
    pub(super) fn new(
        auth_token: SecretString,
        retry_pause: Duration,
    ) -> Result<Self, reqwest::Error> {
        // Building a client panics without a provider; whoever installed one first is left alone.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = client(Overrides::default().connect)?;
        Ok(Self { auth_token, retry_pause, client, cut_off: AtomicBool::new(false) })
    }

    /// Whether requests get through from now on.
    pub(super) fn set_cut_off(&self, cut_off: bool) {
        self.cut_off.store(cut_off, Ordering::Relaxed);
    }

    /// Requests an address, as often as its overrides say.
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
        let started = clock::now();
        let attempts = self.attempts(url, method, form, overrides);
        let mut counted = Counted::default();
        let attempts = attempts.run(&mut counted);
        let result = match tokio::time::timeout(overrides.total, attempts).await {
            Ok(result) => result,
            Err(_) => Err(Trouble::Http(format!("{url}: no answer in {:?}", overrides.total))),
        };
        let took = clock::now().saturating_duration_since(started);
        Fetched { attempts: counted.attempts, took, violation, result, status: counted.status }
    }

    fn attempts<'a>(
        &'a self,
        url: &'a str,
        method: Method,
        form: &'a [(String, String)],
        overrides: Overrides,
    ) -> Attempts<'a> {
        Attempts { fetcher: self, url, method, form, overrides, token: Uuid::now_v7() }
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

/// Why an attempt failed, as far as retrying goes.
enum Failure {
    Connect(Trouble),
    Read(Trouble),
    Status(u16),
    Final(Trouble),
}

impl Attempts<'_> {
    async fn run(&self, counted: &mut Counted) -> Result<Answer, Trouble> {
        loop {
            counted.attempts += 1;
            let failure = match self.once(counted).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            if counted.attempts > self.overrides.retries || !self.is_retried(&failure) {
                return Err(failure.into_trouble(self.url));
            }
            tokio::time::sleep(self.fetcher.retry_pause).await;
        }
    }

    async fn once(&self, counted: &mut Counted) -> Result<Answer, Failure> {
        if self.fetcher.cut_off.load(Ordering::Relaxed) {
            let text = format!("{}: no way to the host", self.url);
            return Err(Failure::Connect(Trouble::Connect(text)));
        }
        let request = self.request().map_err(|error| self.failure(&error))?;
        let response = request.send().await.map_err(|error| self.failure(&error))?;
        let status = response.status();
        counted.status = Some(status.as_u16());
        if !status.is_success() {
            return Err(Failure::Status(status.as_u16()));
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let url = response.url().clone();
        let body = response.bytes().await.map_err(|error| self.failure(&error))?;
        Ok(Answer { content_type, body, url })
    }

    /// A GET carries its form in the query, and the query is what is signed then.
    fn request(&self) -> Result<RequestBuilder, reqwest::Error> {
        let client = if self.overrides.connect == Overrides::default().connect {
            self.fetcher.client.clone()
        } else {
            client(self.overrides.connect)?
        };
        let url = self.url.split('#').next().unwrap_or(self.url);
        let request = match self.method {
            Method::Post => {
                let signature = sign(self.fetcher.auth_token.expose_secret(), url, self.form);
                client
                    .post(url)
                    .header(CONTENT_TYPE, "application/x-www-form-urlencoded; charset=UTF-8")
                    .header("X-Twilio-Signature", signature)
                    .body(encode(self.form))
            }
            Method::Get => {
                let separator = if url.contains('?') { '&' } else { '?' };
                let url = match self.form {
                    [] => url.to_owned(),
                    form => format!("{url}{separator}{}", encode(form)),
                };
                let signature = sign(self.fetcher.auth_token.expose_secret(), &url, &[]);
                client.get(url).header("X-Twilio-Signature", signature)
            }
        };
        let token = self.token.to_string();
        Ok(request.header("I-Twilio-Idempotency-Token", token).timeout(self.overrides.read))
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

    fn failure(&self, error: &reqwest::Error) -> Failure {
        let text = format!("{}: {}", self.url, with_causes(error));
        if error.is_connect() {
            Failure::Connect(Trouble::Connect(text))
        } else if error.is_redirect() {
            Failure::Final(Trouble::Redirects(text))
        } else if error.is_builder() {
            Failure::Final(Trouble::Http(text))
        } else {
            Failure::Read(Trouble::Http(text))
        }
    }
}

impl Failure {
    fn into_trouble(self, url: &str) -> Trouble {
        match self {
            Self::Connect(trouble) | Self::Read(trouble) | Self::Final(trouble) => trouble,
            Self::Status(status) => Trouble::Http(format!("{url}: HTTP {status}")),
        }
    }
}

/// The most redirects followed.
const REDIRECTS: usize = 10;

fn client(connect: Duration) -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent("TwilioProxy/1.1")
        .connect_timeout(connect)
        .pool_max_idle_per_host(0)
        .redirect(Policy::limited(REDIRECTS))
        .no_proxy()
        .build()
}

fn with_causes(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
