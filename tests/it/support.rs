//! What the tests share: a world per test, requests, and waits with one generous limit.

use std::cell::RefCell;
use std::future::Future;
use std::time::Duration;

use actors::http_client::{Answer, HttpClient};
use actors::introspection::{ActorKind, ActorView};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use entities::calls::CallRecord;
use frontdesk::config::{DatabaseUrl, Twilio};
use frontdesk::platform::Platform;
use frontdesk::virtual_time;
use frontdesk::world::{Plan, World};
use hmac::{Hmac, KeyInit as _, Mac as _};
use practice::openai::{Brain, Server};
use practice::twilio::CallerHandle;
use protocol::ids::{CallSid, PhoneNumber};
use sha1::Sha1;

/// The limit of every wait, generous enough for a slow machine.
const LIMIT: Duration = Duration::from_secs(60);

/// The pause between two looks at something.
const PAUSE: Duration = Duration::from_millis(10);
/// The seed of the tests in virtual time.
const SEED: u64 = 1;

thread_local! {
    /// Of the test that runs on this thread in virtual time.
    static PLATFORM: RefCell<Option<Platform>> = const { RefCell::new(None) };
}

/// Runs a test in virtual time. Its worlds are simulated: their connections are in memory.
pub(crate) fn virtually(test: impl Future<Output = ()>) {
    virtual_time::run(SEED, virtual_time::begins(), async |platform| {
        PLATFORM.set(Some(platform));
        test.await;
    });
    PLATFORM.set(None);
}

/// The simulation's platform in a test in virtual time, else the machine's.
pub(crate) fn platform() -> Platform {
    PLATFORM.with_borrow(Option::clone).unwrap_or_else(Platform::live)
}

/// Waits a little before the next look at something.
pub(crate) async fn pause() {
    tokio::time::sleep(PAUSE).await;
}

/// A plan with a database of its own in memory.
pub(crate) fn plan() -> Plan {
    let filter = tracing_subscriber::EnvFilter::from_default_env();
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_test_writer();
    // Another test of this process may have set the subscriber.
    let _ = log.try_init();
    let mut plan = Plan::locksmith().unwrap();
    plan.platform = platform();
    plan.config.database.url = DatabaseUrl::parse("sqlite::memory:").unwrap();
    plan.config.admin.allow_actor_kill = true;
    // On a slow machine, silence checks must not disturb tests of other things.
    plan.business.silence.timeout = LIMIT;
    plan
}

/// Opens a world with changes to the plan.
pub(crate) async fn world(change: impl FnOnce(&mut Plan)) -> World {
    let mut plan = plan();
    change(&mut plan);
    World::open(plan).await.unwrap()
}

/// Waits for something that must happen.
pub(crate) async fn within<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(LIMIT, coming).await {
        Ok(came) => came,
        Err(_) => panic!("{what} did not come within {LIMIT:?}"),
    }
}

pub(crate) fn number(last: u32) -> PhoneNumber {
    PhoneNumber::parse(&format!("+97250{last:07}")).unwrap()
}

/// The practice server that the daemon speaks with.
pub(crate) fn practice(world: &World) -> &Server {
    world.openai().expect("the practice provider is in use")
}

/// Waits until only the daemon's permanent actors are left, and no session at OpenAI (RES-8).
pub(crate) async fn nothing_left(world: &World) {
    const PERMANENT: [ActorKind; 5] = [
        ActorKind::Supervisor,
        ActorKind::Outbox,
        ActorKind::Journal,
        ActorKind::Calendar,
        ActorKind::Messaging,
    ];
    let gone = async {
        let mut news = world.app.services().introspection.listen();
        loop {
            let actors = world.actors().await.unwrap();
            if actors.iter().all(|actor| PERMANENT.contains(&actor.kind)) {
                return actors.len();
            }
            // Any event, or a missed one: read the list again.
            let _ = news.recv().await;
        }
    };
    assert_eq!(within("the end of every actor of a call", gone).await, PERMANENT.len());
    let over = async { practice(world).log().wait_for(|record| record.alive == 0).await };
    within("the end of every session", over).await;
}

/// A form with the parameters that every webhook of an inbound call has.
pub(crate) fn call_form(world: &World, call: &str, status: &str) -> Vec<(String, String)> {
    let business = world.business.phone_numbers[0].as_str();
    [
        ("AccountSid", Twilio::PRACTICE_ACCOUNT),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call),
        ("CallStatus", status),
        ("Direction", "inbound"),
        ("From", number(99).as_str()),
        ("To", business),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

/// A POST to Twilio's listener, signed as Twilio signs.
pub(crate) async fn post_as_twilio(world: &World, path: &str, form: &[(String, String)]) -> Answer {
    let url = format!("http://{}{path}", world.app.twilio_address());
    let http = http_client(world);
    let request = http.post(&url).form(form).header("x-twilio-signature", &signature(&url, form));
    request.send().await.unwrap()
}

/// A client that waits as long as a test does.
pub(crate) fn http_client(world: &World) -> HttpClient {
    let network = world.network();
    let dialer = network.plain_dialer(LIMIT);
    HttpClient::new(dialer, network.http_connections(), LIMIT, 16 * 1024 * 1024)
}

/// `X-Twilio-Signature` for a request with these parameters, each of them once.
pub(crate) fn signature(url: &str, form: &[(String, String)]) -> String {
    let mut parameters = form.to_vec();
    parameters.sort();
    let mut mac = Hmac::<Sha1>::new_from_slice(Twilio::PRACTICE_TOKEN.as_bytes()).unwrap();
    mac.update(url.as_bytes());
    for (name, value) in &parameters {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

/// Shortens a plan's greeting, and makes the agent repeat what it hears.
pub(crate) fn brief(plan: &mut Plan) {
    plan.business.greeting.text = Some("שלום".to_owned());
    plan.openai.brain = Brain::Echo;
}

/// As [`brief`], for a business that people can write to.
pub(crate) fn brief_in_writing(plan: &mut Plan) {
    brief(plan);
    plan.business.whatsapp_number = plan.business.phone_numbers.first().cloned();
}

/// As [`brief`], for a daemon that is full with one call.
pub(crate) fn one_call_at_once(plan: &mut Plan) {
    brief(plan);
    plan.config.server.max_calls = 1.try_into().unwrap();
}

/// Makes an actor of a call panic, and waits for its successor.
pub(crate) async fn kill(world: &World, kind: ActorKind) {
    let victim = find_actor(world, |actor| actor.kind == kind).await;
    let generation = victim.generation;
    let path = format!("introspect/actors/{}/kill", victim.id);
    assert_eq!(world.post(&path).await.unwrap(), 202);
    find_actor(world, |actor| actor.kind == kind && actor.generation > generation).await;
}

/// Polls the actors until one is found.
pub(crate) async fn find_actor(world: &World, wanted: impl Fn(&ActorView) -> bool) -> ActorView {
    let looking = async {
        loop {
            if let Some(found) = world.actors().await.unwrap().into_iter().find(&wanted) {
                return found;
            }
            pause().await;
        }
    };
    within("the actor", looking).await
}

/// Polls the database until a call's record satisfies the condition.
pub(crate) async fn recorded(
    world: &World,
    call: &CallSid,
    is_so: impl Fn(&CallRecord) -> bool,
) -> CallRecord {
    let database = &world.app.services().database;
    let reading = async {
        loop {
            let found = entities::calls::get(database, world.business_id, call).await.unwrap();
            if let Some(record) = found.filter(|record| is_so(record)) {
                return record;
            }
            pause().await;
        }
    };
    within("the record", reading).await
}

/// Waits for the complete record of an ended call: its end, and Twilio's final status.
pub(crate) async fn ended_record(world: &World, caller: &CallerHandle) -> CallRecord {
    let is_whole = |record: &CallRecord| record.end_reason.is_some() && record.duration.is_some();
    recorded(world, caller.call_sid(), is_whole).await
}
