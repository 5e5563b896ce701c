//! `frontdesk webhooks listen`: a receiver to try it.

use std::io::Write;
use std::net::SocketAddr;

use http::StatusCode;
use protocol::webhooks::WebhookSecret;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::refused::WebhooksError;
use crate::cli::error::CliError;
use crate::cli::exit::Exit;
use crate::cli::signals;
use crate::network::Network;
use crate::platform::Platform;
use crate::receiver::{Received, Receiver, Reply};

/// Events that wait to be printed.
const MOST_UNPRINTED: usize = 64;

pub(super) struct Options {
    pub(super) secret: WebhookSecret,
    pub(super) on: SocketAddr,
    pub(super) fail: u32,
    pub(super) json: bool,
}

/// What was done with a request.
struct Seen {
    received: Received,
    status: StatusCode,
}

pub(super) async fn run(
    options: Options,
    platform: &Platform,
    out: &mut (impl Write + Send),
) -> Result<Exit, CliError> {
    let Options { secret, on, fail, json } = options;
    let acceptor = Network::Tcp.bind(on).await.map_err(|error| WebhooksError::Listen(on, error))?;
    let (stopped, _) = signals::listen().map_err(CliError::Signals)?;
    let mut stopped = std::pin::pin!(stopped);
    if !json {
        writeln!(out, "webhooks.url = \"http://{}/\"", acceptor.address())?;
    }
    let (seen, mut news) = mpsc::channel(MOST_UNPRINTED);
    let left = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(fail));
    let receiver = Receiver::new(secret, platform.clock, move |received: Received| {
        let (seen, status) = (seen.clone(), status_of(&received, &left));
        async move {
            let _ = seen.send(Seen { received, status }).await;
            Reply::Status(status)
        }
    });
    let stop = CancellationToken::new();
    let serving = tokio::spawn(receiver.serve(acceptor, stop.clone()));
    loop {
        tokio::select! {
            biased;
            () = &mut stopped => break,
            Some(seen) = news.recv() => print(out, &seen, json)?,
        }
    }
    stop.cancel();
    let _ = serving.await;
    Ok(Exit::Clean)
}

/// An event is taken if its signature is right and it is not to be failed.
fn status_of(received: &Received, left: &std::sync::atomic::AtomicU32) -> StatusCode {
    use std::sync::atomic::Ordering::Relaxed;
    if received.verified.is_err() {
        return StatusCode::UNAUTHORIZED;
    }
    match left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)) {
        Ok(_) => StatusCode::INTERNAL_SERVER_ERROR,
        Err(_) => StatusCode::NO_CONTENT,
    }
}

fn print(out: &mut impl Write, seen: &Seen, json: bool) -> Result<(), CliError> {
    let Seen { received, status } = seen;
    if json {
        let verified = received.verified.is_ok();
        let line = serde_json::json!({
            "verified": verified, "status": status.as_u16(), "event": received.event,
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let signature = match received.verified {
        Ok(()) => "the signature is right".to_owned(),
        Err(why) => format!("not believed: {why}"),
    };
    writeln!(
        out,
        "{} {}: {signature}, answered {}",
        received.kind(),
        received.id,
        status.as_u16()
    )?;
    writeln!(out, "{:#}", received.event)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use protocol::webhooks::Unverified;

    use super::*;

    fn received(verified: Result<(), Unverified>) -> Received {
        let event = serde_json::json!({ "type": "lead.created", "data": { "full_name": "דנה" } });
        Received { id: "evt_1".to_owned(), verified, event }
    }

    #[test]
    fn ops_13_a_receiver_to_try_takes_what_is_signed_and_fails_as_often_as_it_is_told() {
        let left = AtomicU32::new(2);
        let forged = received(Err(Unverified::Signature));
        assert_eq!(status_of(&forged, &left), StatusCode::UNAUTHORIZED);
        let answers = [(); 4].map(|()| status_of(&received(Ok(())), &left).as_u16());
        assert_eq!(answers, [500, 500, 204, 204]);
    }

    #[test]
    fn ops_13_a_receiver_to_try_prints_each_event_for_people_or_for_programs() {
        let printed = |verified, json| {
            let seen = Seen { received: received(verified), status: StatusCode::NO_CONTENT };
            let mut out = Vec::new();
            print(&mut out, &seen, json).unwrap();
            String::from_utf8(out).unwrap()
        };
        let good = printed(Ok(()), false);
        assert!(
            good.starts_with("lead.created evt_1: the signature is right, answered 204\n"),
            "{good}"
        );
        assert!(good.contains("\"full_name\": \"דנה\""), "{good}");
        let old = printed(Err(Unverified::Time), false);
        assert!(old.contains("not believed: it was signed more than 5 minutes ago"), "{old}");
        let line = printed(Ok(()), true);
        assert_eq!(line.lines().count(), 1);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&line["verified"], &line["event"]["type"]),
            (&true.into(), &"lead.created".into())
        );
    }
}
