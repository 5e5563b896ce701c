//! Who carries a call, and ends or redirects it when asked: Twilio, or for a test call the page of the
//! console that it comes from (CON-5).

mod browser;

use std::fmt::Debug;
use std::pin::Pin;

use protocol::ids::CallSid;
use protocol::twilio::twiml::Twiml;

use crate::twilio_rest::{Answer, TwilioFault, TwilioRest};

pub use browser::{BrowserLine, BrowserLines, LineEnd};

/// An answer that is on its way.
pub type Asked<'a> = Pin<Box<dyn Future<Output = Result<Answer, TwilioFault>> + Send + 'a>>;

/// What a call asks of whoever carries it.
pub trait Carrier: Debug + Send + Sync {
    /// Ends the call (CALL-6). One that is not in progress needs no hang-up.
    fn hang_up<'a>(&'a self, call: &'a CallSid) -> Asked<'a>;

    /// Takes the call from its stream and runs this document.
    fn redirect<'a>(&'a self, call: &'a CallSid, document: &'a Twiml) -> Asked<'a>;
}

impl Carrier for TwilioRest {
    fn hang_up<'a>(&'a self, call: &'a CallSid) -> Asked<'a> {
        Box::pin(self.hang_up(call))
    }

    fn redirect<'a>(&'a self, call: &'a CallSid, document: &'a Twiml) -> Asked<'a> {
        Box::pin(async move {
            let document =
                document.to_xml().map_err(|error| TwilioFault::Document(error.to_string()))?;
            self.redirect(call, &document).await
        })
    }
}
