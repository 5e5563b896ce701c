//! Every query of a call, a booking or a list finds its rows by an index.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use entities::appointments::{
    AppointmentFilter, AppointmentId, Authority, NewAppointment, NewTimes, Selector, between, book,
    by_key, cancel, move_to, of_lead, of_lead_upcoming,
};
use entities::businesses::CallKey;
use entities::calls::{CallFilter, CallOutcome, CallSearch};
use entities::conversations::ConversationId;
use entities::leads::{
    Caller, LeadAfter, LeadChanges, LeadFilter, LeadSearch, LeadStatus, ensure_for_call, history,
    merge_details,
};
use entities::messages::{IncomingMessage, MessageId, MessageKind};
use entities::{
    Database, appointments, audit, businesses, call_turns, calls, conversations, leads, messages,
    outbox, privacy,
};
use protocol::ids::{BusinessId, CallSid, LeadId, ToolCallId};
use protocol::webhooks::Target;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, TransactionTrait};

use crate::support::{
    at, call, call_sid, hung_up, in_call, lead, new_id, noon, on_each, phone, told,
};

const HALF_HOUR: Duration = Duration::from_mins(30);

/// Runs the queries of a call and of the lists.
async fn use_everything(db: &Database) {
    let locks = told(db, "locks", "+97231111111").await;
    let dana = lead(db, locks, "+972501111111").await;
    let number = phone("+972501111111");
    let ours = phone("+97231111111");
    let ringing = call_sid(9);
    let key = CallKey { our_number: &ours, their_number: Some(&number), call: Some(&ringing) };
    businesses::find_for_voice(db, key, noon()).await.unwrap();
    let caller = Caller::Known(&number);
    ensure_for_call(db, locks, caller, &call_sid(1), LeadId(new_id()), noon()).await.unwrap();
    leads::get(db, locks, dana).await.unwrap();
    let told = LeadChanges { full_name: Some("דנה".to_owned()), ..LeadChanges::default() };
    merge_details(db, locks, dana, told, None, in_call(1), noon()).await.unwrap();
    history(db, locks, dana, Some(2), 10).await.unwrap();
    leads::list(db, locks, LeadFilter::default(), Some(dana), 10).await.unwrap();

    let key = ToolCallId::parse("call_1").unwrap();
    let (starts_at, ends_at) = (at("2026-11-25T10:00:00Z"), at("2026-11-25T10:30:00Z"));
    let wanted = NewAppointment {
        id: AppointmentId(new_id()),
        lead_id: dana,
        call_sid: Some(call_sid(1)),
        starts_at,
        ends_at,
        busy_until: ends_at,
        notes: None,
        idempotency_key: Some(key.clone()),
        additional: false,
    };
    let held = book(db, locks, wanted, noon()).await.unwrap();
    between(db, locks, starts_at, ends_at).await.unwrap();
    by_key(db, locks, &key).await.unwrap();
    of_lead(db, locks, dana, Selector::StartsAt(starts_at)).await.unwrap();
    of_lead(db, locks, dana, Selector::Id(held.id)).await.unwrap();
    of_lead_upcoming(db, locks, dana, noon()).await.unwrap();
    let times = NewTimes {
        starts_at: ends_at,
        ends_at: ends_at + HALF_HOUR,
        busy_until: ends_at + HALF_HOUR,
    };
    move_to(db, locks, dana, held.id, times, noon()).await.unwrap();
    cancel(db, locks, Authority::Lead(dana), Selector::Id(held.id), noon()).await.unwrap();
    appointments::list(db, locks, AppointmentFilter::default(), Some(held.id), 10).await.unwrap();

    let text = IncomingMessage {
        id: MessageId(new_id()),
        person: number.clone(),
        provider_sid: "SM1".to_owned(),
        body: "hello".to_owned(),
        kind: MessageKind::Text,
        media: Vec::new(),
    };
    let new = ConversationId(new_id());
    conversations::take_in(db, locks, text, new, noon()).await.unwrap();
    let owner = new_id();
    conversations::due_of_all(db, noon(), &[owner], 10).await.unwrap();
    conversations::claim(db, locks, &number, owner, noon(), noon()).await.unwrap();
    conversations::waiting(db, locks, &number).await.unwrap();
    conversations::on_telephone(db, locks, &number, noon()).await.unwrap();
    conversations::list(db, locks, false, None, 10).await.unwrap();
    businesses::find_for_text(db, locks, &number, noon()).await.unwrap();
    calls::of_lead(db, locks, dana, 3).await.unwrap();
    messages::history(db, locks, &number, noon(), 10).await.unwrap();

    calls::report_end(db, locks, &ringing, hung_up()).await.unwrap();
    let sid = call(db, locks, 1).await;
    calls::get(db, locks, &sid).await.unwrap();
    call_turns::of_call(db, locks, &sid).await.unwrap();

    a_day(db, locks, dana, &sid).await;

    let later = noon() + HALF_HOUR;
    outbox::due(db, later).await.unwrap();
    let lane = (locks, Target::Webhook);
    let claimed = outbox::claim(db, lane, owner, 4, later, later + HALF_HOUR).await.unwrap();
    outbox::receiver(db, locks).await.unwrap();
    outbox::prepare(db, &claimed[0]).await.unwrap();
    outbox::settle(db, &claimed[0], outbox::Outcome::Sent, later).await.unwrap();
    outbox::backlog(db).await.unwrap();
    outbox::list(db, locks, outbox::OutboxFilter::default(), None, 10).await.unwrap();
}

/// Runs the queries of the console's pages (CON-3).
async fn a_day(db: &Database, business: BusinessId, lead: LeadId, call: &CallSid) {
    let (now, leads) = (noon(), vec![lead]);
    calls::live(db, business, now, 10).await.unwrap();
    calls::failed_since(db, business, now, 10).await.unwrap();
    calls::count_since(db, business, now).await.unwrap();
    calls::some(db, business, vec![call.clone()]).await.unwrap();
    calls::booked_in(db, business, vec![call.clone()]).await.unwrap();
    call_turns::last_words(db, business, call).await.unwrap();
    for outcome in [CallOutcome::Booked, CallOutcome::Complete, CallOutcome::Failed] {
        let words = "050 0000001".to_owned();
        let search = CallSearch { words, outcome: Some(outcome), ..CallSearch::default() };
        calls::search(db, business, search, Some(call), 10).await.unwrap();
    }
    calls::list(db, business, CallFilter::default(), Some(call), 10).await.unwrap();
    let tests = CallFilter { is_test: Some(true), ..CallFilter::default() };
    calls::list(db, business, tests.clone(), Some(call), 10).await.unwrap();
    let tests = CallSearch { filter: tests, ..CallSearch::default() };
    calls::search(db, business, tests, Some(call), 10).await.unwrap();

    leads::in_touch(db, business, now, 10).await.unwrap();
    leads::count_new_since(db, business, now).await.unwrap();
    leads::some(db, business, leads.clone()).await.unwrap();
    leads::note_seen_to(db, business, lead, now).await.unwrap();
    let after = LeadAfter { updated_at: now, id: lead };
    let search = LeadSearch { words: "דנה".to_owned(), status: Some(LeadStatus::Complete) };
    leads::search(db, business, search, Some(after), 10).await.unwrap();

    privacy::waits_for(db, business, lead).await.unwrap();
    appointments::starting(db, business, now, now + HALF_HOUR, 10).await.unwrap();
    appointments::count_made_since(db, business, now).await.unwrap();
    appointments::of_leads(db, business, leads, now).await.unwrap();
    appointments::last_of_lead(db, business, lead, 10).await.unwrap();
    appointments::of_call(db, business, call).await.unwrap();

    audit::count_of_user(db, new_id(), "test_call.start", now).await.unwrap();
    conversations::count_needy(db, business).await.unwrap();
    conversations::list(db, business, true, None, 10).await.unwrap();
    messages::newest_with(db, business, vec![phone("+972501111111")]).await.unwrap();
}

/// The lines of a statement's plan.
async fn plan(db: &Database, statement: &Statement) -> Vec<String> {
    let sqlite = db.connection().get_database_backend() == DbBackend::Sqlite;
    let explain = if sqlite { "EXPLAIN QUERY PLAN" } else { "EXPLAIN" };
    let sql = format!("{explain} {}", statement.sql);
    let asked = match &statement.values {
        Some(values) => Statement::from_sql_and_values(statement.db_backend, sql, values.0.clone()),
        None => Statement::from_string(statement.db_backend, sql),
    };
    let plan = db.read(|db| async move {
        let transaction = db.begin().await?;
        if !sqlite {
            // PostgreSQL scans a table of one row although it has indexes.
            transaction.execute_unprepared("SET LOCAL enable_seqscan = off").await?;
        }
        let plan = transaction.query_all_raw(asked).await?;
        transaction.rollback().await?;
        Ok::<_, DbErr>(plan)
    });
    let plan = plan.await.unwrap();
    let column = if sqlite { 3 } else { 0 };
    plan.iter().map(|line| line.try_get_by_index(column).unwrap()).collect()
}

/// The lines of a statement's plan that read a whole table.
async fn whole_tables(db: &Database, statement: &Statement) -> Vec<String> {
    plan(db, statement)
        .await
        .into_iter()
        .filter(|line| {
            let scans = line.trim_start().starts_with("SCAN") && !line.contains("USING");
            line.contains("Seq Scan") || (scans && !line.contains("CONSTANT ROW"))
        })
        .collect()
}

/// The statements of some work.
async fn statements(db: &Database, work: impl AsyncFnOnce(&Database)) -> Vec<Statement> {
    let seen = Arc::new(Mutex::new(Vec::<Statement>::new()));
    let statements = Arc::clone(&seen);
    let observed = db.observed(move |statement| {
        statements.lock().unwrap().push(statement.clone());
    });
    work(&observed).await;
    std::mem::take(&mut *seen.lock().unwrap())
}

#[tokio::test]
async fn con_5_the_list_of_test_calls_is_read_by_its_own_index() {
    on_each(async |db| {
        let locks = told(db, "locks", "+97231111111").await;
        let lists = statements(db, async |db| {
            let filter = CallFilter { is_test: Some(true), ..CallFilter::default() };
            calls::list(db, locks, filter, None, 10).await.unwrap();
        });
        let plan = plan(db, &lists.await[0]).await.join("\n");
        // PostgreSQL chooses by what it has counted, and it has counted nothing.
        let is_chosen = plan.contains("calls_tests");
        let is_sqlite = db.connection().get_database_backend() == DbBackend::Sqlite;
        assert!(is_chosen || !is_sqlite, "{plan}");
    })
    .await;
}

#[tokio::test]
async fn every_hot_query_finds_its_rows_by_an_index() {
    on_each(async |db| {
        let seen = statements(db, async |db| use_everything(db).await).await;
        let queries: Vec<Statement> = (seen.into_iter())
            .filter(|statement| {
                ["SELECT", "UPDATE"].iter().any(|verb| statement.sql.starts_with(verb))
            })
            .collect();
        assert!(queries.len() >= 15, "only {} queries were seen", queries.len());
        for query in &queries {
            let whole = whole_tables(db, query).await;
            assert!(whole.is_empty(), "{}\nreads whole tables: {whole:?}", query.sql);
        }
    })
    .await;
}
