//! A supervisor, and a worker that crashes while it handles an item. Every item is added exactly once.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "this is an example")]
use std::sync::{Arc, Mutex};

use ractor::{Actor, ActorProcessingErr, ActorRef, SupervisionEvent as Event};
use supervision::{ActorInfo, Alarm, Children, Clock, Decision, Inbox, InboxReader};
use supervision::{Registration, RestartPolicy};

type Registry = supervision::Registry<&'static str, ()>;
type Me = ActorRef<()>;
type Done<T = ()> = Result<T, ActorProcessingErr>;

/// What outlives every worker. `sum` holds the number of the last added item, and the sum.
#[derive(Clone)]
struct Shared {
    items: Inbox<u64>,
    sum: Arc<Mutex<(u64, u64)>>,
    registry: Registry,
}

struct Worker;
impl Actor for Worker {
    type Msg = ();
    type State = (Shared, InboxReader<u64>, Registration<&'static str, ()>);
    type Arguments = (Shared, Registration<&'static str, ()>);
    async fn pre_start(&self, me: Me, (shared, place): Self::Arguments) -> Done<Self::State> {
        Ok((shared.clone(), shared.items.attach(me, || ()), place))
    }
    async fn handle(&self, _: Me, (): (), (shared, reader, _): &mut Self::State) -> Done {
        reader.woken();
        while let Some(item) = reader.receive() {
            let (last, sum) = *shared.sum.lock().unwrap();
            if item.number > last {
                assert!(*item.event % 13 != 0 || item.attempt > 1, "{} is unlucky", item.event);
                *shared.sum.lock().unwrap() = (item.number, sum + *item.event);
            }
            reader.ack(item.number); // only after the sum is stored
        }
        Ok(())
    }
}

/// Its only message says that a start is due, or was waiting for the former worker's tasks.
struct Supervisor;
impl Actor for Supervisor {
    type Msg = ();
    type State = (Shared, Children<&'static str>, Alarm<()>);
    type Arguments = Shared;
    async fn pre_start(&self, me: Me, shared: Shared) -> Done<Self::State> {
        me.cast(())?;
        let children = Children::new(["worker"], RestartPolicy::default());
        Ok((shared, children, Alarm::new(me, || ())))
    }
    async fn handle(&self, me: Me, (): (), (shared, children, alarm): &mut Self::State) -> Done {
        let now = Clock::system().now();
        children.joined("worker");
        while let Some(start) = children.next_start(now) {
            let items = shared.items.clone();
            let info = ActorInfo::of(&start, move || items.depth());
            let args = (shared.clone(), shared.registry.register(info, now));
            let worker = Actor::spawn_linked(None, Worker, args, me.get_cell()).await?.0;
            children.started(start.kind, worker.get_cell());
        }
        alarm.fired();
        alarm.set(children.next_restart());
        Ok(())
    }
    async fn handle_supervisor_evt(&self, me: Me, event: Event, state: &mut Self::State) -> Done {
        let Some(ended) = state.1.on_event(&event, Clock::system().now()) else { return Ok(()) };
        println!("{} failed: {}", ended.kind, ended.error);
        if ended.decision == Decision::GiveUp {
            return Err(ended.error.into());
        }
        tokio::spawn(async move { (ended.tasks.cancel_and_join().await, me.cast(())) });
        Ok(())
    }
    async fn post_stop(&self, _: Me, state: &mut Self::State) -> Done {
        state.1.stop(std::time::Duration::from_secs(1)).await;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new(|_| {});
    let shared = Shared { items: Inbox::new(8), sum: Arc::default(), registry };
    let (supervisor, _) = Actor::spawn(None, Supervisor, shared.clone()).await?;
    for item in 1..=30 {
        shared.items.send(item).await?;
    }
    while shared.items.depth() > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    for actor in shared.registry.actors_at(Clock::system().now()) {
        println!("supervisor\n└─ {}, generation {}", actor.kind, actor.generation);
    }
    println!("1 + 2 + … + 30 = {}", shared.sum.lock().unwrap().1);
    Ok(supervisor.stop_and_wait(None, None).await?)
}
