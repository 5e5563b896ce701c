//! Who sees to a call that does not run here, and how an order reaches them (RES-9).
//!
//! A call whose node is dead may be finished by any other. One whose node is silent may not: that node may only be
//! cut off from the database, and then writes the rest itself.

use entities::RecordsError;
use entities::calls::{self, LeasedCall};
use protocol::ids::{BusinessId, CallSid, NodeId};

use super::node::Node;
use super::order::Order;
use super::others::Life;

/// Who sees to a call that does not run here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeper {
    /// It is unknown, or over.
    Nobody,
    /// This node: it has the call, or the node that had it is dead, or none has answered it.
    Here(LeasedCall),
    Another {
        node: NodeId,
        /// It is dead, or only cut off from the database: nobody knows yet.
        is_silent: bool,
    },
}

/// Where an order about a call has gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handed {
    /// To the node that has the call.
    On,
    /// The node that has the call is silent. It has the order as soon as it reaches the database again.
    Left,
    /// Nowhere: it is for this node to carry it out. `None`: the call is unknown, or over.
    Back(Option<LeasedCall>),
}

impl Node {
    /// Who sees to a call that does not run here. With `business`, nobody if another business has it.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn keeper_of(
        &self,
        call: &CallSid,
        business: Option<BusinessId>,
    ) -> Result<Keeper, RecordsError> {
        let found = calls::lease_of_live(self.cluster().database(), call).await?;
        let found = found.filter(|found| business.is_none_or(|wanted| wanted == found.business));
        let Some(found) = found else { return Ok(Keeper::Nobody) };
        let Some(lease) = found.lease else { return Ok(Keeper::Here(found)) };
        if self.is_shared() && self.life_of(lease.node) == Life::Dead {
            // It may have come into the registry since the last look.
            self.look_around().await?;
        }
        Ok(match self.life_of(lease.node) {
            Life::Alive if lease.node == self.id() => Keeper::Here(found),
            Life::Alive => Keeper::Another { node: lease.node, is_silent: false },
            Life::Silent => Keeper::Another { node: lease.node, is_silent: true },
            Life::Dead => Keeper::Here(found),
        })
    }

    /// Hands an order on to the node that has the call. With `business`, only if that has the call.
    ///
    /// # Errors
    /// [`RecordsError`] if the database can't be reached.
    pub async fn hand_on(
        &self,
        call: &CallSid,
        business: Option<BusinessId>,
        order: &Order,
    ) -> Result<Handed, RecordsError> {
        let (node, is_silent) = match self.keeper_of(call, business).await? {
            Keeper::Nobody => return Ok(Handed::Back(None)),
            Keeper::Here(found) => return Ok(Handed::Back(Some(found))),
            Keeper::Another { node, is_silent } => (node, is_silent),
        };
        self.give(node, Some(call.clone()), order).await?;
        Ok(if is_silent { Handed::Left } else { Handed::On })
    }
}
