//! Makes the troubles of a run with real processes happen. Each ends by itself.

use std::sync::Arc;

use practice::twilio::CallerHandle;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::sleep;

use super::hall::Hall;
use crate::chaos::error::ChaosError;
use crate::chaos::operator;
use crate::chaos::story::{Fault, Moment, Trouble};

type Calls = watch::Receiver<Vec<Option<CallerHandle>>>;

/// What such a run does not draw does not happen.
pub(super) async fn happen(
    hall: Arc<Hall>,
    trouble: Trouble,
    dialled: Calls,
) -> Result<(), ChaosError> {
    let Moment::At(at) = trouble.at else { return Ok(()) };
    sleep(at).await;
    let of = |call: usize| dialled.borrow().get(call).cloned().flatten();
    let sid = |call: usize| of(call).map(|call| call.call_sid().clone());
    match trouble.what {
        Fault::NodeDies { node, back_after } => {
            if let Some(node) = hall.find(node, sid).await {
                hall.kill(node, back_after).await?;
            }
        }
        Fault::NodeCutOff { node, lasts } => {
            if let Some(node) = hall.find(node, sid).await {
                hall.cut_off(node, lasts).await;
            }
        }
        Fault::NodeDrains { node, back_after } => {
            if let Some(node) = hall.find(node, sid).await {
                hall.drain(node, back_after).await?;
            }
        }
        Fault::MediaSocketCut { call } => {
            // Without an open socket there is nothing to cut.
            let _ = of(call).map(|call| call.cut_socket());
        }
        Fault::OperatorHangsUp { call, daemon } => {
            let Some(call) = sid(call) else { return Ok(()) };
            hall.operator_asks(daemon, &operator::hang_up_of(&call), &Value::Null).await;
        }
        Fault::Crash
        | Fault::Network { .. }
        | Fault::Sessions(_)
        | Fault::Refused { .. }
        | Fault::NextResponse(_)
        | Fault::SessionsExpire
        | Fault::Rest { .. }
        | Fault::Text(_)
        | Fault::Undelivered(_)
        | Fault::Callbacks(_)
        | Fault::CutOff { .. }
        | Fault::MediaSocketStalls { .. }
        | Fault::Database { .. }
        | Fault::WebhookAgain { .. } => {}
    }
    Ok(())
}
