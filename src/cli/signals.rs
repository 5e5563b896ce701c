//! SIGTERM and SIGINT: the first drains the daemon, the second stops it at once (RES-6). SIGHUP does
//! nothing: a terminal that closes ends no call (OPS-11).

use std::future::{Future, pending};
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Listens to the signals from now on. The first future ends with the first signal, the second with
/// the second.
pub(super) fn listen() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    let (tell_first, first) = oneshot::channel();
    let (tell_second, second) = oneshot::channel();
    tokio::spawn(async move {
        for tell in [tell_first, tell_second] {
            let name = either(&mut terminate, &mut interrupt, &mut hang_up).await;
            tracing::info!(signal = name, "told to stop");
            // An error means that the daemon has stopped, and nobody waits.
            let _ = tell.send(());
        }
    });
    Ok((told(first), told(second)))
}

async fn either(
    terminate: &mut Signal,
    interrupt: &mut Signal,
    hang_up: &mut Signal,
) -> &'static str {
    loop {
        tokio::select! {
            biased;
            Some(()) = terminate.recv() => return "SIGTERM",
            Some(()) = interrupt.recv() => return "SIGINT",
            Some(()) = hang_up.recv() => tracing::info!("SIGHUP: nothing to do"),
            else => pending().await,
        }
    }
}

async fn told(signal: oneshot::Receiver<()>) {
    if signal.await.is_err() {
        // The listening task ends only with the runtime. That is not a signal.
        pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn ops_11_sighup_ends_nothing() {
        let (first, _second) = listen().unwrap();
        let id = std::process::id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
        let told = tokio::time::timeout(Duration::from_millis(100), first).await;
        assert!(told.is_err(), "nobody was told to stop");
    }
}
