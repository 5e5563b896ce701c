//! Finds whom a hash means: every number that a business has is hashed and compared.

use std::collections::BTreeSet;

use protocol::ids::{BusinessId, LeadId, PhoneNumber};
use protocol::person_key::{PersonHash, PersonKey};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::error::RecordsError;
use crate::tables::{audit_log, calls, conversations, leads, messages, outbox};

/// Whose rows are erased.
#[derive(Debug, Default)]
pub(super) struct People {
    pub(super) numbers: Vec<PhoneNumber>,
    pub(super) leads: Vec<LeadId>,
}

/// A query of one column of a table, each value once.
macro_rules! each_once {
    ($db:expr, $table:ident, $column:ident, $business:expr) => {
        $table::Entity::find()
            .select_only()
            .column($table::Column::$column)
            .distinct()
            .filter($table::Column::BusinessId.eq($business.0))
            .filter($table::Column::$column.is_not_null())
            .into_tuple::<String>()
            .all($db)
            .await?
    };
}

/// The people of a business that one of the hashes means.
pub(super) async fn find(
    db: &impl ConnectionTrait,
    key: &PersonKey,
    business: BusinessId,
    wanted: &PersonHash,
) -> Result<People, RecordsError> {
    let mut numbers = BTreeSet::new();
    for known in [
        each_once!(db, leads, Phone, business),
        each_once!(db, calls, FromNumber, business),
        each_once!(db, calls, ToNumber, business),
        each_once!(db, messages, Person, business),
        each_once!(db, conversations, Person, business),
        each_once!(db, outbox, Person, business),
        each_once!(db, audit_log, Person, business),
    ] {
        let known = known.iter().filter_map(|number| PhoneNumber::parse(number).ok());
        numbers.extend(known.filter(|number| key.of_number(business, number) == *wanted));
    }
    let withheld: Vec<Uuid> = leads::Entity::find()
        .select_only()
        .column(leads::Column::Id)
        .filter(leads::Column::BusinessId.eq(business.0))
        .filter(leads::Column::Phone.is_null())
        .into_tuple()
        .all(db)
        .await?;
    let leads = withheld.into_iter().map(LeadId);
    let leads = leads.filter(|lead| key.of_lead(business, *lead) == *wanted).collect();
    Ok(People { numbers: numbers.into_iter().collect(), leads })
}
