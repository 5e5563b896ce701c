//! The load: N callers on media sockets, and the model that answers them. One thread carries all of it.

mod caller;
mod distribution;
mod ear;
mod lanes;
mod model;
mod pacer;
mod scene;
mod script;
mod server;
mod source;
mod speech;
mod stamp;
mod tally;
mod turnover;
mod twilio;

use std::io::{self, BufRead, Write};
use std::rc::Rc;
use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};

use super::error::BenchError;
use super::findings::{Coming, Findings, LoadPlan, News, Target};
use caller::{LINGERS, LONGEST};
use scene::Scene;
use twilio::Role;

/// All calls begin within this time, evenly spread; with many calls, 5 ms apart.
const SPREAD: Duration = Duration::from_secs(1);
const APART: Duration = Duration::from_millis(5);
/// From the last call's connection to the measuring: greetings end, first turns begin.
const SETTLES: Duration = Duration::from_secs(4);
/// The index of the first call that is too many: above those of all others.
const STORM: u32 = 1_000_000;
/// How long calls may take to connect, or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs the load: takes its plan from the standard input, and tells what happens on the standard output, a
/// line of JSON each.
///
/// # Errors
/// [`BenchError`] if the plan can't be read, or sockets can't be opened.
pub fn load() -> Result<(), BenchError> {
    let mut plan = String::new();
    io::stdin().read_line(&mut plan).map_err(BenchError::io("the load's plan"))?;
    let plan: LoadPlan = serde_json::from_str(&plan)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("the load's runtime"))?;
    LocalSet::new().block_on(&runtime, perform(plan))
}

async fn perform(plan: LoadPlan) -> Result<(), BenchError> {
    let scene = Rc::new(Scene::new(matches!(plan.target, Target::Relay { .. })));
    let listening = server::start(&scene, plan.tls.as_ref()).await?;
    tell(&News::Listening { openai: listening.openai, rest: listening.rest })?;
    go().await?;
    tokio::task::spawn_local(pacer::pace(Rc::clone(&scene)));
    warm_up(&plan, &scene).await;
    tell(&News::Warm)?;
    go().await?;
    let mut calls = match plan.coming {
        Coming::Together => begin(&plan, &scene, plan.calls, Role::Stays).await,
        Coming::AndGoing { .. } => turnover::begin(&plan, &scene, apart(plan.calls)).await,
    };
    tokio::time::sleep(SETTLES).await;
    scene.measure();
    tell(&News::Steady)?;
    let storm = tokio::task::spawn_local(storm(plan.clone(), Rc::clone(&scene)));
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.tick().await;
    for second in 1..=plan.seconds {
        ticks.tick().await;
        tell(&News::Second)?;
        if let Coming::AndGoing { sample } = plan.coming
            && second % sample == 0
        {
            tell(&News::Sample(scene.lately()))?;
        }
    }
    storm.abort();
    scene.fall_silent();
    let found = gather(&scene).await;
    scene.hang_up();
    end(&mut calls).await;
    tell(&News::Found(Box::new(found)))
}

async fn warm_up(plan: &LoadPlan, scene: &Rc<Scene>) {
    let mut calls = begin(plan, scene, plan.warm_up, Role::WarmsUp).await;
    end(&mut calls).await;
    scene.is_warm();
}

/// Begins calls, and waits until each is connected or refused.
async fn begin(plan: &LoadPlan, scene: &Rc<Scene>, number: u32, role: Role) -> JoinSet<()> {
    let mut calls = JoinSet::new();
    for _ in 0..number {
        calls.spawn_local(twilio::call(Rc::clone(scene), plan.target.clone(), role));
        tokio::time::sleep(apart(number)).await;
    }
    let settled = async {
        while scene.ringing() > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // What is not connected by then is refused.
    let _ = tokio::time::timeout(PATIENCE, settled).await;
    calls
}

/// From the beginning of one of so many calls to that of the next.
fn apart(calls: u32) -> Duration {
    (SPREAD / calls.max(1)).max(APART)
}

/// Lets calls ring that are too many, evenly spread.
async fn storm(plan: LoadPlan, scene: Rc<Scene>) {
    if plan.storm == 0 {
        return;
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / plan.storm);
    for index in STORM.. {
        ticks.tick().await;
        let (scene, target) = (Rc::clone(&scene), plan.target.clone());
        tokio::task::spawn_local(twilio::call_too_many(scene, target, index));
    }
}

/// Waits for the calls' ends. Whatever comes is counted already.
async fn end(calls: &mut JoinSet<()>) {
    let ended = async { while calls.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(PATIENCE, ended).await;
}

/// Waits for what is under way, and counts.
async fn gather(scene: &Scene) -> Findings {
    tokio::time::sleep(LINGERS).await;
    let all_came = async {
        while scene.findings().up.lost + scene.findings().down.lost > 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    // What has not come by then is lost.
    let _ = tokio::time::timeout(LONGEST, all_came).await;
    scene.findings()
}

/// Waits for a line on the standard input.
async fn go() -> Result<(), BenchError> {
    let line = tokio::task::spawn_blocking(|| io::stdin().lock().read_line(&mut String::new()));
    line.await.map_err(io::Error::other).flatten().map_err(BenchError::io("the word to go"))?;
    Ok(())
}

fn tell(news: &News) -> Result<(), BenchError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", serde_json::to_string(news)?).map_err(BenchError::io("the news"))?;
    out.flush().map_err(BenchError::io("the news"))
}
