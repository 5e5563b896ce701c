//! What is outside the daemons of a run: the practice world, the callers, and the database.

use std::sync::Arc;
use std::time::Instant;

use actors::clock::Clock;
use entities::{Database, businesses};
use practice::openai::Server;
use practice::twilio::{Callee, CallerHandle, Carrier, CarrierSettings, Dial, Pickup, WallClock};
use protocol::business::BusinessSettings;
use protocol::ids::{AccountSid, BusinessId};
use serde_json::{Value, json};

use crate::app::business;
use crate::chaos::error::ChaosError;
use crate::chaos::story::Caller;
use crate::platform::Platform;
use crate::provider::RunningProvider;

pub(in crate::chaos) struct Outside {
    pub(in crate::chaos) carrier: Carrier,
    pub(in crate::chaos) provider: RunningProvider,
    pub(in crate::chaos) businesses: Vec<(BusinessId, BusinessSettings)>,
    /// As none of the daemons has it: without faults.
    pub(in crate::chaos) database: Database,
    pub(in crate::chaos) clock: Clock,
    /// When the simulated OpenAI began to count time.
    pub(in crate::chaos) openai_began: Instant,
}

impl Outside {
    /// The simulated OpenAI.
    pub(in crate::chaos) fn openai(&self) -> Option<&Server> {
        self.provider.server()
    }

    pub(in crate::chaos) fn dial(&self, caller: &Caller) -> CallerHandle {
        let (_, business) = &self.businesses[caller.business];
        let from = caller.number.as_ref().map_or("anonymous", |number| number.as_str());
        let mut dial = Dial::new(from, business.phone_numbers[0].as_str());
        dial.language = business.language.as_str().to_owned();
        dial.line = caller.line;
        self.carrier.dial(&dial)
    }

    /// A call that a business places: what an operator asks for, and the telephone that rings then. `None` if the caller
    /// dials.
    pub(in crate::chaos) fn placing(
        &self,
        caller: &Caller,
    ) -> Option<(Value, impl Future<Output = CallerHandle> + Send)> {
        let (then, number) = (caller.answers?, caller.number.clone()?);
        let (_, business) = &self.businesses[caller.business];
        self.carrier.set_callee(number.as_str(), Callee { then, ..Callee::default() });
        let body = json!({ "business": business.slug.as_str(), "to": number.as_str() });
        let callee =
            async move { self.carrier.callee(number.as_str(), business.language.as_str()).await };
        Some((body, callee))
    }

    /// How the people behave to whom businesses transfer.
    pub(in crate::chaos) fn set_person(&self, then: Pickup) {
        for (_, business) in &self.businesses {
            if let Some(transfer) = &business.transfer {
                let callee = Callee { then, ..Callee::default() };
                self.carrier.set_callee(transfer.number.as_str(), callee);
            }
        }
    }
}

/// A carrier whose webhooks go to `door`.
pub(in crate::chaos) async fn carrier(
    platform: &Platform,
    (account, token): (AccountSid, &str),
    businesses: &[BusinessSettings],
    door: &str,
) -> Result<Carrier, ChaosError> {
    let mut line = CarrierSettings::new(account, token, &format!("{door}/twilio/voice"));
    line.fallback_url = Some(format!("{door}/twilio/voice"));
    line.status_callback = Some(format!("{door}/twilio/status"));
    line.message_url = Some(format!("{door}/twilio/whatsapp"));
    line.message_fallback_url = line.message_url.clone();
    let numbers = businesses.iter().flat_map(|business| &business.phone_numbers);
    line.numbers = numbers.map(ToString::to_string).collect();
    line.seed = platform.chance.seed_for("carrier");
    let clock = platform.clock;
    line.wall_clock = WallClock::new(move || clock.wall());
    let acceptor = platform.network.practice_acceptor().await.map_err(ChaosError::Listen)?;
    let dialer: Arc<_> = platform.network.practice_dialer();
    Ok(Carrier::start_on(acceptor, dialer, line))
}

/// Writes the businesses into the database.
pub(in crate::chaos) async fn import(
    database: &Database,
    businesses: &[BusinessSettings],
    platform: &Platform,
) -> Result<Vec<(BusinessId, BusinessSettings)>, ChaosError> {
    let now = platform.clock.wall();
    let mut imported = Vec::new();
    for settings in businesses {
        let new_id = BusinessId(platform.chance.new_id(now));
        let import = business::import(database, settings, new_id, now).await?;
        imported.push((import.id, settings.clone()));
    }
    Ok(imported)
}

pub(in crate::chaos) async fn pause(
    database: &Database,
    imported: &[(BusinessId, BusinessSettings)],
    platform: &Platform,
) -> Result<(), ChaosError> {
    for (business, _) in imported {
        businesses::pause(database, *business, platform.clock.wall()).await?;
    }
    Ok(())
}
