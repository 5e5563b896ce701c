//! Tests of every query on a real database: always SQLite, live and simulated, and PostgreSQL if
//! `FRONTDESK_TEST_POSTGRES` is a URL whose user may create schemas.

#[cfg(test)]
mod appointments;
#[cfg(test)]
mod batch;
#[cfg(test)]
mod businesses;
#[cfg(test)]
mod call_snapshots;
mod calls;
#[cfg(test)]
mod cancelled;
#[cfg(test)]
mod conversations;
#[cfg(test)]
mod drafts;
#[cfg(test)]
mod early_statuses;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod file_away;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod lead_history;
#[cfg(test)]
mod leads;
#[cfg(test)]
mod leases;
#[cfg(test)]
mod messages;
#[cfg(test)]
mod moves;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod plans;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod searching;
#[cfg(test)]
mod simulated;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tenancy;
#[cfg(test)]
mod test_calls;
#[cfg(test)]
mod users;
