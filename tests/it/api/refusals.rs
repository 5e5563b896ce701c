//! Requests that the API refuses, and its error responses.

use entities::calls::{self, CallDirection, CallStatus, NewCall};
use http::{Method, StatusCode};
use protocol::ids::CallSid;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::operator::{Answered, Operator, TOKEN, Wanted, operations};
use super::rows::Rows;
use crate::support::{brief, ended_record, http_client, number, virtually, within, world};

/// The code and field of an error; every error has the same form.
fn error(answer: &Answered) -> (u16, String, String) {
    let error = answer.body["error"].as_object().unwrap_or_else(|| panic!("{answer:?}"));
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{error:?}");
    assert!(error.keys().all(|key| ["code", "message", "field"].contains(&key.as_str())));
    let field = error.get("field").map(|field| field.as_str().unwrap().to_owned());
    (answer.status.as_u16(), error["code"].as_str().unwrap().to_owned(), field.unwrap_or_default())
}

#[test]
fn ops_4_an_invalid_request_is_refused_with_the_name_of_the_field() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let rows = Rows::make(&world, world.business_id, 1).await;
        for (target, status, code, field) in [
            ("leads", 400, "bad_parameter", "business"),
            ("leads?business=", 404, "no_such_business", "business"),
            ("leads?business=nobody", 404, "no_such_business", "business"),
            ("leads?business=No_Slug", 404, "no_such_business", "business"),
            ("businesses/nobody", 404, "no_such_business", "business"),
            ("leads?business=tel-aviv-locks&colour=red", 400, "bad_parameter", "colour"),
            ("leads?business=tel-aviv-locks&business=x", 400, "bad_parameter", "business"),
            ("leads?business=tel-aviv-locks&limit=0", 400, "bad_parameter", "limit"),
            ("leads?business=tel-aviv-locks&limit=201", 400, "bad_parameter", "limit"),
            ("leads?business=tel-aviv-locks&limit=many", 400, "bad_parameter", "limit"),
            ("leads?business=tel-aviv-locks&cursor=%21", 400, "bad_parameter", "cursor"),
            ("leads?business=tel-aviv-locks&cursor=bnVsbA", 400, "bad_parameter", "cursor"),
            ("leads?business=tel-aviv-locks&status=lost", 400, "bad_parameter", "status"),
            ("appointments?business=tel-aviv-locks&from=today", 400, "bad_parameter", "from"),
            ("appointments?business=tel-aviv-locks&lead_id=7", 400, "bad_parameter", "lead_id"),
            ("slots?business=tel-aviv-locks&date=25-12", 400, "bad_parameter", "date"),
            ("slots?business=tel-aviv-locks&duration_min=0", 400, "bad_parameter", "duration_min"),
            ("slots?business=tel-aviv-locks&duration_min=x", 400, "bad_parameter", "duration_min"),
            ("leads/7?business=tel-aviv-locks", 400, "bad_id", "id"),
            ("appointments/7?business=tel-aviv-locks", 400, "bad_id", "id"),
            ("calls/7?business=tel-aviv-locks", 400, "bad_call_sid", "call_sid"),
            ("nothing", 404, "not_found", ""),
            ("leads/a/b?business=tel-aviv-locks", 404, "not_found", ""),
        ] {
            let answer = operator.asks(&Wanted::get(format!("/api/{target}"))).await;
            let expected = (status, code.to_owned(), field.to_owned());
            assert_eq!(error(&answer), expected, "{target}: {}", answer.body);
        }
        // curl sends it so: the plus is not escaped.
        let from = "/api/appointments?business=tel-aviv-locks&from=2026-11-22T08:30:00+02:00";
        operator.gets(from).await;
        for (target, body, field) in [
            ("appointments", json!({ "slot_start": "2026-11-22T08:30" }), "business"),
            ("appointments", json!({ "business": "tel-aviv-locks" }), "slot_start"),
            ("calls", json!({ "business": "tel-aviv-locks" }), "to"),
        ] {
            let wanted = Wanted::new(Method::POST, format!("/api/{target}")).with(&body);
            let expected = (400, "bad_body".to_owned(), field.to_owned());
            assert_eq!(error(&operator.asks(&wanted).await), expected, "{body}");
        }
        let lead = format!("/api/leads/{}?business=tel-aviv-locks", rows.lead);
        for (body, code, field) in [
            ("{\"full_name\":", "bad_body", ""),
            ("[]", "bad_body", ""),
            ("", "bad_body", ""),
            ("[\"Dana\", \"dana@example.com\", {}, \"complete\"]", "bad_body", ""),
            ("{} {}", "bad_body", ""),
            ("{\"age\": 4}", "bad_body", "age"),
            ("{\"status\": \"lost\"}", "bad_body", "status"),
            ("{\"email\": \"dana at example\"}", "bad_value", "email"),
            ("{\"fields\": {\"colour\": \"red\"}}", "unknown_field", "colour"),
            ("{\"full_name\": [\"x\"]}", "bad_value", "full_name"),
        ] {
            let mut wanted = Wanted::new(Method::PATCH, &lead);
            wanted.body = Some(body.to_owned());
            let answer = operator.asks(&wanted).await;
            let expected = (400, code.to_owned(), field.to_owned());
            assert_eq!(error(&answer), expected, "{body}: {}", answer.body);
        }
        world.close().await;
    });
}

#[test]
fn ops_12_an_error_says_in_words_what_was_expected_of_which_key() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let rows = Rows::make(&world, world.business_id, 1).await;
        let told = async |wanted: Wanted, field: &str, expected: &str| {
            let answer = operator.asks(&wanted).await;
            let message = answer.body["error"]["message"].as_str().unwrap_or_default().to_owned();
            let shown = format!("{wanted:?}: {}", answer.body);
            assert_eq!((error(&answer).0, error(&answer).2), (400, field.to_owned()), "{shown}");
            assert!(message.contains(expected), "{shown}");
            for of_rust in [
                "u32",
                "EOF",
                "invalid",
                "UUID parsing",
                "variant",
                "struct",
                "integer `",
                " ident",
            ] {
                assert!(!message.contains(of_rust), "{shown}");
            }
        };
        let lead = format!("/api/leads/{}?business=tel-aviv-locks", rows.lead);
        for (body, field, expected) in [
            ("{\"full_name\":\"", "", "the body ends too early, at line 1, column 14"),
            ("{\"full_name\"", "", "the body ends too early"),
            ("{\"full_name\": tru}", "", "the body is not valid JSON, at line 1, column 18"),
            ("{\"full_name\": \"x\",}", "", "is not valid JSON"),
            ("{'full_name': 'x'}", "", "is not valid JSON, at line 1, column 2"),
            ("{\"full_name\": \"\\q\"}", "", "is not valid JSON"),
            ("{} {}", "", "is not valid JSON, at line 1, column 4"),
            (
                "{\"status\": 5}",
                "status",
                "is the whole number `5`, expected one of the known words",
            ),
            ("{\"status\": \"lost\"}", "status", "expected one of `in_progress`, `complete`"),
            ("{\"age\": 4}", "age", "unknown key `age`, expected one of `full_name`"),
            ("{\"status\":\"lost\",\"status\":\"lost\"}", "status", "unknown value `lost`"),
            ("{\"full_name\":\"a\",\"full_name\":\"b\"}", "full_name", "is there twice"),
            ("{\"full_name\": 7}", "full_name", "must be a text; nothing was written"),
            ("{\"email\": \"dana at x\"}", "email", "is not an e-mail address, as in"),
            ("{\"fields\": [1]}", "fields", "must be an object of the fields"),
            ("{\"full_name\": \"a\\nb\"}", "full_name", "holds the invisible character U+000A"),
            ("{\"full_name\": \"a\\u202eb\"}", "full_name", "the invisible character U+202E"),
            ("{\"fields\": {\"city\": \"a\\u0000b\"}}", "city", "the control character U+0000"),
        ] {
            let mut wanted = Wanted::new(Method::PATCH, &lead);
            wanted.body = Some(body.to_owned());
            told(wanted, field, expected).await;
        }
        let minutes = "must be a whole number from 1 to 1440";
        for (key, value, expected) in [
            ("business", json!(5), "is the whole number `5`, expected a text"),
            ("business", json!({}), "is an object, expected a text"),
            ("lead_id", json!("7"), "is not a UUID, as in 0"),
            ("lead_id", json!(7), "is the whole number `7`, expected a UUID as text"),
            ("duration_min", json!(-5), minutes),
            ("duration_min", json!(1.5), minutes),
            ("duration_min", json!(true), minutes),
            ("duration_min", json!("30"), minutes),
            ("duration_min", json!(0), minutes),
            ("duration_min", json!(1441), minutes),
            ("duration_min", json!(4_294_967_296_u64), minutes),
            ("notes", json!("a\u{0}b"), "holds the control character U+0000: take it out"),
            ("notes", json!("x".repeat(2001)), "is longer than 2000 characters: shorten it"),
        ] {
            let mut body = json!({
                "business": "tel-aviv-locks", "lead_id": rows.lead, "slot_start": rows.free,
            });
            body[key] = value;
            let wanted = Wanted::new(Method::POST, "/api/appointments").with(&body);
            told(wanted, key, expected).await;
        }
        for (query, field, expected) in [
            ("appointments?lead_id=7", "lead_id", "is not a UUID, as in 0"),
            ("appointments?status=lost", "status", "unknown value `lost`, expected `booked`"),
            ("slots?duration_min=x", "duration_min", minutes),
            ("slots?duration_min=-1", "duration_min", minutes),
        ] {
            let wanted = Wanted::get(format!("/api/{query}&business=tel-aviv-locks"));
            told(wanted, field, expected).await;
        }
        let wanted = Wanted::new(Method::POST, "/api/calls");
        let body = json!({ "business": "tel-aviv-locks" });
        told(wanted.with(&body), "to", "the key `to` is missing").await;
        world.close().await;
    });
}

#[test]
fn ops_4_a_call_that_is_over_is_told_from_one_that_never_was() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let over = Rows::make(&world, world.business_id, 1).await.call;
        let caller = world.dial(&number(2));
        within("the greeting", caller.hears("שלום")).await.unwrap();
        caller.hang_up();
        within("the end", caller.ended()).await;
        ended_record(&world, &caller).await;
        let unknown = "CA000000000000000000000000000000ff";
        for (call, query, expected) in [
            (over.as_str(), "", (409, "call_over")),
            (over.as_str(), "?business=tel-aviv-locks", (409, "call_over")),
            (caller.call_sid().as_str(), "", (409, "call_over")),
            (unknown, "", (404, "no_such_call")),
            (unknown, "?business=tel-aviv-locks", (404, "no_such_call")),
        ] {
            let wanted = Wanted::new(Method::POST, format!("/api/calls/{call}/hangup{query}"));
            let answer = operator.asks(&wanted).await;
            let (status, code, _) = error(&answer);
            assert_eq!((status, code.as_str()), expected, "{call}{query}: {}", answer.body);
        }
        let waits = NewCall {
            call_sid: CallSid::parse("CA000000000000000000000000000000fe").unwrap(),
            direction: CallDirection::Outbound,
            status: CallStatus::Ringing,
            from_number: None,
            to_number: number(3),
            lead_id: None,
            prompt_version: 1,
            started_at: world.app.services().clock.wall(),
            is_test: false,
        };
        let path = format!("/api/calls/{}/hangup", waits.call_sid);
        let db = &world.app.services().database;
        calls::insert_started(db, world.business_id, waits).await.unwrap();
        let answer = operator.asks(&Wanted::new(Method::POST, path)).await;
        assert_eq!((error(&answer).0, error(&answer).1.as_str()), (409, "not_running"));
        world.close().await;
    });
}

#[tokio::test]
async fn ops_6_a_body_that_is_too_long_or_without_a_length_is_refused_unread() {
    let world = world(brief).await;
    let operator = Operator::of(&world);
    let mut wanted = Wanted::new(Method::POST, "/api/appointments");
    wanted.body = Some("x".repeat(64 * 1024 + 1));
    let answer = operator.asks(&wanted).await;
    assert_eq!(error(&answer), (413, "body_too_long".to_owned(), String::new()));

    let address = world.app.admin_address().unwrap();
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST /api/calls HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n"
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    within("the answer", socket.read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 411 ") && text.contains("length_required"), "{text}");
    world.close().await;
}

#[test]
fn ops_4_every_operation_refuses_unknown_parameters() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let rows = Rows::make(&world, world.business_id, 1).await;
        for operation in operations(&operator.document().await) {
            let wanted = Wanted::sample(&operation, &world.business.slug, &rows).and("colour=red");
            let expected = (400, "bad_parameter".to_owned(), "colour".to_owned());
            assert_eq!(error(&operator.asks(&wanted).await), expected, "{operation}");
        }
        world.close().await;
    });
}

#[test]
fn ops_4_a_wrong_method_is_answered_with_the_allowed_ones() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let rows = Rows::make(&world, world.business_id, 1).await;
        let document = operator.document().await;
        for (path, item) in document["paths"].as_object().unwrap() {
            let known: Vec<String> = item.as_object().unwrap().keys().cloned().collect();
            let sample = format!("{} {path}", known[0]);
            let sample = Wanted::sample(&sample, &world.business.slug, &rows);
            for method in ["get", "post", "put", "patch", "delete"] {
                if known.iter().any(|known| known == method) {
                    continue;
                }
                let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                let wanted = Wanted { method, body: None, ..sample.clone() };
                let answer = operator.asks(&wanted).await;
                assert_eq!(error(&answer).1, "method_not_allowed", "{wanted:?}");
                assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
                let allowed = answer.headers["allow"].to_str().unwrap().to_lowercase();
                let mut allowed: Vec<&str> = allowed.split(", ").collect();
                assert_eq!(allowed.contains(&"head"), allowed.contains(&"get"), "{path}");
                allowed.retain(|method| *method != "head");
                allowed.sort_unstable();
                assert_eq!(allowed, known, "{path}");
            }
        }
        world.close().await;
    });
}

#[test]
fn ops_4_a_body_that_is_no_object_is_told_so_in_words_that_fit_every_request() {
    virtually(async {
        let world = world(brief).await;
        let http = http_client(&world);
        let admin = format!("http://{}", world.app.admin_address().unwrap());
        for path in ["api/appointments", "api/calls"] {
            for (body, told) in [
                ("", "the body is empty"),
                (" \r\n\t", "the body is empty"),
                ("\u{feff}", "byte order mark"),
                ("\u{feff}{}", "byte order mark"),
                ("[]", "in braces"),
                ("null", "in braces"),
                ("full_name=Dana", "in braces"),
            ] {
                let request = http.request(Method::POST, &format!("{admin}/{path}"));
                let request = request.bearer_auth(TOKEN).body(body);
                let answer = request.send().await.unwrap();
                assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {body:?}");
                let answer = answer.text();
                assert!(answer.contains(told) && !answer.contains("full_name"), "{answer}");
            }
        }
        world.close().await;
    });
}

#[test]
fn ops_4_internal_errors_are_not_disclosed() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let rows = Rows::make(&world, world.business_id, 1).await;
        let wanted = Wanted::sample("get /api/leads/{id}", &world.business.slug, &rows);
        let database = &world.app.services().database;
        let spoiled = "ALTER TABLE leads RENAME TO leads_of_before";
        let spoiling = database.write(|db| async move { db.execute_unprepared(spoiled).await });
        spoiling.await.unwrap();
        let answer = operator.asks(&wanted).await;
        assert_eq!(error(&answer), (500, "internal".to_owned(), String::new()));
        let text = answer.body.to_string().to_lowercase();
        for word in ["sql", "pool", "database", "connection", "leads"] {
            assert!(!text.contains(word), "{text}");
        }
        let expected: Value = json!("something failed in the daemon; its log says what");
        assert_eq!(answer.body["error"]["message"], expected);
        world.close().await;
    });
}

#[test]
fn ops_4_a_database_that_is_away_is_told_and_nothing_of_it_is_disclosed() {
    virtually(async {
        let world = world(brief).await;
        let operator = Operator::of(&world);
        let rows = Rows::make(&world, world.business_id, 1).await;
        let wanted = Wanted::sample("get /api/leads/{id}", &world.business.slug, &rows);
        world.app.services().database.close().await.unwrap();
        let answer = operator.asks(&wanted).await;
        assert_eq!(error(&answer), (503, "database_busy".to_owned(), String::new()));
        assert_eq!(answer.headers["retry-after"], "1");
        let text = answer.body.to_string().to_lowercase();
        for word in ["sql", "pool", "connection"] {
            assert!(!text.contains(word), "{text}");
        }
        world.close().await;
    });
}
