//! Runs the daemon with the simulated Twilio and OpenAI, on loopback or in memory, for the demo,
//! simulations and tests.

#[cfg(test)]
mod tests;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use actors::call_supervisor::CallStatusView;
use actors::http_client::{Answer, HttpClient, HttpError, Request};
use actors::introspection::ActorView;
use entities::{DatabaseFault, FaultExtent};
use practice::openai;
use practice::speech::Voice;
use practice::twilio::{CallerHandle, Carrier, CarrierError, CarrierSettings, Dial, WallClock};
use protocol::business::BusinessSettings;
use protocol::ids::{BusinessId, PhoneNumber};
use serde::de::DeserializeOwned;
use thiserror::Error;

use crate::app::{App, StartError, business};
use crate::config::Config;
use crate::config::business_file::{self, BusinessFileError};
use crate::http::{ListenError, Listener};
use crate::network::Network;
use crate::platform::Platform;
use crate::provider::{ProviderError, RunningProvider};

/// The text of the demo's business file.
pub(crate) const LOCKSMITH: &str = include_str!("../examples/businesses/tel-aviv-locks.toml");
/// The path of that file in the repository.
pub(crate) const LOCKSMITH_FILE: &str = "examples/businesses/tel-aviv-locks.toml";

/// The listener is on loopback and ends with the world.
const ADMIN_TOKEN: &str = "practice-world-admin-token";

/// Why the operator's side did not answer.
#[derive(Debug, Error)]
pub enum AdminError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("status {0}")]
    Status(u16),
    #[error("the answer can't be read: {0}")]
    Json(#[from] serde_json::Error),
}

/// Why the world did not start, or did not answer.
#[derive(Debug, Error)]
pub enum WorldError {
    #[error(transparent)]
    Provider(#[from] ProviderError),
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    Carrier(#[from] CarrierError),
    #[error(transparent)]
    Business(#[from] BusinessFileError),
    #[error(transparent)]
    Import(#[from] entities::businesses::ImportError),
    /// The operator's side did not answer.
    #[error("the introspection did not answer: {0}")]
    Admin(#[from] AdminError),
    #[error("{0}")]
    Config(String),
}

pub struct Plan {
    /// The daemon's configuration. [`World::open`] sets addresses and the admin token.
    pub config: Config,
    pub business: BusinessSettings,
    /// More businesses of the same daemon.
    pub other_businesses: Vec<BusinessSettings>,
    pub openai: openai::Options,
    /// The callers' voice.
    pub voice: Voice,
    /// The speed of line time relative to wall time.
    pub line_speed: f64,
    pub platform: Platform,
    /// Where Twilio reaches the daemon, if something stands in front of it: `server.public_url`. The daemon's own
    /// address is then its `server.node_url`.
    pub public_url: Option<String>,
    /// The daemon's `server.state_dir`. Without one it keeps nothing on disk but its database.
    pub state_dir: Option<PathBuf>,
    /// Whether both simulators keep the audio between them and the daemon.
    pub keeps_audio: bool,
}

impl Plan {
    /// The demo's world: the Hebrew locksmith and the receptionist.
    ///
    /// # Errors
    /// [`WorldError::Business`] if the example business is invalid.
    pub fn locksmith() -> Result<Self, WorldError> {
        let business = business_file::parse(Path::new(LOCKSMITH_FILE), LOCKSMITH)?;
        Ok(Self {
            config: Config::default(),
            business,
            other_businesses: Vec::new(),
            openai: openai::Options::default(),
            voice: Voice::built_in(),
            line_speed: 1.0,
            platform: Platform::live(),
            public_url: None,
            state_dir: None,
            keeps_audio: false,
        })
    }
}

pub struct World {
    pub app: App,
    pub carrier: Carrier,
    /// The business that is called.
    pub business: BusinessSettings,
    pub business_id: BusinessId,
    /// Every business of the daemon. That one is the first.
    pub businesses: Vec<(BusinessId, BusinessSettings)>,
    network: Network,
    provider: RunningProvider,
    http: HttpClient,
    daemon: Box<Daemon>,
}

/// What a daemon is started from, and started again.
struct Daemon {
    config: Config,
    /// The daemon's own machine on the network, and its own handle on the database.
    platform: Platform,
    /// How often it was started.
    starts: u32,
}

impl World {
    /// # Errors
    /// [`WorldError`] says what did not start.
    pub async fn open(plan: Plan) -> Result<Self, WorldError> {
        // On the heap: a test that opens several has little stack.
        Box::pin(Self::opened(plan)).await
    }

    async fn opened(plan: Plan) -> Result<Self, WorldError> {
        let Plan {
            mut config,
            business,
            other_businesses,
            mut openai,
            voice,
            line_speed,
            mut platform,
            public_url,
            state_dir,
            keeps_audio,
        } = plan;
        platform.has_disk = state_dir.is_some();
        config.server.state_dir = state_dir.unwrap_or_default();
        let network = platform.network.clone();
        platform.network = own_host(&network);
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listener = Listener::bind(&platform.network, "server.listen", loopback).await?;
        let node = format!("http://{}", listener.address());
        let daemon = public_url.unwrap_or_else(|| node.clone());
        let wrong = |error: crate::config::InvalidAddress| WorldError::Config(error.to_string());

        let account = config.twilio.account_sid.clone();
        let token = secrecy::ExposeSecret::expose_secret(&config.twilio.auth_token).to_owned();
        let mut line = CarrierSettings::new(account, &token, &format!("{daemon}/twilio/voice"));
        line.fallback_url = Some(format!("{daemon}/twilio/voice"));
        line.status_callback = Some(format!("{daemon}/twilio/status"));
        line.message_url = Some(format!("{daemon}/twilio/whatsapp"));
        line.message_fallback_url = Some(format!("{daemon}/twilio/whatsapp"));
        let hosted = || std::iter::once(&business).chain(&other_businesses);
        let numbers = hosted().flat_map(|business| &business.phone_numbers);
        line.numbers = numbers.map(ToString::to_string).collect();
        line.voice = voice;
        line.clock_speed = line_speed;
        line.keeps_audio = keeps_audio;
        line.seed = platform.chance.seed_for("carrier");
        let clock = platform.clock;
        line.wall_clock = WallClock::new(move || clock.wall());
        openai.keeps_audio = keeps_audio;
        openai.seed = platform.chance.seed_for("openai");
        let acceptor = network.practice_acceptor().await.map_err(CarrierError::Listen)?;
        let carrier = Carrier::start_on(acceptor, network.practice_dialer(), line);

        config.server.listen = listener.address();
        config.server.public_url = crate::config::PublicUrl::parse(&daemon).map_err(wrong)?;
        config.server.node_url = Some(crate::config::PublicUrl::parse(&node).map_err(wrong)?);
        config.twilio.api_url = crate::config::HttpUrl::parse(&carrier.api_url()).map_err(wrong)?;
        config.admin.listen = loopback;
        config.admin.token = Some(ADMIN_TOKEN.into());
        let provider = RunningProvider::start_with(&config.openai, openai, &network).await?;
        let daemon =
            Box::new(Daemon { config: config.clone(), platform: platform.clone(), starts: 1 });
        let app = App::start_on(listener, config, provider.endpoint(), platform).await?;
        let services = app.services();
        let mut businesses = Vec::new();
        for settings in hosted() {
            let (new_id, now) = (BusinessId(services.new_id()), services.clock.wall());
            let imported = business::import(&services.database, settings, new_id, now).await?;
            businesses.push((imported.id, settings.clone()));
        }
        let business_id = businesses[0].0;
        let http = operator(&network);
        Ok(Self {
            app,
            carrier,
            business,
            business_id,
            businesses,
            network,
            provider,
            http,
            daemon,
        })
    }

    /// What connects the daemon with the rest of the world.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The simulated OpenAI; `None` if the model is the real one.
    #[must_use]
    pub fn openai(&self) -> Option<&openai::Server> {
        self.provider.server()
    }

    /// The simulated text model; `None` if the model is the real one.
    #[must_use]
    pub fn text_model(&self) -> Option<&openai::TextServer> {
        self.provider.text_server()
    }

    /// Calls the business from this number, in the business's language.
    #[must_use]
    pub fn dial(&self, from: &PhoneNumber) -> CallerHandle {
        let language = self.business.language.as_str();
        let mut dial = Dial::new(from.as_str(), self.business.phone_numbers[0].as_str());
        dial.language = language.to_owned();
        self.carrier.dial(&dial)
    }

    /// All actors of the daemon, as the operator sees them.
    ///
    /// # Errors
    /// [`WorldError::Admin`] if the daemon does not answer.
    pub async fn actors(&self) -> Result<Vec<ActorView>, WorldError> {
        #[derive(serde::Deserialize)]
        struct Actors {
            actors: Vec<ActorView>,
        }
        Ok(self.get::<Actors>("introspect/actors?node=here").await?.actors)
    }

    /// All living calls of the daemon, as the operator sees them.
    ///
    /// # Errors
    /// [`WorldError::Admin`] if the daemon does not answer.
    pub async fn calls(&self) -> Result<Vec<CallStatusView>, WorldError> {
        #[derive(serde::Deserialize)]
        struct Calls {
            calls: Vec<CallStatusView>,
        }
        Ok(self.get::<Calls>("introspect/calls?node=here").await?.calls)
    }

    /// Sends an operator's request. Returns the HTTP status.
    ///
    /// # Errors
    /// [`WorldError::Admin`] if the daemon does not answer.
    pub async fn post(&self, path: &str) -> Result<u16, WorldError> {
        let answer = self.ask(self.http.post(&self.admin_url(path))).await?;
        Ok(answer.status.as_u16())
    }

    /// Sends an operator's request with a body. Returns the HTTP status and the answer.
    ///
    /// # Errors
    /// [`WorldError::Admin`] if the daemon does not answer, or not in JSON.
    pub async fn post_json(
        &self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<(u16, serde_json::Value), WorldError> {
        let answer = self.ask(self.http.post(&self.admin_url(path)).json(body)).await?;
        Ok((answer.status.as_u16(), read(&answer)?))
    }

    /// The daemon's process dies, as by `kill -9`: what it has sent and written stays, and nothing follows. Of a
    /// simulated daemon only.
    pub fn kill(&self) {
        if let Network::Memory(network) = &self.daemon.platform.network {
            network.take_down();
        }
        if let Some(faults) = self.app.services().database.faults() {
            faults.set(DatabaseFault::Gone, FaultExtent::Lasting);
        }
        self.app.abandon();
    }

    /// Starts the daemon again after [`kill`](Self::kill): at the same address, and on the same database.
    ///
    /// # Errors
    /// [`WorldError`] says what did not start.
    pub async fn start_again(&mut self) -> Result<(), WorldError> {
        let Daemon { config, platform, starts } = &mut *self.daemon;
        *starts += 1;
        platform.network = own_host(&self.network);
        let mut platform = platform.split(&format!("start {starts}"));
        platform.opened = Some(self.app.services().database.of_another_process());
        let listener =
            Listener::bind(&platform.network, "server.listen", config.server.listen).await?;
        let starting = App::start_on(listener, config.clone(), self.provider.endpoint(), platform);
        self.app = Box::pin(starting).await?;
        Ok(())
    }

    pub async fn close(self) {
        self.carrier.stop().await;
        self.app.stop().await;
    }

    /// # Errors
    /// [`WorldError::Admin`] if the daemon does not answer, or not in JSON of this kind.
    pub async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, WorldError> {
        let answer = self.ask(self.http.get(&self.admin_url(path))).await?;
        if !answer.status.is_success() {
            return Err(AdminError::Status(answer.status.as_u16()).into());
        }
        Ok(read(&answer)?)
    }

    async fn ask(&self, request: Request<'_>) -> Result<Answer, AdminError> {
        Ok(request.bearer_auth(ADMIN_TOKEN).send().await?)
    }

    fn admin_url(&self, path: &str) -> String {
        match self.app.admin_address() {
            Some(address) => format!("http://{address}/{path}"),
            None => path.to_owned(),
        }
    }
}

/// The operator's client. A request may wait for a call to end.
fn operator(network: &Network) -> HttpClient {
    let dialer = network.plain_dialer(Duration::from_secs(5));
    let patience = Duration::from_secs(60);
    HttpClient::new(dialer, network.http_connections(), patience, 16 * 1024 * 1024)
}

fn read<T: DeserializeOwned>(answer: &Answer) -> Result<T, AdminError> {
    Ok(serde_json::from_slice(&answer.body)?)
}

/// The network as a machine of the daemon's own sees it.
fn own_host(network: &Network) -> Network {
    match network {
        Network::Tcp => Network::Tcp,
        Network::Memory(network) => Network::Memory(network.new_host()),
    }
}
