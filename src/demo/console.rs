//! The demo with the web console: the daemon stays up, with a week of practice calls in its database, and a new call
//! each minute. Nobody needs an account for it.

use std::net::SocketAddr;
use std::time::Duration;

use entities::audit::Author;
use entities::users::{self, UserRole};
use practice::person::Wish;
use practice::speech::Voice;
use protocol::ids::PhoneNumber;
use tokio::time::{MissedTickBehavior, interval};
use tracing::subscriber::{NoSubscriber, with_default};

use super::error::Failed;
use super::screen::Screen;
use super::{own, week};
use crate::accounts::{Accounts, NewUser};
use crate::config::DatabaseUrl;
use crate::platform::Platform;
use crate::world::{Plan, World};

/// The database. A second run goes on with what the first has left.
const DATABASE: &str = "sqlite://frontdesk-console-demo.db?mode=rwc";
/// The user's name.
const USER: &str = "demo";
/// From the begin of a call to that of the next one.
const EACH: Duration = Duration::from_secs(60);
/// The callers, one after the other, and what they want.
const CALLERS: [(&str, &[Wish]); 5] = [
    ("+972527301544", &[Wish::Help, Wish::Appointment]),
    ("+972544918260", &[Wish::Hours]),
    ("+972508836417", &[Wish::Help]),
    ("+972521175093", &[Wish::Hours, Wish::Appointment]),
    ("+972546620738", &[Wish::Help, Wish::Hours]),
];

/// Runs until `stop`.
///
/// # Errors
/// [`Failed`] says what went wrong.
pub async fn run(
    listen: SocketAddr,
    color: bool,
    stop: impl Future<Output = ()>,
) -> Result<(), Failed> {
    let screen = Screen::new(color);
    screen.heading("Frontdesk's console: simulated callers, a simulated model, the real daemon")?;
    let platform = Platform::live();
    let database = DatabaseUrl::parse(DATABASE)
        .ok_or_else(|| Failed::Wrong("the demo's database has no URL".to_owned()))?;
    if !std::path::Path::new("frontdesk-console-demo.db").exists() {
        screen.note("a week of practice calls is played into frontdesk-console-demo.db …")?;
        let (url, now) = (database.clone(), platform.clock.wall());
        // Two of the calls fail on purpose, and the log would tell of it.
        let silent = NoSubscriber::default();
        let play = move || with_default(silent, || week::play(&url, now));
        let played = tokio::task::spawn_blocking(play).await;
        let played = played.map_err(|error| Failed::Wrong(error.to_string()))??;
        screen.note(&format!("{played} calls of the last seven days are in it"))?;
    }
    let world = open(platform, database, listen).await?;
    welcome(&world, &screen).await?;
    let mut stop = std::pin::pin!(stop);
    let mut minutes = interval(EACH);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for (number, wishes) in CALLERS.iter().cycle() {
        let calling = async {
            minutes.tick().await;
            call(&world, number, wishes, &screen).await
        };
        tokio::select! {
            biased;
            () = &mut stop => break,
            called = calling => called?,
        }
    }
    screen.note("the daemon stops; frontdesk-console-demo.db keeps what it has")?;
    world.close().await;
    Ok(())
}

async fn open(
    platform: Platform,
    database: DatabaseUrl,
    listen: SocketAddr,
) -> Result<World, Failed> {
    let mut plan = Plan::locksmith()?;
    plan.platform = platform;
    plan.config.database.url = database;
    plan.config.console.listen = Some(listen);
    plan.voice = Voice::detect();
    plan.openai.voice = plan.voice.clone();
    Ok(World::open(plan).await?)
}

/// Where the console is, and how to get in. The user gets a new password at each start.
async fn welcome(world: &World, screen: &Screen) -> Result<(), Failed> {
    let services = world.app.services();
    let chance = services.chance.clone();
    let accounts = Accounts::new(services.database.clone(), services.clock, chance.clone());
    let author = Author { user: None, name: "frontdesk demo".to_owned(), address: None };
    let wrong = |error: crate::accounts::AccountError| Failed::Wrong(error.to_string());
    let password: String = chance.next_secret().chars().take(16).collect();
    match users::find_by_name(&services.database, USER).await? {
        Some((user, _)) => {
            accounts.set_password(&user, password.clone(), author).await.map_err(wrong)?;
        }
        None => {
            let new = NewUser {
                name: USER.to_owned(),
                role: UserRole::Admin,
                businesses: Vec::new(),
                password: Some(password.clone()),
            };
            accounts.add(new, author).await.map_err(wrong)?;
        }
    }
    let address = world.app.console_address().map(|address| address.to_string());
    screen.note(&format!("open      http://{}/console", address.unwrap_or_default()))?;
    screen.note(&format!("user      {USER}"))?;
    screen.note(&format!("password  {password}"))?;
    screen.note("a practice call begins each minute; Ctrl-C ends it\n")?;
    Ok(())
}

async fn call(
    world: &World,
    number: &str,
    wishes: &'static [Wish],
    screen: &Screen,
) -> Result<(), Failed> {
    let number = PhoneNumber::parse(number)?;
    let caller = world.dial(&number);
    screen.note(&format!("{number} calls: {}", caller.call_sid()))?;
    own::served(world, &caller, wishes).await;
    Ok(())
}
