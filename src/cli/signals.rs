//! SIGTERM and SIGINT: the first drains the daemon, the second stops it at once (RES-6).

use std::future::{Future, pending};
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Listens to both signals from now on. The first future ends with the first signal, the second with
/// the second.
pub(super) fn listen() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (tell_first, first) = oneshot::channel();
    let (tell_second, second) = oneshot::channel();
    tokio::spawn(async move {
        for tell in [tell_first, tell_second] {
            let name = either(&mut terminate, &mut interrupt).await;
            tracing::info!(signal = name, "told to stop");
            // An error means that the daemon has stopped, and nobody waits.
            let _ = tell.send(());
        }
    });
    Ok((told(first), told(second)))
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        biased;
        Some(()) = terminate.recv() => "SIGTERM",
        Some(()) = interrupt.recv() => "SIGINT",
        else => pending().await,
    }
}

async fn told(signal: oneshot::Receiver<()>) {
    if signal.await.is_err() {
        // The listening task ends only with the runtime. That is not a signal.
        pending::<()>().await;
    }
}
