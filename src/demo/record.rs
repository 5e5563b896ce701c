//! Shows the call's rows in the database.

use std::time::Duration;

use entities::appointments;
use protocol::ids::{CallSid, LeadId};

use super::error::Failed;
use super::screen::Screen;
use crate::world::World;

/// Shows lead, appointment and call once everything is written. The appointment must begin at the time of day
/// `kept`, if one was made.
pub(super) async fn show(
    world: &World,
    call: &CallSid,
    kept: Option<&str>,
    screen: &Screen,
) -> Result<(), Failed> {
    let (db, business) = (&world.app.services().database, world.business_id);
    let written = |call: &entities::calls::CallRecord| call.duration.is_some();
    let row = loop {
        match entities::calls::get(db, business, call).await? {
            Some(row) if written(&row) => break row,
            // Twilio's status callback is on its way.
            Some(_) | None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    let lead = match row.lead_id {
        Some(lead) => entities::leads::get(db, business, lead).await?,
        None => None,
    };
    let Some(lead) = lead else { return Err(Failed::Wrong("the call has no lead".to_owned())) };
    screen.row(
        "lead",
        &[
            ("name", lead.full_name.clone().unwrap_or_default()),
            ("email", lead.email.clone().unwrap_or_default()),
            ("phone", lead.phone.map(|phone| phone.to_string()).unwrap_or_default()),
            ("status", lead_status(lead.status).to_owned()),
        ],
    )?;
    for (field, value) in &lead.fields.0 {
        screen.row("", &[(field, value.clone())])?;
    }
    if let Some(kept) = kept {
        show_appointment(world, lead.id, kept, screen).await?;
    }
    let duration = row.duration.unwrap_or_default();
    screen.row(
        "call",
        &[
            ("reason", row.end_reason.unwrap_or_default()),
            ("ended by", row.ended_by.unwrap_or_default()),
            ("seconds", duration.as_secs().to_string()),
        ],
    )?;
    Ok(())
}

fn lead_status(status: entities::leads::LeadStatus) -> &'static str {
    match status {
        entities::leads::LeadStatus::InProgress => "in progress",
        entities::leads::LeadStatus::Complete => "complete",
        entities::leads::LeadStatus::Declined => "declined",
    }
}

/// Shows the visit that was booked and moved. In a second demo it is the one of the first, moved again.
async fn show_appointment(
    world: &World,
    lead: LeadId,
    kept: &str,
    screen: &Screen,
) -> Result<(), Failed> {
    let services = world.app.services();
    let (db, now) = (&services.database, services.clock.wall());
    let upcoming = appointments::of_lead_upcoming(db, world.business_id, lead, now).await?;
    let zone = world.business.timezone.rules();
    let shown = |moment: jiff::Timestamp| moment.to_zoned(zone.clone());
    let time = |moment| shown(moment).strftime("%H:%M").to_string();
    let booked = upcoming.into_iter().find(|one| time(one.starts_at) == kept);
    let Some(booked) = booked else {
        return Err(Failed::Wrong(format!("no appointment was moved to {kept}")));
    };
    let until = time(booked.ends_at);
    screen.row(
        "booked",
        &[
            ("from", shown(booked.starts_at).strftime("%A %Y-%m-%d %H:%M").to_string()),
            ("until", until),
            ("zone", world.business.timezone.to_string()),
        ],
    )?;
    Ok(())
}
