//! Appointments: they don't overlap, keep to the business's rules, and are booked once (invariants 11,
//! 12 and 13).

use std::time::Duration;

use entities::appointments::{AppointmentRecord, AppointmentStatus};
use entities::call_turns::{TurnRole, TurnRow};
use jiff::Timestamp;
use protocol::calendar::Calendar;

use super::findings::{Findings, ensure};
use super::leads::writes_to;
use crate::chaos::ended::{Ended, EndedBusiness};

pub(super) fn look(findings: &mut Findings, business: &EndedBusiness, ended: &Ended) {
    findings.look(11, never_overlap(&business.appointments));
    for appointment in &business.appointments {
        findings.look(12, keeps_to_the_rules(business, appointment));
        findings.look(13, is_of_its_call(business, appointment, ended));
    }
    findings.look(11, booked_in_writing(business, ended));
    for call in &ended.calls {
        let ours = business.appointments.iter();
        let ours = ours.filter(|it| it.call_sid.as_ref() == Some(&call.sid)).count();
        let asked = call.turns.iter().filter(|turn| is_booking(turn)).count();
        let found =
            ensure(ours <= asked, || format!("{asked} tool calls booked {ours} appointments"));
        findings.look_at(11, Some(call.index), found);
    }
}

fn never_overlap(appointments: &[AppointmentRecord]) -> Result<(), String> {
    let mut booked: Vec<_> = appointments.iter().filter(|it| is_booked(it)).collect();
    booked.sort_by_key(|it| it.starts_at);
    for pair in booked.windows(2) {
        let [first, second] = pair else { continue };
        ensure(second.starts_at >= first.busy_until, || {
            format!("appointments overlap: {first:?} and {second:?}")
        })?;
    }
    Ok(())
}

fn is_booked(appointment: &AppointmentRecord) -> bool {
    match appointment.status {
        AppointmentStatus::Booked => true,
        AppointmentStatus::Cancelled => false,
    }
}

/// How long before it was written an appointment can have been judged: the calendar tries again.
const JUDGED_BEFORE: Duration = Duration::from_secs(45);

fn keeps_to_the_rules(
    business: &EndedBusiness,
    appointment: &AppointmentRecord,
) -> Result<(), String> {
    let AppointmentRecord { starts_at, ends_at, busy_until, created_at, .. } = *appointment;
    let length = Duration::try_from(ends_at.duration_since(starts_at)).unwrap_or_default();
    let at = |now: Timestamp| Calendar::of(&business.settings, now).slot_at(starts_at, length);
    let slot = at(created_at)
        .or_else(|error| {
            at(created_at.checked_sub(JUDGED_BEFORE).unwrap_or(created_at)).or(Err(error))
        })
        .map_err(|error| format!("an appointment at {starts_at} for {length:?}: {error:?}"))?;
    ensure(slot.busy_until == busy_until, || format!("an appointment is busy until {busy_until}"))
}

/// It was booked in a call to this business, for that call's lead, or in writing.
fn is_of_its_call(
    business: &EndedBusiness,
    appointment: &AppointmentRecord,
    ended: &Ended,
) -> Result<(), String> {
    let (lead, id) = (appointment.lead_id, appointment.id.0);
    ensure(appointment.business_id == business.id, || format!("appointment {id} is another's"))?;
    let known = business.leads.iter().find(|(known, _)| known.id == lead);
    let Some((known, _)) = known else {
        return Err(format!("appointment {id} has a lead of another business"));
    };
    let sid = appointment.call_sid.as_ref();
    if sid.is_none() && writes_to(business, ended, known) {
        return Ok(());
    }
    let call = ended.calls.iter().find(|call| Some(&call.sid) == sid);
    let Some(call) = call else { return Err(format!("appointment {id} is of no call")) };
    ensure(known.phone == call.caller.number, || {
        format!("appointment {id} has the lead of {:?}", known.phone)
    })?;
    let row = call.record.as_ref().and_then(|row| row.lead_id);
    ensure(row.is_none_or(|row| row == lead), || {
        format!("appointment {id} has lead {lead}, its call {row:?}")
    })
}

/// The text model has asked for as many appointments at least as are of no call.
fn booked_in_writing(business: &EndedBusiness, ended: &Ended) -> Result<(), String> {
    let of_no_call = business.appointments.iter().filter(|it| it.call_sid.is_none()).count();
    let name = &business.settings.name;
    let asked = ended.written.model.turns.iter().filter(|turn| {
        let is_ours = turn.request["instructions"].as_str().is_some_and(|it| it.contains(name));
        is_ours && turn.calls.iter().any(|call| call == "create_appointment")
    });
    let asked = asked.count();
    ensure(of_no_call <= asked, || format!("{asked} tool calls in writing booked {of_no_call}"))
}

/// The transcript writes a tool call as its name and its arguments.
fn is_booking(turn: &TurnRow) -> bool {
    let text = turn.text.as_deref().unwrap_or_default();
    turn.role == TurnRole::Tool && text.split(' ').next() == Some("create_appointment")
}
