//! The signals that end the daemon: the first one politely, the second one at once (RES-6).

use std::future::{Future, pending};
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Listens to SIGTERM and SIGINT from now on; the two futures end with the first signal and with
/// the second.
///
/// # Errors
/// If the system refuses.
pub(super) fn listen() -> io::Result<(impl Future<Output = ()>, impl Future<Output = ()>)> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (tell_first, first) = oneshot::channel();
    let (tell_second, second) = oneshot::channel();
    tokio::spawn(async move {
        for tell in [tell_first, tell_second] {
            let name = either(&mut terminate, &mut interrupt).await;
            tracing::info!(signal = name, "told to stop");
            // Whoever doesn't wait any more has stopped.
            let _ = tell.send(());
        }
    });
    Ok((told(first), told(second)))
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) -> &'static str {
    tokio::select! {
        Some(()) = terminate.recv() => "SIGTERM",
        Some(()) = interrupt.recv() => "SIGINT",
        else => pending().await,
    }
}

async fn told(signal: oneshot::Receiver<()>) {
    if signal.await.is_err() {
        // The listening task is gone, and with it the runtime; that is no signal.
        pending::<()>().await;
    }
}
