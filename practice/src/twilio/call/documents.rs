//! Fetches and reads a call's documents.

use std::mem;
use std::sync::Arc;

use url::Url;

use crate::twilio::debugger::{TwilioError, Violation};
use crate::twilio::fetch::Answer;
use crate::twilio::form::Form;
use crate::twilio::line::{Line, Source};
use crate::twilio::network::Network;
use crate::twilio::target::Target;
use crate::twilio::twiml::{self, Document};
use crate::twilio::view::Webhook;

/// The documents of one call.
#[derive(Debug)]
pub(super) struct Documents {
    network: Arc<Network>,
    line: Arc<Line>,
    fallback: Option<String>,
    /// Whether the running document is the fallback's. Nothing replaces one that fails too.
    in_fallback: bool,
    /// The running document's address. Relative addresses in it are resolved against it.
    base: Option<Url>,
}

impl Documents {
    pub(super) fn new(network: Arc<Network>, line: Arc<Line>, fallback: Option<String>) -> Self {
        Self { network, line, fallback, in_fallback: false, base: None }
    }

    /// Fetches and reads a document, or the fallback in its place. `None` if both fail.
    pub(super) async fn load(&mut self, source: Source, more: Form) -> Option<Document> {
        let was_in_fallback = mem::replace(&mut self.in_fallback, false);
        let (failed, error) = match source {
            Source::Inline(text) => return self.read(&text).ok(),
            Source::Fallback(..) if was_in_fallback => return None,
            Source::Fallback(error, failed) => (failed, error),
            Source::Webhook(target) => {
                let mut form = self.form();
                form.extend(more);
                let target = self.absolute(&target);
                match self.fetch(Webhook::Document, &target, form).await {
                    Ok(document) => return Some(document),
                    Err(error) => (target.url, error),
                }
            }
        };
        let url = self.fallback.clone()?;
        self.in_fallback = true;
        let mut form = self.form();
        form.push(("ErrorCode".to_owned(), error.code().to_string()));
        form.push(("ErrorUrl".to_owned(), failed));
        self.fetch(Webhook::Fallback, &Target::post(&url), form).await.ok()
    }

    /// The parameters of every webhook of the call.
    pub(super) fn form(&self) -> Form {
        let status = self.line.view.borrow().status;
        self.line.form(status.as_str())
    }

    /// Resolves an address in the running document. An absolute one is not rewritten: it is signed as
    /// it was written.
    pub(super) fn absolute(&self, target: &Target) -> Target {
        let relative = Url::parse(&target.url).is_err();
        let joined = self.base.as_ref().filter(|_| relative);
        let joined = joined.and_then(|base| base.join(&target.url).ok());
        let url = joined.map_or_else(|| target.url.clone(), String::from);
        Target { url, method: target.method }
    }

    async fn fetch(
        &mut self,
        what: Webhook,
        target: &Target,
        form: Form,
    ) -> Result<Document, TwilioError> {
        let answer = self.network.request(&self.line, what, target, form).await?;
        self.base = Some(answer.url.clone());
        self.check_type(&answer)?;
        match std::str::from_utf8(&answer.body) {
            Ok(text) => self.read(text),
            Err(_) => Err(self.broken(Violation::Xml("not UTF-8".to_owned()))),
        }
    }

    fn read(&self, text: &str) -> Result<Document, TwilioError> {
        let mut document = twiml::parse(text).map_err(|violation| self.broken(violation))?;
        for violation in document.violations.drain(..) {
            self.line.violation(violation);
        }
        Ok(document)
    }

    /// HTML and plain text are a violation, but may still hold a document. Other types can't.
    fn check_type(&self, answer: &Answer) -> Result<(), TwilioError> {
        let kind = answer.content_type.split(';').next().unwrap_or_default().trim();
        match kind.to_ascii_lowercase().as_str() {
            "text/xml" | "application/xml" => Ok(()),
            "text/html" | "text/plain" => {
                self.line.violation(Violation::ContentType(answer.content_type.clone()));
                Ok(())
            }
            _ => Err(self.broken(Violation::ContentType(answer.content_type.clone()))),
        }
    }

    fn broken(&self, violation: Violation) -> TwilioError {
        self.line.violation(violation.clone());
        let error = TwilioError::Document(violation);
        self.line.error(error.clone());
        error
    }
}
