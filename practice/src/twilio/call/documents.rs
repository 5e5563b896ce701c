//! Where a call's documents come from, and what is asked when one can't be had.

use std::sync::Arc;

use reqwest::Url;

use crate::twilio::debugger::{Trouble, Violation};
use crate::twilio::fetch::Answer;
use crate::twilio::form::Form;
use crate::twilio::line::{Line, Source};
use crate::twilio::network::Network;
use crate::twilio::twiml::{Document, Method, Target};
use crate::twilio::view::Webhook;

/// The documents of one call.
#[derive(Debug)]
pub(super) struct Documents {
    network: Arc<Network>,
    line: Arc<Line>,
    fallback: Option<String>,
    /// The address of the running document, for relative ones in it.
    base: Option<Url>,
}

impl Documents {
    pub(super) fn new(network: Arc<Network>, line: Arc<Line>, fallback: Option<String>) -> Self {
        Self { network, line, fallback, base: None }
    }

    /// Fetches and reads a document, or the fallback's in its place. None: neither can be had.
    pub(super) async fn load(&mut self, source: Source, more: Form) -> Option<Document> {
        let (failed, trouble) = match source {
            Source::Inline(text) => return self.read(&text).ok(),
            Source::Webhook(target) => {
                let mut form = self.form();
                form.extend(more);
                let target = self.absolute(&target);
                match self.fetch(Webhook::Document, &target, form).await {
                    Ok(document) => return Some(document),
                    Err(trouble) => (target.url, trouble),
                }
            }
        };
        let url = self.fallback.clone()?;
        let mut form = self.form();
        form.push(("ErrorCode".to_owned(), trouble.code().to_string()));
        form.push(("ErrorUrl".to_owned(), failed));
        let target = Target { url, method: Method::Post };
        self.fetch(Webhook::Fallback, &target, form).await.ok()
    }

    /// The parameters that go with every webhook of the call.
    pub(super) fn form(&self) -> Form {
        let status = self.line.view.borrow().status;
        self.line.form(status.as_str())
    }

    /// An address of the running document, which may be relative to the document's own. Only a
    /// relative one is rewritten: an absolute one is signed as it was written.
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
    ) -> Result<Document, Trouble> {
        let answer = self.network.request(&self.line, what, target, form).await?;
        self.base = Some(answer.url.clone());
        self.check_type(&answer)?;
        match std::str::from_utf8(&answer.body) {
            Ok(text) => self.read(text),
            Err(_) => Err(self.broken(Violation::Xml("not UTF-8".to_owned()))),
        }
    }

    fn read(&self, text: &str) -> Result<Document, Trouble> {
        let mut document = Document::read(text).map_err(|violation| self.broken(violation))?;
        for violation in document.violations.drain(..) {
            self.line.violation(violation);
        }
        Ok(document)
    }

    /// HTML and plain text are a violation that may still hold a document; the rest can't.
    fn check_type(&self, answer: &Answer) -> Result<(), Trouble> {
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

    fn broken(&self, violation: Violation) -> Trouble {
        self.line.violation(violation.clone());
        let trouble = Trouble::Document(violation);
        self.line.trouble(trouble.clone());
        trouble
    }
}
