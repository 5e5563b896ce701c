//! The load: N callers on media sockets, and the model that answers them. One thread carries all of it.

mod caller;
mod ear;
mod model;
mod pacer;
mod scene;
mod script;
mod server;
mod speech;
mod stamp;
mod tally;
mod twilio;

use std::io::{self, BufRead, Write};
use std::rc::Rc;
use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};

use super::error::BenchError;
use super::findings::{Findings, LoadPlan, News, Target};
use scene::Scene;

/// All calls begin within this time, evenly spread; with many calls, 5 ms apart.
const SPREAD: Duration = Duration::from_secs(1);
const APART: Duration = Duration::from_millis(5);
/// From the last call's connection to the measuring: greetings end, first turns begin.
const SETTLES: Duration = Duration::from_secs(4);
/// From the last frame to the count of those that came, at least and at most.
const LINGERS: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(5);
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
    let mut calls = begin(&plan, &scene).await;
    tokio::time::sleep(SETTLES).await;
    scene.measure();
    tell(&News::Steady)?;
    for _ in 0..plan.seconds {
        tokio::time::sleep(Duration::from_secs(1)).await;
        tell(&News::Second)?;
    }
    scene.fall_silent();
    let found = gather(&scene).await;
    scene.hang_up();
    let ended = async { while calls.join_next().await.is_some() {} };
    // Its calls are counted already.
    let _ = tokio::time::timeout(PATIENCE, ended).await;
    tell(&News::Found(Box::new(found)))
}

/// Begins all calls, and waits until each is connected or refused.
async fn begin(plan: &LoadPlan, scene: &Rc<Scene>) -> JoinSet<()> {
    let apart = (SPREAD / plan.calls.max(1)).max(APART);
    let mut calls = JoinSet::new();
    for index in 0..plan.calls {
        calls.spawn_local(twilio::call(Rc::clone(scene), plan.target.clone(), index));
        tokio::time::sleep(apart).await;
    }
    let settled = async {
        while scene.settled() < plan.calls {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    // What is not connected by then is refused.
    let _ = tokio::time::timeout(PATIENCE, settled).await;
    calls
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
