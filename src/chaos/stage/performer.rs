//! A caller who does what the story says.

use std::time::Duration;

use practice::openai::language_of;
use practice::twilio::{CallOver, CallView, CallerHandle};
use tokio::time::{sleep, timeout};

use crate::chaos::story::{Act, Caller, Deed, Finally, When};

/// How long a caller waits for the agent before the next act comes anyway.
const PATIENCE: Duration = Duration::from_secs(15);
/// The silence that ends an agent's turn.
const QUIET: Duration = Duration::from_millis(400);
/// The longest a call may last after the caller's last act, if the caller waits for its end. A silent
/// caller is hung up on long before.
const LONGEST: Duration = Duration::from_secs(240);
/// How long Twilio takes for a call's last callbacks, late ones included.
const CALLBACKS: Duration = Duration::from_secs(120);

/// Performs the acts to the end of the call. Returns whether the daemon failed to end it.
pub(in crate::chaos) async fn perform(caller: &Caller, line: &CallerHandle) -> bool {
    let over = async {
        for act in &caller.acts {
            if perform_act(act, line).await.is_err() {
                return;
            }
        }
        if let Finally::HangsUpAfter(pause) = caller.then {
            sleep(pause).await;
            line.hang_up();
        }
    };
    over.await;
    let overstayed = timeout(LONGEST, line.until(|_| false)).await.is_err();
    if overstayed {
        line.hang_up();
    }
    let _ = timeout(CALLBACKS, line.ended()).await;
    overstayed
}

async fn perform_act(act: &Act, line: &CallerHandle) -> Result<(), CallOver> {
    match act.when {
        When::After(pause) => sleep(pause).await,
        When::AgentEnds => in_time(agent_ends(line)).await?,
        When::AgentSpeaks(plus) => {
            in_time(agent_speaks(line)).await?;
            sleep(plus).await;
        }
    }
    match act.what {
        // Without a stream, the caller speaks when it opens.
        Deed::Say(text) => in_time(line.say_in(text, language_of(text))).await,
        Deed::Noise { rms, length } => in_time(line.noise(rms, length)).await,
        Deed::Press(keys) => in_time(line.press(keys)).await,
        Deed::FallSilent => {
            line.fall_silent();
            Ok(())
        }
    }
}

/// Waits no longer than the caller's patience.
async fn in_time(waiting: impl Future<Output = Result<(), CallOver>>) -> Result<(), CallOver> {
    timeout(PATIENCE, waiting).await.unwrap_or(Ok(()))
}

async fn agent_speaks(line: &CallerHandle) -> Result<(), CallOver> {
    let before = line.view().borrow().samples_heard;
    line.until(|view| view.samples_heard > before).await
}

async fn agent_ends(line: &CallerHandle) -> Result<(), CallOver> {
    let since = line.elapsed();
    let heard = |view: &CallView| {
        let is_quiet = view.buffered == 0 && view.last_heard_at.is_some_and(|at| at > since);
        is_quiet.then_some(view.samples_heard)
    };
    loop {
        let samples = line.find(heard).await?;
        sleep(QUIET).await;
        if heard(&line.view().borrow()) == Some(samples) {
            return Ok(());
        }
    }
}
