//! Booking and cancelling by an operator, beside callers who book (CAL-3, CAL-4).

use std::sync::Arc;

use actors::calendar::{ToolUse, use_tool};
use entities::appointments::{self, AppointmentFilter, AppointmentStatus};
use entities::leads::{self, LeadFilter, LeadSource};
use frontdesk::world::World;
use http::Method;
use jiff::Timestamp;
use protocol::calendar::{CalendarTool, Writer};
use protocol::call::FunctionCall;
use protocol::ids::{LeadId, ToolCallId};
use serde_json::{Value, json};

use super::operator::{Answered, Operator, Wanted};
use super::rows::{self, slots, written};
use crate::support::{brief, number, virtually, within, world};

fn wanted(world: &World, lead: LeadId, slot: &str) -> Wanted {
    let body = json!({ "business": world.business.slug, "lead_id": lead, "slot_start": slot });
    Wanted::new(Method::POST, "/api/appointments").with(&body)
}

pub(super) fn code(answer: &Answered) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["error"]["code"].as_str().unwrap_or("none"))
}

pub(super) fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

/// The number of booked appointments.
pub(super) async fn standing(world: &World) -> usize {
    let db = &world.app.services().database;
    let listed = AppointmentFilter {
        status: Some(AppointmentStatus::Booked),
        ..AppointmentFilter::default()
    };
    appointments::list(db, world.business_id, listed, None, 100).await.unwrap().items.len()
}

/// The `n`th tool call of a call tries to book a slot. Returns whether it did.
async fn books_in_a_call(world: &World, lead: LeadId, slot: &str, n: usize) -> bool {
    let services = world.app.services();
    let used = ToolUse {
        business: world.business_id,
        settings: Arc::new(world.business.clone()),
        call_sid: None,
        lead: Some(lead),
        newcomer: None,
        tool: CalendarTool::Create,
        writer: Writer::Program,
        call: FunctionCall {
            call: ToolCallId::parse(&format!("call_{n}")).unwrap(),
            name: CalendarTool::Create.name().to_owned(),
            arguments: json!({ "slot_start": slot, "additional": true }).to_string(),
        },
        lease: None,
        test: None,
    };
    within("the answer", use_tool(&services.calendar, used)).await.unwrap().reply.succeeded
}

#[test]
fn ops_4_an_appointment_is_booked_for_a_lead_and_can_be_cancelled_repeatedly() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let start = slots(&world, 3)[0];
        let body = json!({
            "business": world.business.slug, "lead_id": lead, "slot_start": written(&world, start),
            "duration_min": 90, "notes": "קומה שלישית",
        });
        let booked =
            operator.asks(&Wanted::new(Method::POST, "/api/appointments").with(&body)).await;
        assert_eq!(booked.status.as_u16(), 201, "{}", booked.body);
        assert_eq!(booked.body["lead_id"], json!(lead));
        assert_eq!(booked.body["notes"], "קומה שלישית");
        assert_eq!(instant(&booked.body["starts_at"]), start);
        let lasts = instant(&booked.body["ends_at"]).duration_since(start);
        assert_eq!(lasts, jiff::SignedDuration::from_mins(90));
        let id = booked.body["id"].as_str().unwrap();
        let its = format!("/api/appointments/{id}?business={}", world.business.slug);
        assert_eq!(operator.gets(&its).await, booked.body);

        for _ in 0..2 {
            let cancelled = operator.asks(&Wanted::new(Method::DELETE, &its)).await;
            assert_eq!(cancelled.status.as_u16(), 200);
            let mut expected = booked.body.clone();
            expected["status"] = json!("cancelled");
            assert_eq!(cancelled.body, expected);
        }
        assert_eq!(standing(&world).await, 0);
        let none = format!("/api/appointments/{}?business={}", lead, world.business.slug);
        let none = operator.asks(&Wanted::new(Method::DELETE, none)).await;
        assert_eq!(code(&none), (404, "no_such_appointment"));
        world.close().await;
    });
}

#[test]
fn ops_4_the_same_booking_again_is_answered_with_it_and_another_length_or_notes_with_its_id() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let free = slots(&world, 3);
        let body = |start: Timestamp, more: Value| {
            let mut body = json!({
                "business": "tel-aviv-locks", "phone": "050-000-0001",
                "slot_start": written(&world, start),
            });
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            Wanted::new(Method::POST, "/api/appointments").with(&body)
        };
        for (start, first, same, others) in [
            (
                free[0],
                json!({}),
                vec![json!({}), json!({ "duration_min": null }), json!({ "notes": " " })],
                vec![
                    (json!({ "duration_min": 90 }), "duration_min"),
                    (json!({ "notes": "קומה 3" }), "notes"),
                ],
            ),
            (
                free[4],
                json!({ "duration_min": 60, "notes": "a\nb" }),
                vec![
                    json!({ "duration_min": 60, "notes": "a\nb" }),
                    json!({ "duration_min": 60, "notes": " a\r\nb " }),
                ],
                vec![
                    (json!({ "notes": "a\nb" }), "duration_min"),
                    (json!({ "duration_min": 60 }), "notes"),
                    (json!({ "duration_min": 60, "notes": "b" }), "notes"),
                ],
            ),
        ] {
            let booked = operator.asks(&body(start, first)).await;
            assert_eq!(booked.status.as_u16(), 201, "{}", booked.body);
            for more in same {
                let again = operator.asks(&body(start, more.clone())).await;
                assert_eq!((again.status.as_u16(), &again.body), (200, &booked.body), "{more}");
            }
            for (more, field) in others {
                let other = operator.asks(&body(start, more.clone())).await;
                assert_eq!(code(&other), (409, "booked_otherwise"), "{more}");
                let error = &other.body["error"];
                assert_eq!(
                    (&error["appointment_id"], &error["field"]),
                    (&booked.body["id"], &json!(field))
                );
            }
        }
        // The same with a key: the request is what counts.
        let keyed = |more: Value| body(free[8], more).keyed("order-18");
        let booked = operator.asks(&keyed(json!({}))).await;
        assert_eq!(booked.status.as_u16(), 201, "{}", booked.body);
        let again = operator.asks(&keyed(json!({}))).await;
        assert_eq!((again.status.as_u16(), &again.body), (200, &booked.body));
        let other = operator.asks(&keyed(json!({ "notes": "x" }))).await;
        assert_eq!(code(&other), (409, "booked_otherwise"));
        let moved = operator.asks(&body(free[12], json!({})).keyed("order-18")).await;
        assert_eq!(code(&moved), (409, "idempotency_key_reused"));
        assert_eq!(moved.body["error"]["appointment_id"], booked.body["id"]);
        assert_eq!(standing(&world).await, 3);
        world.close().await;
    });
}

#[test]
fn cal_2_a_start_at_the_end_of_the_calendar_is_told_as_too_far_or_past() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let lead = rows::lead(&world, world.business_id, 1).await;
        for (start, expected) in [
            ("9999-12-31T10:00", "too_far"),
            ("9999-12-31T23:00:00-05:00", "too_far"),
            ("9999-12-31T23:00:00Z", "too_far"),
            ("2999-01-01T10:00", "too_far"),
            ("0001-01-01T10:00", "in_the_past"),
            ("-000044-03-15T10:00", "in_the_past"),
            ("-009999-01-01T00:00", "in_the_past"),
        ] {
            let answer = operator.asks(&wanted(&world, lead, start)).await;
            assert_eq!(code(&answer), (409, expected), "{start}: {}", answer.body);
        }
        let its = rows::appointment(&world, world.business_id, lead, slots(&world, 3)[0]).await;
        for (query, found) in [
            ("from=9999-12-31T23:00:00Z", 0),
            ("from=9999-12-31T23:00:00-05:00", 0),
            ("to=9999-12-31T23:00:00Z", 1),
            ("from=0001-01-01T00:00:00Z", 1),
            ("from=-000044-03-15T10:00:00Z", 1),
            ("from=-009999-01-01T00:00:00%2B23:00", 1),
            ("to=-000044-03-15T10:00:00Z", 0),
        ] {
            let list = format!("/api/appointments?business=tel-aviv-locks&{query}");
            let list = operator.gets(&list).await;
            assert_eq!(list["items"].as_array().unwrap().len(), found, "{query} {its:?}");
        }
        world.close().await;
    });
}

#[test]
fn ops_4_a_booking_that_is_refused_leaves_no_lead() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let asks = async |phone: &str, start: &str| {
            let body = json!({ "business": "tel-aviv-locks", "phone": phone, "slot_start": start });
            operator.asks(&Wanted::new(Method::POST, "/api/appointments").with(&body)).await
        };
        let kept = async || {
            let db = &world.app.services().database;
            leads::list(db, world.business_id, LeadFilter::default(), None, 10)
                .await
                .unwrap()
                .items
                .len()
        };
        for start in ["2020-01-06T10:00:00Z", "2036-01-06T10:00:00Z"] {
            let refused = asks("0500000001", start).await;
            assert_eq!(refused.status.as_u16(), 409, "{}", refused.body);
            assert_eq!(kept().await, 0, "{start}");
        }
        // Of rivals one wins, and the others leave nothing.
        let start = written(&world, slots(&world, 1)[0]);
        let (a, b, c) = tokio::join!(
            asks("0500000001", &start),
            asks("0500000002", &start),
            asks("0500000003", &start)
        );
        let mut answers = [a, b, c].map(|answer| answer.status.as_u16());
        answers.sort_unstable();
        assert_eq!(answers, [201, 409, 409]);
        assert_eq!(kept().await, 1);
        // One person who asks twice at once has one lead and one appointment.
        let start = written(&world, slots(&world, 9)[8]);
        let (first, second) = tokio::join!(asks("0500000004", &start), asks("0500000004", &start));
        assert_eq!(first.body["lead_id"], second.body["lead_id"], "{}", second.body);
        assert_eq!(first.body["id"], second.body["id"]);
        assert_eq!(kept().await, 2);
    });
}

#[test]
fn ops_4_booking_by_phone_number_creates_the_lead_once() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let free = slots(&world, 3);
        let mut leads_of = Vec::new();
        // The number as people write it, and in E.164.
        for (phone, start) in [("050-000-0001", free[0]), (number(1).as_str(), free[4])] {
            let start = written(&world, start);
            let body = json!({ "business": "tel-aviv-locks", "phone": phone, "slot_start": start });
            let wanted = Wanted::new(Method::POST, "/api/appointments").with(&body);
            let booked = operator.asks(&wanted).await;
            assert_eq!(booked.status.as_u16(), 201, "{}", booked.body);
            leads_of.push(booked.body["lead_id"].clone());
        }
        assert_eq!(leads_of[0], leads_of[1]);
        let db = &world.app.services().database;
        let kept = leads::list(db, world.business_id, LeadFilter::default(), None, 10)
            .await
            .unwrap()
            .items;
        assert_eq!((kept.len(), kept[0].source), (1, LeadSource::Operator));
        assert_eq!(kept[0].phone.as_ref(), Some(&number(1)));

        let start = written(&world, free[8]);
        for (body, code, field) in [
            (json!({ "phone": "100", "slot_start": start }), "bad_number", "phone"),
            (json!({ "slot_start": start }), "bad_body", "lead_id"),
            (
                json!({ "phone": "x", "lead_id": leads_of[0], "slot_start": start }),
                "bad_body",
                "lead_id",
            ),
            (
                json!({ "phone": "0500000002", "slot_start": "25-12" }),
                "unreadable_date",
                "slot_start",
            ),
            (json!({ "phone": "0500000002", "slot_start": "" }), "missing_argument", "slot_start"),
            (
                json!({ "phone": "0500000002", "slot_start": start, "duration_min": 0 }),
                "wrong_length",
                "duration_min",
            ),
            (
                json!({ "phone": "0500000002", "slot_start": start, "notes": "x".repeat(2001) }),
                "wrong_argument",
                "notes",
            ),
            (
                json!({ "phone": "0500000002", "slot_start": start, "notes": "a\u{0}b" }),
                "wrong_argument",
                "notes",
            ),
            (
                json!({ "phone": "0500000002", "slot_start": start, "notes": "a\u{1b}[2Jb" }),
                "wrong_argument",
                "notes",
            ),
        ] {
            let mut body = body;
            body["business"] = json!("tel-aviv-locks");
            let wanted = Wanted::new(Method::POST, "/api/appointments").with(&body);
            let answer = operator.asks(&wanted).await.body;
            assert_eq!(
                (&answer["error"]["code"], &answer["error"]["field"]),
                (&json!(code), &json!(field))
            );
        }
        let kept = leads::list(db, world.business_id, LeadFilter::default(), None, 10)
            .await
            .unwrap()
            .items;
        assert_eq!(kept.len(), 1, "what can't be read makes no lead");
        world.close().await;
    });
}

#[test]
fn lead_4_a_person_who_has_called_is_one_lead_however_the_operator_writes_their_number() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let free = slots(&world, 3);
        let spellings = [
            "+9720500000001",
            "\u{202A}+972 50-000-0001\u{202C}",
            "+972 (0)50-000-0001",
            "050\u{05BE}000\u{2011}0001",
            "٠٥٠٠٠٠٠٠٠١",
        ];
        assert!(free.len() >= 3 * spellings.len(), "{}", free.len());
        for (phone, start) in spellings.iter().zip(free.iter().step_by(3)) {
            let start = written(&world, *start);
            let body = json!({ "business": "tel-aviv-locks", "phone": phone, "slot_start": start });
            let wanted = Wanted::new(Method::POST, "/api/appointments").with(&body);
            let booked = operator.asks(&wanted).await;
            assert_eq!(booked.status.as_u16(), 201, "{phone:?}: {}", booked.body);
            assert_eq!(booked.body["lead_id"], json!(lead), "{phone:?}");
        }
        world.close().await;
    });
}

#[test]
fn cal_7_an_operators_local_time_that_the_clocks_skip_is_refused() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let now = world.app.services().clock.wall();
        let change = (world.business.timezone.rules().following(now))
            .find(|change| change.offset().seconds() == 3 * 3600)
            .unwrap();
        let skipped = change.timestamp().to_zoned(world.business.timezone.rules().clone());
        let skipped = skipped.datetime() - jiff::SignedDuration::from_mins(30);
        let answer = operator.asks(&wanted(&world, lead, &skipped.to_string())).await;
        assert_eq!(code(&answer), (409, "skipped_by_the_clocks"), "{}", answer.body);
        assert_eq!(answer.body["error"]["field"], "slot_start");
        world.close().await;
    });
}

#[test]
fn cal_4_an_idempotency_key_books_once_and_cannot_be_reused() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let free = slots(&world, 3);
        let (slot, other) = (written(&world, free[0]), written(&world, free[4]));
        let first = operator.asks(&wanted(&world, lead, &slot).keyed("order-17")).await;
        let again = operator.asks(&wanted(&world, lead, &slot).keyed("order-17")).await;
        assert_eq!((first.status.as_u16(), &first.body), (201, &again.body));
        let moved = operator.asks(&wanted(&world, lead, &other).keyed("order-17")).await;
        assert_eq!(code(&moved), (409, "idempotency_key_reused"));
        assert_eq!(standing(&world).await, 1);
        let id = first.body["id"].as_str().unwrap();
        let its = format!("/api/appointments/{id}?business={}", world.business.slug);
        operator.asks(&Wanted::new(Method::DELETE, its)).await;
        let late = operator.asks(&wanted(&world, lead, &slot).keyed("order-17")).await;
        assert_eq!(code(&late), (409, "cancelled_since"));
        for bad in ["", "two words", &"x".repeat(125)] {
            let answer = operator.asks(&wanted(&world, lead, &other).keyed(bad)).await;
            assert_eq!(code(&answer), (400, "bad_idempotency_key"), "{bad:?}");
        }
        assert_eq!(standing(&world).await, 0);
        world.close().await;
    });
}

#[test]
fn cal_3_an_unavailable_slot_is_answered_with_available_ones() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let one = rows::lead(&world, world.business_id, 1).await;
        let other = rows::lead(&world, world.business_id, 2).await;
        let slot = written(&world, slots(&world, 3)[0]);
        assert!(books_in_a_call(&world, one, &slot, 1).await);
        let night = format!("{}T03:00:00{}", &slot[..10], &slot[19..]);
        for (start, expected) in [
            (slot.as_str(), "taken"),
            (night.as_str(), "outside_hours"),
            ("2020-01-01T10:00:00+02:00", "in_the_past"),
        ] {
            let answer = operator.asks(&wanted(&world, other, start)).await;
            assert_eq!(code(&answer), (409, expected), "{}", answer.body);
            assert_eq!(answer.body["error"]["field"], "slot_start");
            let slots = answer.body["slots"].as_array().unwrap();
            assert!(!slots.is_empty() && slots.iter().all(|free| free["start"] != slot.as_str()));
        }
        let answer = operator.asks(&wanted(&world, other, &slot)).await;
        let free = answer.body["slots"][0]["start"].as_str().unwrap().to_owned();
        let booked = operator.asks(&wanted(&world, other, &free)).await;
        assert_eq!(booked.status.as_u16(), 201, "what is offered can be had");
        world.close().await;
    });
}

#[test]
fn cal_3_of_an_operator_and_a_call_that_want_one_slot_one_gets_it() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let one = rows::lead(&world, world.business_id, 1).await;
        let other = rows::lead(&world, world.business_id, 2).await;
        for (n, start) in slots(&world, 3).into_iter().step_by(2).enumerate() {
            let slot = written(&world, start);
            let wanted = wanted(&world, one, &slot);
            let (answer, in_call) =
                tokio::join!(operator.asks(&wanted), books_in_a_call(&world, other, &slot, n));
            let by_operator = answer.status.as_u16() == 201;
            assert!(by_operator != in_call, "{slot}: {answer:?}");
            if !by_operator {
                assert_eq!(code(&answer), (409, "taken"));
            }
            assert_eq!(standing(&world).await, n + 1);
        }
        world.close().await;
    });
}

#[test]
fn ops_4_an_appointment_that_has_ended_cannot_be_cancelled() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let lead = rows::lead(&world, world.business_id, 1).await;
        let start = "2020-01-06T10:00:00Z".parse().unwrap();
        let id = rows::appointment(&world, world.business_id, lead, start).await.0;
        let its = format!("/api/appointments/{id}?business={}", world.business.slug);
        let answer = operator.asks(&Wanted::new(Method::DELETE, its)).await;
        assert_eq!(code(&answer), (409, "appointment_is_over"));
        assert_eq!(standing(&world).await, 1);
        world.close().await;
    });
}
