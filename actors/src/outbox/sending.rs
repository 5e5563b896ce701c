//! One try of one event.

use entities::outbox::{self, Claimed, Outcome, Receiver};
use protocol::webhooks::{Target, give_up_at, pause_after};
use serde_json::{Value, json};

use super::failure::Failure;
use super::notices;
use super::services::OutboxServices;

/// Tries to send an event, and writes how it went.
pub(super) async fn send(services: &OutboxServices, event: Claimed) {
    let tried = attempt(services, &event).await;
    let now = services.clock.wall();
    let outcome = match tried {
        Ok(()) => Outcome::Sent,
        Err(Failure::Never(error)) => Outcome::Dead { error },
        Err(Failure::Again(error)) => {
            let end = give_up_at(event.record.first_tried_at.unwrap_or(now));
            let pause = pause_after(event.record.tries, services.chance.jitter());
            match now.checked_add(pause) {
                Ok(at) if now < end => Outcome::Again { at: at.min(end), error },
                Ok(_) | Err(_) => Outcome::Dead { error },
            }
        }
    };
    report(services, &event, &outcome);
    match outbox::settle(&services.database, &event, outcome, now).await {
        Ok(true) => {}
        Ok(false) => tracing::info!(event = %event.record.id, "another node has sent an event too"),
        // The claim ends, and the event is sent again.
        Err(error) => tracing::warn!(%error, "how an event went could not be written"),
    }
}

fn report(services: &OutboxServices, event: &Claimed, outcome: &Outcome) {
    let record = &event.record;
    let (business, kind, target) = (record.business_id, record.kind, record.target.as_str());
    let tries = record.tries;
    match outcome {
        Outcome::Sent => services.metrics.event_sent(record.target),
        Outcome::Again { error, .. } => {
            services.metrics.event_failed(record.target);
            tracing::debug!(%business, %kind, target, tries, error, "an event was not taken");
            // Each further try says the same.
            if tries == 1 {
                tracing::warn!(%business, %kind, target, error, "an event was not taken: it is sent again");
            }
        }
        Outcome::Dead { error } => {
            services.metrics.event_died(record.target);
            tracing::error!(%business, %kind, target, tries, error, "an event is dead: `frontdesk webhooks resend` sends it again");
        }
    }
}

async fn attempt(services: &OutboxServices, event: &Claimed) -> Result<(), Failure> {
    let receiver = outbox::receiver(&services.database, event.record.business_id).await?;
    let Some(data) = outbox::prepare(&services.database, event).await? else {
        return Err(Failure::Again("what it tells of could not be read".to_owned()));
    };
    match event.record.target {
        Target::Webhook => post(services, event, &receiver, data).await,
        Target::Sms | Target::Whatsapp => notices::send(services, event, &receiver, &data).await,
    }
}

async fn post(
    services: &OutboxServices,
    event: &Claimed,
    receiver: &Receiver,
    data: Value,
) -> Result<(), Failure> {
    let Some((url, secret)) = &receiver.webhook else {
        return Err(Failure::Never("the business has no [webhooks] any more".to_owned()));
    };
    let id = format!("evt_{}", event.record.id.simple());
    let body = json!({
        "id": id,
        "type": event.record.kind,
        "timestamp": event.record.created_at,
        "business": receiver.slug(),
        "data": data,
    });
    let (body, seconds) = (body.to_string(), services.clock.wall().as_second());
    let signature = secret.sign(&id, seconds, body.as_bytes());
    let request = services
        .outbox
        .http()
        .post(url)
        .header("content-type", "application/json")
        .header("user-agent", concat!("frontdesk/", env!("CARGO_PKG_VERSION")))
        .header("webhook-id", &id)
        .header("webhook-timestamp", &seconds.to_string())
        .header("webhook-signature", &signature)
        .body(body);
    match request.send().await {
        Ok(answer) if answer.status.is_success() => Ok(()),
        Ok(answer) if answer.status.is_redirection() => {
            let status = answer.status.as_u16();
            Err(Failure::Again(format!(
                "HTTP {status}: redirects are not followed, correct webhooks.url"
            )))
        }
        Ok(answer) => Err(Failure::Again(format!("HTTP {}", answer.status.as_u16()))),
        Err(error) => Err(Failure::Again(error.to_string())),
    }
}
