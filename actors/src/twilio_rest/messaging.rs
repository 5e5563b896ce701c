//! Sends and looks up written messages.

use std::collections::BTreeSet;

use backon::Retryable;
use jiff::Timestamp;
use protocol::ids::MessageSid;
use protocol::twilio::rest::RestError;
use protocol::twilio::rest::messaging::{
    Accepted, DeliveryFault, MessageResource, NewMessage, SendOutcome, read_messages, send_outcome,
};
use thiserror::Error;

use super::placing::{CLOCK_SKEW, whole_second};
use super::{LONGEST_PAUSE, PATIENCE, TwilioRest};
use crate::http_client::{Request, with_query};
use crate::mistake::planted;

/// Why a message counts as not sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendFault {
    /// Twilio refused it for good.
    #[error("Twilio refused: {0}")]
    Refused(RestError, DeliveryFault),
    /// Twilio has not taken it: it was unreachable or too busy during all tries.
    #[error("Twilio did not take the message: {0}")]
    NotSent(String),
    /// Twilio may have taken it, and did not answer whether it has. Before it is sent again it must be
    /// looked up.
    #[error("Twilio may have taken the message: {0}")]
    Unknown(String),
}

/// A message, and what tells it from others.
#[derive(Debug, Clone)]
pub struct Sending {
    pub message: NewMessage,
    /// When it was first tried to be sent, by the wall clock. The same text may have been sent before that.
    pub since: Timestamp,
    /// Messages to the same person that are known by their ids: this is none of them.
    pub known: BTreeSet<MessageSid>,
}

/// Why a try did not send a message.
enum Attempt {
    /// Twilio has not taken it. Another try may help.
    Again(String),
    /// Twilio may have taken it.
    Unknown(String),
    Refused(RestError, DeliveryFault),
}

/// How a try, and the look at Twilio's list after it, ended.
enum Tried {
    /// Twilio has not taken it. Another try may help.
    Again(String),
    Never(SendFault),
}

impl TwilioRest {
    /// Sends a message, once. If the result of a request is unknown, it is not repeated before Twilio's
    /// list of messages was read (WA-2). Nothing is repeated once `may_repeat` says no.
    ///
    /// # Errors
    /// [`SendFault`], after 30 s of tries or at once if a retry cannot help. A try that has begun is waited
    /// for: its answer says whether the message was sent.
    pub async fn send_message(
        &self,
        sending: &Sending,
        may_repeat: impl Fn() -> bool,
    ) -> Result<Accepted, SendFault> {
        let mut time_is_up = std::pin::pin!(tokio::time::sleep(PATIENCE));
        let mut pauses = self.pauses();
        loop {
            let why = match self.send_or_find(sending).await {
                Ok(accepted) => return Ok(accepted),
                Err(Tried::Never(fault)) => return Err(fault),
                Err(Tried::Again(why)) => why,
            };
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            tracing::warn!(why, ?pause, "retrying to send a message");
            tokio::select! {
                biased;
                () = &mut time_is_up => return Err(SendFault::NotSent(why)),
                () = tokio::time::sleep(pause) => {}
            }
            if !may_repeat() {
                return Err(SendFault::NotSent(why));
            }
        }
    }

    /// Sends a line to an owner: tries once, and looks nothing up. A line that may have been sent is sent
    /// again by whoever asks again.
    ///
    /// # Errors
    /// [`SendFault`].
    pub async fn send_notice(
        &self,
        form: &[(&'static str, String)],
    ) -> Result<Accepted, SendFault> {
        let request = self.http.post(&self.url("Messages.json")).form(form);
        match self.post(request).await {
            Ok(accepted) => Ok(accepted),
            Err(Attempt::Again(why)) => Err(SendFault::NotSent(why)),
            Err(Attempt::Unknown(why)) => Err(SendFault::Unknown(why)),
            Err(Attempt::Refused(error, fault)) => Err(SendFault::Refused(error, fault)),
        }
    }

    /// Looks for a message that may have been sent, in Twilio's list. `None`: it was not sent.
    ///
    /// # Errors
    /// The cause, as text, if Twilio did not answer within 30 s of tries.
    pub async fn find_message(&self, sending: &Sending) -> Result<Option<MessageResource>, String> {
        let look = || self.messages_to(sending);
        let looking = look.retry(self.pauses());
        let listed = match tokio::time::timeout(PATIENCE, looking).await {
            Ok(listed) => listed?,
            Err(_) => return Err(format!("no answer within {PATIENCE:?}")),
        };
        let since = whole_second(sending.since);
        let since = since.checked_sub(CLOCK_SKEW).unwrap_or(since);
        Ok(listed.into_iter().find(|listed| {
            sending.message.is(listed, since) && !sending.known.contains(&listed.sid)
        }))
    }

    /// Tries once. If the result is unknown, looks for the message in Twilio's list.
    async fn send_or_find(&self, sending: &Sending) -> Result<Accepted, Tried> {
        let why = match self.try_to_send(&sending.message).await {
            Ok(accepted) => return Ok(accepted),
            Err(Attempt::Refused(error, fault)) => {
                return Err(Tried::Never(SendFault::Refused(error, fault)));
            }
            Err(Attempt::Again(why)) => return Err(Tried::Again(why)),
            Err(Attempt::Unknown(why)) if planted!(SecondMessage) => return Err(Tried::Again(why)),
            Err(Attempt::Unknown(why)) => why,
        };
        tracing::warn!(why, "a message may have been sent: reading Twilio's list");
        match self.find_message(sending).await {
            Ok(Some(found)) => Ok(Accepted { sid: found.sid, status: found.status }),
            Ok(None) => Err(Tried::Again(why)),
            Err(cause) => Err(Tried::Never(SendFault::Unknown(cause))),
        }
    }

    async fn try_to_send(&self, message: &NewMessage) -> Result<Accepted, Attempt> {
        self.post(self.http.post(&self.url("Messages.json")).form(&message.form())).await
    }

    async fn post(&self, request: Request<'_>) -> Result<Accepted, Attempt> {
        let (status, body) = self.answer(None, request).await.map_err(|error| {
            if error.was_never_sent() {
                Attempt::Again(error.to_string())
            } else {
                Attempt::Unknown(error.to_string())
            }
        })?;
        match send_outcome(status, &body) {
            SendOutcome::Accepted(accepted) => Ok(accepted),
            SendOutcome::NotProcessed(error) => Err(Attempt::Again(error.to_string())),
            SendOutcome::Unknown(error) => Err(Attempt::Unknown(error.to_string())),
            SendOutcome::Refused(error, fault) => Err(Attempt::Refused(error, fault)),
        }
    }

    /// The newest messages from the business to this person.
    async fn messages_to(&self, sending: &Sending) -> Result<Vec<MessageResource>, String> {
        let query = sending.message.query();
        let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let request = self.http.get(&with_query(&self.url("Messages.json"), &query));
        let (status, body) = self.answer(None, request).await.map_err(|error| error.to_string())?;
        match status {
            200 => read_messages(&body).ok_or("an answer that is no list of messages".to_owned()),
            _ => Err(RestError::read(status, &body).to_string()),
        }
    }
}
