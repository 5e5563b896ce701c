//! SIGTERM and SIGINT: the first drains the daemon, the second stops it at once (RES-6). SIGHUP
//! reads the configuration again, SIGUSR1 and SIGUSR2 do nothing: a terminal that closes ends no call
//! (OPS-11).

use std::future::{Future, pending};
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Listens to the signals from now on. The first future ends with the first signal, the second with
/// the second.
pub(super) fn listen() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut idle = [
        ("SIGUSR1", signal(SignalKind::user_defined1())?),
        ("SIGUSR2", signal(SignalKind::user_defined2())?),
    ];
    let (tell_first, first) = oneshot::channel();
    let (tell_second, second) = oneshot::channel();
    tokio::spawn(async move {
        for tell in [tell_first, tell_second] {
            let name = either(&mut terminate, &mut interrupt, &mut idle).await;
            tracing::info!(signal = name, "told to stop");
            // An error means that the daemon has stopped, and nobody waits.
            let _ = tell.send(());
        }
    });
    Ok((told(first), told(second)))
}

/// SIGHUP, from now on. Several that come at once are one.
pub(super) fn hang_ups() -> io::Result<Signal> {
    signal(SignalKind::hangup())
}

async fn either(
    terminate: &mut Signal,
    interrupt: &mut Signal,
    idle: &mut [(&'static str, Signal); 2],
) -> &'static str {
    loop {
        let [(first, one), (second, two)] = idle;
        tokio::select! {
            biased;
            Some(()) = terminate.recv() => return "SIGTERM",
            Some(()) = interrupt.recv() => return "SIGINT",
            Some(()) = one.recv() => told_nothing(first),
            Some(()) = two.recv() => told_nothing(second),
            else => pending().await,
        }
    }
}

fn told_nothing(signal: &str) {
    tracing::info!(signal, "this signal does nothing: SIGTERM stops the daemon");
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
    async fn ops_11_signals_that_mean_nothing_end_nothing() {
        let (first, _second) = listen().unwrap();
        let mut hang_ups = hang_ups().unwrap();
        let id = std::process::id().to_string();
        for signal in ["-HUP", "-USR1", "-USR2"] {
            assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
        }
        let told = tokio::time::timeout(Duration::from_millis(100), first).await;
        assert!(told.is_err(), "nobody was told to stop");
        assert_eq!(hang_ups.recv().await, Some(()));
    }
}
