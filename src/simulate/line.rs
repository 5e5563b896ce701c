//! How a simulated call begins.

use practice::twilio::{Callee, CallerHandle, Dial, LineQuality};
use protocol::ids::PhoneNumber;
use serde_json::json;

use super::error::SimulateError;
use super::scenario::{Answers, Scenario};
use crate::world::World;

/// Calls the business.
pub(super) fn dial(world: &World, scenario: &Scenario, number: &PhoneNumber) -> CallerHandle {
    let caller = &scenario.script.caller;
    let mut dial = Dial::new(number.as_str(), world.business.phone_numbers[0].as_str());
    dial.language = world.business.language.as_str().to_owned();
    dial.line = LineQuality {
        silence: caller.silence.into(),
        burst: u32::from(caller.burst.get()),
        loses_marks: scenario.script.twilio.loses_marks,
        stream_fails: scenario.script.twilio.stream.map(|it| (it.after, it.by.into())),
        ..LineQuality::default()
    };
    world.carrier.dial(&dial)
}

/// Lets the business call a number that answers like this.
pub(super) async fn be_called(
    world: &World,
    answers: Answers,
    number: &PhoneNumber,
) -> Result<CallerHandle, SimulateError> {
    let callee = Callee { then: answers.into(), ..Callee::default() };
    world.carrier.set_callee(number.as_str(), callee);
    let body = json!({ "business": world.business.slug.as_str(), "to": number });
    let (status, answer) = world.post_json("api/calls", &body).await?;
    if status != 201 {
        return Err(SimulateError::NotPlaced(format!("HTTP {status}: {answer}")));
    }
    Ok(world.carrier.callee(number.as_str(), world.business.language.as_str()).await)
}
