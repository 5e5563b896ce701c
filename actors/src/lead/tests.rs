use mistakes::{Mistake, plant};
use protocol::ids::{BusinessId, PhoneNumber};

use super::*;
use crate::testing::{self, Unreachable};

#[tokio::test]
async fn invariant_15_an_order_at_its_last_attempt_goes_to_the_journal_when_the_call_ends() {
    let (database, businesses) = testing::database(["clinic", "locks"]).await;
    let nobody = (Arc::new(Unreachable), Arc::new(Unreachable));
    let services = testing::services(database, nobody.0, nobody.1);
    let parts = CallParts::new(
        testing::setup(businesses[1], Party::Withheld),
        services.node.first_lease(),
        services,
    );
    parts.lead.try_send(LeadOrder::Ensure).unwrap();
    for _ in 0..2 {
        let crashed = parts.lead.attach_with(|| {});
        assert!(crashed.receive().is_some());
    }
    finish_orders(&parts, Vec::new());
    assert_eq!((parts.lead.depth(), parts.services.journal.depth()), (0, 1));
}

/// The business of a caller's lead, by its place: the caller calls the second one.
async fn business_of_the_lead(person: Party) -> Option<usize> {
    let (database, businesses) = testing::database(["clinic", "locks"]).await;
    let nobody = (Arc::new(Unreachable), Arc::new(Unreachable));
    let services = testing::services(database.clone(), nobody.0, nobody.1);
    let parts = CallParts::new(
        testing::setup(businesses[1], person),
        services.node.first_lease(),
        services,
    );
    let lead = ensure(&parts).await.unwrap().id;
    for (place, business) in businesses.into_iter().enumerate() {
        if has(&database, business, lead).await {
            return Some(place);
        }
    }
    None
}

async fn has(database: &entities::Database, business: BusinessId, lead: LeadId) -> bool {
    leads::get(database, business, lead).await.is_ok_and(|found| found.is_some())
}

#[tokio::test]
async fn foreign_lead_is_one_of_a_withheld_number_in_the_first_business_of_the_list() {
    let known = Party::Known(PhoneNumber::parse("+972501234567").unwrap());
    assert_eq!(business_of_the_lead(Party::Withheld).await, Some(1));
    let _planted = plant(Mistake::ForeignLead);
    assert_eq!(business_of_the_lead(Party::Withheld).await, Some(0));
    assert_eq!(business_of_the_lead(known).await, Some(1));
}
