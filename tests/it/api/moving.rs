//! Appointments that an operator moves (OPS-4).

use http::Method;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::booking::{code, instant, standing};
use super::operator::{Operator, Wanted};
use super::rows::{self, slots, written};
use crate::support::{brief, virtually, world};

#[test]
fn ops_4_an_appointment_is_moved_by_the_rules_of_a_call_and_keeps_its_length() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let free = slots(&world, 3);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let held = rows::appointment(&world, world.business_id, lead, free[0]).await;
        let other = rows::lead(&world, world.business_id, 2).await;
        rows::appointment(&world, world.business_id, other, free[4]).await;
        let its = format!("/api/appointments/{}?business={}", held.0, world.business.slug);
        let to = |start: Timestamp| {
            let body = json!({ "slot_start": written(&world, start) });
            Wanted::new(Method::PATCH, &its).with(&body)
        };
        // The second time it is there already.
        for _ in 0..2 {
            let moved = operator.asks(&to(free[2])).await;
            assert_eq!(moved.status.as_u16(), 200, "{}", moved.body);
            assert_eq!(instant(&moved.body["starts_at"]), free[2]);
            let lasts = instant(&moved.body["ends_at"]).duration_since(free[2]);
            assert_eq!(lasts.unsigned_abs(), world.business.appointments.length);
        }
        let taken = operator.asks(&to(free[4])).await;
        assert_eq!(code(&taken), (409, "taken"));
        assert!(!taken.body["slots"].as_array().unwrap().is_empty(), "{}", taken.body);
        let past = operator.asks(&to(free[0] - SignedDuration::from_hours(240))).await;
        assert_eq!(code(&past), (409, "in_the_past"));
        let body = json!({ "slot_start": "soon" });
        let unread = operator.asks(&Wanted::new(Method::PATCH, &its).with(&body)).await;
        assert_eq!(code(&unread), (400, "unreadable_date"));
        assert_eq!(operator.asks(&Wanted::new(Method::DELETE, &its)).await.status.as_u16(), 200);
        assert_eq!(code(&operator.asks(&to(free[0])).await), (409, "cancelled_since"));
        assert_eq!(standing(&world).await, 1);
        world.close().await;
    });
}
