//! The state of a call as JSON, so that another process can go on with it (RES-4).
//!
//! A snapshot holds what only the call knows. The [`CallSetup`] and the phrases are not in it: they
//! are read from the database again. It holds the whole transcript, although the turns are in the
//! database too. Their rows lack what a session must be told (a tool call's id and arguments) and
//! what the call decides by (whether more words follow, which response an item is part of). And the
//! words that are still coming have no row.
//!
//! It has 1.5 KiB after the greeting and 46 KiB after ten minutes of talk, and nearly twice that while a
//! new session is about to be told the transcript. `max_duration` bounds it.
//!
//! A snapshot is true for the records that the call has sent before it. So it must be written after
//! them, or with them.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::*;
use crate::ids::CallSid;

/// The version of the format. Any change that an older or this daemon would read differently raises
/// it.
pub const SNAPSHOT_VERSION: u32 = 2;

/// A call's state at one moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CallSnapshot {
    version: u32,
    call_sid: CallSid,
    taken: Now,
    pub(super) state: State,
}

/// Why a call can't go on from a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// A newer daemon has written it.
    #[error("the snapshot has version {version}, and this daemon reads up to {SNAPSHOT_VERSION}")]
    Newer {
        /// The snapshot's version.
        version: u32,
    },
    /// It is no snapshot.
    #[error("the snapshot can't be read: {why}")]
    Unreadable {
        /// Where, and what is wrong there.
        why: String,
    },
    /// It is of another call.
    #[error("the snapshot is of the call {call_sid}")]
    OtherCall {
        /// The snapshot's call.
        call_sid: CallSid,
    },
}

/// Everything of a [`Call`] but what is read from the database.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct State {
    phase: Phase,
    began: Now,
    stream: StreamState,
    session: SessionState,
    recording: Recording,
    speech: Speech,
    end_detection: EndDetection,
    silence: Silence,
    kept_line: Option<ResponseId>,
    farewell: Option<ResponseId>,
    pub(super) conversation: Conversation,
    tools: Tools,
    lead: Arc<LeadFacts>,
    digits: Option<Digits>,
    usage: Usage,
    transcribed: Duration,
    transcription: TurnTranscription,
    latencies: Latencies,
    duration_secs: Option<u32>,
    status: Option<CallStatus>,
    pub(super) outbox: VecDeque<(u64, Command)>,
    next_command: u64,
}

/// Of any version.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl CallSnapshot {
    /// Reads what [`Self::to_json`] has written.
    ///
    /// # Errors
    /// [`SnapshotError`] if a newer daemon has written it, or it can't be read.
    pub fn from_json(json: &str) -> Result<Self, SnapshotError> {
        let Versioned { version } = read(json)?;
        if version > SNAPSHOT_VERSION {
            return Err(SnapshotError::Newer { version });
        }
        read(json)
    }

    /// The snapshot as JSON.
    ///
    /// # Errors
    /// [`SnapshotError::Unreadable`] if it can't be written: no snapshot of a call is such.
    pub fn to_json(&self) -> Result<String, SnapshotError> {
        serde_json::to_string(self)
            .map_err(|error| SnapshotError::Unreadable { why: error.to_string() })
    }

    /// Whether another process, going on from here, knows that this command was given out. Asked of commands that
    /// await their snapshot ([`Command::awaits_the_snapshot`], invariant 17).
    #[must_use]
    pub fn knows_of(&self, command: &Command) -> bool {
        let State { phase, tools, .. } = &self.state;
        let is_over = matches!(phase, Phase::Over { .. });
        if let Command::UseCalendar { call, .. } = command {
            tools.awaits(&call.call)
        } else if *command == Command::HangUp {
            is_over || matches!(phase, Phase::HangingUp { .. })
        } else if *command == Command::Transfer {
            is_over || matches!(phase, Phase::HandingOver { .. } | Phase::HangingUp { .. })
        } else {
            true
        }
    }

    /// When it was taken.
    #[must_use]
    pub fn taken(&self) -> Now {
        self.taken
    }

    /// The call whose state it is.
    #[must_use]
    pub fn call_sid(&self) -> &CallSid {
        &self.call_sid
    }
}

pub(super) fn read<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, SnapshotError> {
    let mut json = serde_json::Deserializer::from_str(json);
    let read = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| SnapshotError::Unreadable { why: error.to_string() })?;
    json.end().map_err(|error| SnapshotError::Unreadable { why: error.to_string() })?;
    Ok(read)
}

impl Call {
    /// The state at `now`. Cheap: it shares the transcript with the call.
    #[must_use]
    pub fn snapshot(&self, now: Now) -> CallSnapshot {
        let Self {
            setup,
            phrases: _,
            phase,
            began,
            stream,
            session,
            recording,
            speech,
            end_detection,
            silence,
            kept_line,
            farewell,
            conversation,
            tools,
            lead,
            digits,
            usage,
            transcribed,
            transcription,
            latencies,
            measures: _,
            duration_secs,
            status,
            outbox,
            next_command,
        } = self.clone();
        let state = State {
            phase,
            began,
            stream,
            session,
            recording,
            speech,
            end_detection,
            silence,
            kept_line,
            farewell,
            conversation,
            tools,
            lead,
            digits,
            usage,
            transcribed,
            transcription,
            latencies,
            duration_secs,
            status,
            outbox,
            next_command,
        };
        let call_sid = setup.call_sid.clone();
        CallSnapshot { version: SNAPSHOT_VERSION, call_sid, taken: now, state }
    }

    /// The call as it was when the snapshot was taken. In another process it must be told that it
    /// resumes: [`Call::resume`].
    ///
    /// # Errors
    /// [`SnapshotError::OtherCall`] if `setup` is of another call.
    pub fn restore(
        setup: impl Into<Arc<CallSetup>>,
        snapshot: CallSnapshot,
    ) -> Result<Self, SnapshotError> {
        let setup = setup.into();
        let CallSnapshot { version: _, call_sid, taken: _, state } = snapshot;
        if call_sid != setup.call_sid {
            return Err(SnapshotError::OtherCall { call_sid });
        }
        let State {
            phase,
            began,
            stream,
            session,
            recording,
            speech,
            end_detection,
            silence,
            kept_line,
            farewell,
            conversation,
            tools,
            lead,
            digits,
            usage,
            transcribed,
            transcription,
            latencies,
            duration_secs,
            status,
            outbox,
            next_command,
        } = state;
        Ok(Self {
            phrases: Phrases::of(&setup.settings.ending),
            setup,
            phase,
            began,
            stream,
            session,
            recording,
            speech,
            end_detection,
            silence,
            kept_line,
            farewell,
            conversation,
            tools,
            lead,
            digits,
            usage,
            transcribed,
            transcription,
            latencies,
            // They are with the journal.
            measures: Measures::default(),
            duration_secs,
            status,
            outbox,
            next_command,
        })
    }
}
