//! The way to MessagingActor, a leaf: what moves a written conversation, and who is on the telephone.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use protocol::business::AfterCall;
use protocol::call::CallSetup;
use protocol::ids::{BusinessId, CallSid, PhoneNumber};
use supervision::Inbox;
use uuid::Uuid;

use crate::trace::Show;

/// A person and a business.
pub(crate) type Pair = (BusinessId, PhoneNumber);

/// News that may wait for the actor. Further ones are lost: what is owed is in the database.
const INBOX_CAPACITY: usize = 4_096;

/// Something that moves a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Something is owed: a text came, or an operator wrote.
    Due(BusinessId, PhoneNumber),
    CallBegan(BusinessId, PhoneNumber),
    CallEnded {
        business: BusinessId,
        person: PhoneNumber,
        call: CallSid,
        /// The business may want a message after it.
        may_be_followed: bool,
    },
}

impl Show for News {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl News {
    pub(crate) fn pair(&self) -> Pair {
        match self {
            Self::Due(business, person)
            | Self::CallBegan(business, person)
            | Self::CallEnded { business, person, .. } => (*business, person.clone()),
        }
    }

    /// Whether a conversation at rest has to do with it.
    pub(crate) fn begins_work(&self) -> bool {
        match self {
            Self::Due(..) => true,
            Self::CallBegan(..) => false,
            Self::CallEnded { may_be_followed, .. } => *may_be_followed,
        }
    }
}

/// How the rest of the daemon reaches MessagingActor. Clones share it.
#[derive(Debug, Clone)]
pub struct Messaging {
    inbox: Inbox<News>,
    calls: CallsByPair,
    /// Where Twilio reports deliveries.
    public_url: Arc<str>,
    /// This process, for its claims.
    owner: Uuid,
}

impl Messaging {
    /// `public_url` is the address at which Twilio reaches the daemon.
    #[must_use]
    pub fn new(public_url: &str, owner: Uuid) -> Self {
        let public_url = public_url.trim_end_matches('/').into();
        Self { inbox: Inbox::new(INBOX_CAPACITY), calls: CallsByPair::default(), public_url, owner }
    }

    /// Something is owed to this person. It is in the database.
    pub fn due(&self, business: BusinessId, person: &PhoneNumber) {
        self.tell(News::Due(business, person.clone()));
    }

    /// How many news wait.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.inbox.depth()
    }

    /// A call has begun. It is over when what is returned is dropped. `None` of a test, if the business does not
    /// write, or if the number is withheld.
    pub(crate) fn call_began(&self, setup: &CallSetup) -> Option<OnCall> {
        if setup.is_test {
            return None;
        }
        setup.settings.whatsapp_number.as_ref()?;
        let person = setup.person.number()?.clone();
        let may_be_followed = setup.settings.whatsapp.after_call != AfterCall::Off;
        self.calls.began((setup.business, person.clone()));
        self.tell(News::CallBegan(setup.business, person.clone()));
        let call = setup.call_sid.clone();
        Some(OnCall::new(self.clone(), setup.business, person, call, may_be_followed))
    }

    fn call_ended(
        &self,
        business: BusinessId,
        person: PhoneNumber,
        call: CallSid,
        may_be_followed: bool,
    ) {
        self.calls.ended(&(business, person.clone()));
        self.tell(News::CallEnded { business, person, call, may_be_followed });
    }

    /// Whether the person is on the telephone with the business in this process.
    pub(crate) fn is_on_call(&self, pair: &Pair) -> bool {
        self.calls.is_on_call(pair)
    }

    pub(crate) fn inbox(&self) -> &Inbox<News> {
        &self.inbox
    }

    pub(crate) fn owner(&self) -> Uuid {
        self.owner
    }

    /// The address at which Twilio reports how the delivery of this message goes.
    pub(crate) fn status_callback(&self, message: Uuid) -> String {
        format!("{}/twilio/message-status?message={message}", self.public_url)
    }

    fn tell(&self, news: News) {
        if let Err(error) = self.inbox.try_send(news) {
            tracing::warn!(%error, "news of a conversation wait for the next look");
        }
    }
}

/// How many calls each pair has. One that is missing has none.
#[derive(Debug, Clone, Default)]
struct CallsByPair(Arc<Mutex<BTreeMap<Pair, usize>>>);

impl CallsByPair {
    fn began(&self, pair: Pair) {
        *self.calls().entry(pair).or_default() += 1;
    }

    fn ended(&self, pair: &Pair) {
        let mut calls = self.calls();
        if let Some(count) = calls.get_mut(pair) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                calls.remove(pair);
            }
        }
    }

    fn is_on_call(&self, pair: &Pair) -> bool {
        self.calls().contains_key(pair)
    }

    fn calls(&self) -> MutexGuard<'_, BTreeMap<Pair, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that this process has. When this is dropped, its part is over, and the conversation is told. Whether Twilio
/// still has the call is in the call's row.
#[derive(Debug)]
pub struct OnCall {
    messaging: Messaging,
    business: BusinessId,
    person: PhoneNumber,
    call: CallSid,
    may_be_followed: bool,
}

impl OnCall {
    fn new(
        messaging: Messaging,
        business: BusinessId,
        person: PhoneNumber,
        call: CallSid,
        may_be_followed: bool,
    ) -> Self {
        Self { messaging, business, person, call, may_be_followed }
    }
}

impl Drop for OnCall {
    fn drop(&mut self) {
        let (person, call) = (self.person.clone(), self.call.clone());
        self.messaging.call_ended(self.business, person, call, self.may_be_followed);
    }
}
