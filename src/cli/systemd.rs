//! What systemd is told of a unit with `Type=notify`: that the daemon takes calls, that it stops, and,
//! with `WatchdogSec=`, that it lives. Without systemd this does nothing.

use std::time::Duration;

use sd_notify::NotifyState;

use crate::app::App;

/// The daemon takes calls.
pub(super) fn ready(app: &App) {
    let status = format!("takes calls at {}", app.twilio_address());
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// It takes no new calls, and waits for the running ones.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("waits for running calls")]);
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
