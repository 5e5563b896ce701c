//! Erases a person, in one transaction.

use jiff::{SignedDuration, Timestamp};
use protocol::ids::{BusinessId, LeadId, PhoneNumber};
use protocol::person_key::PersonKey;
use sea_orm::ActiveValue::Set;
use sea_orm::prelude::DateTimeUtc;
use sea_orm::sea_query::{Expr, ExprTrait, LockType};
use sea_orm::{
    ActiveEnum, ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbBackend,
    EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::ErasureRecord;
use super::matching::{self, People};
use super::opt_outs::note_opt_out;
use crate::appointments::{AppointmentRecord, Change, tell};
use crate::column;
use crate::connection::begin_write;
use crate::database::{Database, Told};
use crate::error::RecordsError;
use crate::retention::count_deleted;
use crate::tables::{
    appointments, audit_log, call_snapshot_entries as entries, call_snapshots as snapshots,
    call_turns as turns, calls, conversations, erasures, lead_changes, leads, messages,
    node_reports, outbox,
};
use crate::values::{AppointmentStatus, CallDirection, DeletedKind, LeadFields, MessageDirection};

/// A call's row counts as live for so long: Twilio ends every call after 4 h.
const LONGEST_CALL: SignedDuration = SignedDuration::from_hours(4);
/// A statement takes so many ids at most.
const AT_ONCE: usize = 500;

/// What was erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Erased {
    /// Leads and calls stay, without the person.
    pub leads: u64,
    pub calls: u64,
    pub turns: u64,
    pub messages: u64,
    pub conversations: u64,
    /// Appointments that were still to come: their slots are free again.
    pub cancelled: u64,
}

impl Erased {
    /// Whether there was anything.
    #[must_use]
    pub fn is_something(&self) -> bool {
        *self != Self::default()
    }
}

/// How far an erasure has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done(Erased),
    /// A call of the person goes on, or is not written to its end.
    Waits,
    /// The hash was made with another key, so nobody knows whom it means.
    OtherKey,
}

/// Erases the person of an erasure, unless they are in a call. What was written after an erasure that is
/// done stays: the person came back.
pub async fn carry_out(
    db: &Database,
    key: &PersonKey,
    erasure: ErasureRecord,
    now: Timestamp,
) -> Result<Outcome, RecordsError> {
    if erasure.key_id != key.id() {
        return Ok(Outcome::OtherKey);
    }
    let (key, told) = (key.clone(), db.told());
    db.write(move |db| async move {
        let people = match erasure.lead {
            Some(lead) => of_lead(&db, erasure.business, lead).await?,
            None => People::default(),
        };
        let people = match people.numbers.is_empty() && people.leads.is_empty() {
            true => matching::find(&db, &key, erasure.business, &erasure.person).await?,
            false => people,
        };
        let transaction = begin_write(&db).await?;
        let row = erasures::Entity::find_by_id(erasure.id).lock(LockType::Update);
        let stored = row.one(&transaction).await?.and_then(|row| row.done_at);
        if stored.is_some() && erasure.done_at.is_none() {
            // Somebody else has just carried it out.
            return Ok(Outcome::Done(Erased::default()));
        }
        let until = column::from_instant(erasure.done_at.unwrap_or(now));
        let work = Work {
            db: &transaction,
            key: &key,
            told: &told,
            business: erasure.business,
            until,
            now: column::from_instant(now),
        };
        let Some(done) = work.erase(&people).await? else { return Ok(Outcome::Waits) };
        if erasure.done_at.is_none() {
            erasures::Entity::update_many()
                .col_expr(erasures::Column::DoneAt, Expr::value(until))
                .col_expr(erasures::Column::LeadId, Expr::value(None::<Uuid>))
                .filter(erasures::Column::Id.eq(erasure.id))
                .exec(&transaction)
                .await?;
        }
        transaction.commit().await?;
        if db.get_database_backend() == DbBackend::Sqlite && done.is_something() {
            // The write-ahead log has the pages as they were. If somebody reads, a later one empties it.
            let _ = db.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
        }
        Ok(Outcome::Done(done))
    })
    .await
}

async fn of_lead(
    db: &impl sea_orm::ConnectionTrait,
    business: BusinessId,
    lead: LeadId,
) -> Result<People, RecordsError> {
    let row = crate::leads::row_of(db, business, lead).await?;
    let Some(row) = row else { return Ok(People::default()) };
    let number = column::optional_id("leads.phone", row.phone)?;
    Ok(People { numbers: number.into_iter().collect(), leads: vec![lead] })
}

struct Work<'a> {
    db: &'a DatabaseTransaction,
    key: &'a PersonKey,
    told: &'a Told,
    business: BusinessId,
    /// What was written later stays.
    until: DateTimeUtc,
    now: DateTimeUtc,
}

impl Work<'_> {
    /// `None` while a call goes on.
    async fn erase(&self, people: &People) -> Result<Option<Erased>, RecordsError> {
        let mut done = Erased::default();
        let numbers: Vec<&str> = people.numbers.iter().map(|number| number.as_str()).collect();
        let lead_ids = self.leads(people, &numbers).await?;
        let of_person = Condition::any()
            .add(calls::Column::LeadId.is_in(lead_ids.clone()))
            .add(
                Condition::all()
                    .add(calls::Column::Direction.eq(CallDirection::Inbound))
                    .add(calls::Column::FromNumber.is_in(numbers.clone())),
            )
            .add(
                Condition::all()
                    .add(calls::Column::Direction.eq(CallDirection::Outbound))
                    .add(calls::Column::ToNumber.is_in(numbers.clone())),
            );
        if self.a_call_goes_on(of_person.clone()).await? {
            return Ok(None);
        }
        let call_sids: Vec<String> = calls::Entity::find()
            .select_only()
            .column(calls::Column::CallSid)
            .filter(calls::Column::BusinessId.eq(self.business.0))
            .filter(calls::Column::StartedAt.lte(self.until))
            .filter(of_person)
            .into_tuple()
            .all(self.db)
            .await?;
        for part in call_sids.chunks(AT_ONCE) {
            done.turns += self.turns(part).await?;
            done.calls += self.calls(part).await?;
        }
        self.events(&lead_ids, &call_sids, &numbers).await?;
        self.audit(&lead_ids, &call_sids, &numbers).await?;
        for part in lead_ids.chunks(AT_ONCE) {
            done.cancelled += self.appointments(part).await?;
            self.history(part).await?;
            done.leads += self.blank_leads(part).await?;
        }
        for number in &people.numbers {
            // In the order in which a step of a conversation locks them.
            done.conversations += self.conversation(number).await?;
            done.messages += self.messages(number.as_str()).await?;
        }
        // What other nodes have shown of their calls. They show it again when they are asked.
        node_reports::Entity::delete_many().exec(self.db).await?;
        Ok(Some(done))
    }

    async fn leads(&self, people: &People, numbers: &[&str]) -> Result<Vec<Uuid>, RecordsError> {
        let ids = people.leads.iter().map(|lead| lead.0);
        let theirs = Condition::any()
            .add(leads::Column::Id.is_in(ids))
            .add(leads::Column::Phone.is_in(numbers.iter().copied()));
        Ok(leads::Entity::find()
            .select_only()
            .column(leads::Column::Id)
            .filter(leads::Column::BusinessId.eq(self.business.0))
            .filter(leads::Column::CreatedAt.lte(self.until))
            .filter(theirs)
            .into_tuple()
            .all(self.db)
            .await?)
    }

    /// A call that has ended goes on until its snapshot is removed: then all of it is written.
    async fn a_call_goes_on(&self, of_person: Condition) -> Result<bool, RecordsError> {
        let recent = calls::Column::StartedAt.gt(self.now - LONGEST_CALL.unsigned_abs());
        let snapshot = sea_orm::sea_query::Query::select()
            .column(snapshots::Column::CallSid)
            .from(snapshots::Entity)
            .and_where(snapshots::Column::BusinessId.eq(self.business.0))
            .take();
        let goes_on = Condition::any()
            .add(calls::Column::EndedAt.is_null())
            .add(calls::Column::CallSid.in_subquery(snapshot));
        let count = calls::Entity::find()
            .filter(calls::Column::BusinessId.eq(self.business.0))
            .filter(recent)
            .filter(of_person)
            .filter(goes_on)
            .count(self.db)
            .await?;
        Ok(count > 0)
    }

    async fn turns(&self, calls: &[String]) -> Result<u64, RecordsError> {
        let made: Vec<DateTimeUtc> = turns::Entity::find()
            .select_only()
            .column(turns::Column::At)
            .filter(turns::Column::CallSid.is_in(calls))
            .into_tuple()
            .all(self.db)
            .await?;
        let made = made.into_iter().map(|at| (DeletedKind::Turns, at));
        count_deleted(self.db, self.business, made).await?;
        let gone = turns::Entity::delete_many().filter(turns::Column::CallSid.is_in(calls));
        Ok(gone.exec(self.db).await?.rows_affected)
    }

    /// The number of an outbound call becomes the business's own.
    async fn calls(&self, calls: &[String]) -> Result<u64, RecordsError> {
        let of = entries::Column::CallSid.is_in(calls);
        entries::Entity::delete_many().filter(of).exec(self.db).await?;
        let of = snapshots::Column::CallSid.is_in(calls);
        snapshots::Entity::delete_many().filter(of).exec(self.db).await?;
        let update = || {
            calls::Entity::update_many()
                .col_expr(calls::Column::ErasedAt, Expr::value(self.now))
                .filter(calls::Column::CallSid.is_in(calls))
        };
        let inbound = update()
            .col_expr(calls::Column::FromNumber, Expr::value(None::<String>))
            .filter(calls::Column::Direction.eq(CallDirection::Inbound));
        let inbound = inbound.exec(self.db).await?.rows_affected;
        let ours = Expr::col(calls::Column::FromNumber).if_null(Expr::col(calls::Column::ToNumber));
        let outbound = update()
            .col_expr(calls::Column::ToNumber, ours)
            .filter(calls::Column::Direction.eq(CallDirection::Outbound));
        Ok(inbound + outbound.exec(self.db).await?.rows_affected)
    }

    /// Those without data are read from their call when they are sent, and then nothing of the person is
    /// left. The others go.
    async fn events(
        &self,
        leads: &[Uuid],
        calls: &[String],
        numbers: &[&str],
    ) -> Result<(), RecordsError> {
        use outbox::{Column, Entity};
        let of = (Column::Person, Column::LeadId, Column::CallSid);
        let theirs = of_person(of, leads, calls, numbers);
        Entity::delete_many()
            .filter(Column::BusinessId.eq(self.business.0))
            .filter(Column::CreatedAt.lte(self.until))
            .filter(Column::Data.is_not_null())
            .filter(theirs)
            .exec(self.db)
            .await?;
        Ok(())
    }

    /// Who has done what and when stays; whom it tells of goes.
    async fn audit(
        &self,
        leads: &[Uuid],
        calls: &[String],
        numbers: &[&str],
    ) -> Result<(), RecordsError> {
        use audit_log::{Column, Entity};
        let of = (Column::Person, Column::LeadId, Column::CallSid);
        let theirs = of_person(of, leads, calls, numbers);
        Entity::update_many()
            .col_expr(Column::Object, Expr::value(None::<String>))
            .col_expr(Column::Detail, Expr::value(None::<serde_json::Value>))
            .col_expr(Column::Person, Expr::value(None::<String>))
            .col_expr(Column::LeadId, Expr::value(None::<Uuid>))
            .col_expr(Column::CallSid, Expr::value(None::<String>))
            .filter(Column::BusinessId.eq(self.business.0))
            .filter(Column::At.lte(self.until))
            .filter(theirs)
            .exec(self.db)
            .await?;
        Ok(())
    }

    async fn appointments(&self, leads: &[Uuid]) -> Result<u64, RecordsError> {
        use appointments::{Column, Entity};
        let update = || {
            Entity::update_many()
                .filter(Column::LeadId.is_in(leads.to_vec()))
                .filter(Column::CreatedAt.lte(self.until))
        };
        update()
            .col_expr(Column::Notes, Expr::value(None::<String>))
            .col_expr(Column::IdempotencyKey, Expr::value(None::<String>))
            .exec(self.db)
            .await?;
        let to_come = update()
            .col_expr(Column::Status, Expr::value(AppointmentStatus::Cancelled))
            .filter(Column::Status.eq(AppointmentStatus::Booked))
            .filter(Column::StartsAt.gt(self.now));
        let cancelled = to_come.exec_with_returning(self.db).await?;
        let (count, now) = (cancelled.len() as u64, column::instant("erasures.done_at", self.now)?);
        for row in cancelled {
            let record = AppointmentRecord::try_from(row)?;
            tell(self.db, self.told, &record, Change::Freed, None, now).await?;
        }
        Ok(count)
    }

    /// The history says of a lead what is left of it: its status.
    async fn history(&self, ids: &[Uuid]) -> Result<(), RecordsError> {
        let of = lead_changes::Column::LeadId.is_in(ids.to_vec());
        lead_changes::Entity::delete_many().filter(of).exec(self.db).await?;
        let left: Vec<(Uuid, crate::values::LeadStatus)> = leads::Entity::find()
            .select_only()
            .columns([leads::Column::Id, leads::Column::Status])
            .filter(leads::Column::Id.is_in(ids.to_vec()))
            .into_tuple()
            .all(self.db)
            .await?;
        let rows = left.into_iter().map(|(id, status)| lead_changes::ActiveModel {
            lead_id: Set(id),
            seq: Set(1),
            business_id: Set(self.business.0),
            at: Set(self.now),
            changed_by: Set(lead_changes::ChangeSource::Api),
            call_sid: Set(None),
            field: Set("status".to_owned()),
            old_value: Set(None),
            new_value: Set(status.to_value()),
        });
        lead_changes::Entity::insert_many(rows).exec_without_returning(self.db).await?;
        Ok(())
    }

    /// A lead has a number or a call's SID. The erased one gets a SID that no call has.
    async fn blank_leads(&self, ids: &[Uuid]) -> Result<u64, RecordsError> {
        use leads::{Column, Entity};
        for id in ids {
            Entity::update_many()
                .col_expr(Column::Phone, Expr::value(None::<String>))
                .col_expr(Column::CallSid, Expr::value(format!("CA{}", id.simple())))
                .col_expr(Column::FullName, Expr::value(None::<String>))
                .col_expr(Column::Email, Expr::value(None::<String>))
                .col_expr(Column::Fields, Expr::value(serde_json::json!(LeadFields::default())))
                .col_expr(Column::LastCallSid, Expr::value(None::<String>))
                .col_expr(Column::ErasedAt, Expr::value(self.now))
                .filter(Column::Id.eq(*id))
                .exec(self.db)
                .await?;
        }
        Ok(ids.len() as u64)
    }

    async fn messages(&self, person: &str) -> Result<u64, RecordsError> {
        use messages::{Column, Entity};
        let theirs = Condition::all()
            .add(Column::BusinessId.eq(self.business.0))
            .add(Column::Person.eq(person))
            .add(Column::CreatedAt.lte(self.until));
        let made: Vec<(MessageDirection, DateTimeUtc)> = Entity::find()
            .select_only()
            .columns([Column::Direction, Column::CreatedAt])
            .filter(theirs.clone())
            .into_tuple()
            .all(self.db)
            .await?;
        let made = made.into_iter().map(|(direction, at)| (direction.into(), at));
        count_deleted(self.db, self.business, made).await?;
        Ok(Entity::delete_many().filter(theirs).exec(self.db).await?.rows_affected)
    }

    /// Whoever works on it has lost its claim. One in which the person has written since stays, without
    /// what was said before.
    async fn conversation(&self, person: &PhoneNumber) -> Result<u64, RecordsError> {
        use conversations::{Column, Entity};
        let theirs = Condition::all()
            .add(Column::BusinessId.eq(self.business.0))
            .add(Column::Person.eq(person.as_str()))
            .add(Column::BeganAt.lte(self.until));
        let went_on = Column::ActiveAt.gt(self.until);
        let made: Vec<(DateTimeUtc, bool)> = Entity::find()
            .select_only()
            .columns([Column::BeganAt, Column::OptedOut])
            .filter(theirs.clone())
            .filter(went_on.clone().not())
            .into_tuple()
            .all(self.db)
            .await?;
        if made.iter().any(|(_, opted_out)| *opted_out) {
            let at = column::instant("conversations.active_at", self.until)?;
            note_opt_out(self.db, self.key, self.business, person, true, at).await?;
        }
        let made = made.into_iter().map(|(at, _)| (DeletedKind::Conversations, at));
        count_deleted(self.db, self.business, made).await?;
        let gone = Entity::delete_many().filter(theirs.clone()).filter(went_on.clone().not());
        let gone = gone.exec(self.db).await?.rows_affected;
        Entity::update_many()
            .col_expr(Column::State, Expr::value(None::<serde_json::Value>))
            .col_expr(Column::Notes, Expr::value(None::<String>))
            .col_expr(Column::BeganAt, Expr::value(self.until))
            .col_expr(Column::LeadId, Expr::value(None::<Uuid>))
            .filter(theirs)
            .filter(went_on)
            .exec(self.db)
            .await?;
        Ok(gone)
    }
}

/// Rows that name the person: by a number, by a lead, or by a call.
fn of_person<C: ColumnTrait>(
    (person, lead, call): (C, C, C),
    leads: &[Uuid],
    calls: &[String],
    numbers: &[&str],
) -> Condition {
    let mut theirs = Condition::any().add(person.is_in(numbers.iter().copied()));
    for part in leads.chunks(AT_ONCE) {
        theirs = theirs.add(lead.is_in(part.to_vec()));
    }
    for part in calls.chunks(AT_ONCE) {
        theirs = theirs.add(call.is_in(part.to_vec()));
    }
    theirs
}
