//! What systemd is told of a unit with `Type=notify` or `Type=notify-reload`: that the daemon takes calls,
//! that it reads its configuration again, that it stops, and,
//! with `WatchdogSec=`, that it lives. Without systemd this does nothing.

use std::net::SocketAddr;
use std::time::Duration;

use sd_notify::NotifyState;

use crate::app::App;

/// The daemon takes calls.
pub(super) fn ready(address: SocketAddr) {
    let status = format!("takes calls at {address}");
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// It takes no new calls, and waits for the running ones.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("waits for running calls")]);
}

/// The configuration is read again, because systemd or somebody else has sent SIGHUP. [`ready`] must follow:
/// a unit with `Type=notify-reload` waits for it.
pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => tracing::warn!(%error, "systemd could not be told of a reload"),
    }
}

/// Tells systemd that the daemon lives, twice in the time after which systemd ends it: unless the root
/// supervisor is stuck, which starts all calls.
pub(super) fn watch(app: &App) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let calls = app.calls().clone();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(pause(limit));
        loop {
            ticks.tick().await;
            if calls.are_supervised().await {
                tell(&[NotifyState::Watchdog]);
            }
        }
    });
}

fn pause(limit: Duration) -> Duration {
    (limit / 2).max(Duration::from_millis(1))
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "systemd could not be told how the daemon is");
    }
}
