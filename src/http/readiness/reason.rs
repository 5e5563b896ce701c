use protocol::openai::fault::FatalCause;

/// Why a call could not be answered now, or its results could not be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotReady {
    Draining,
    /// The database fails, or is too slow to answer a webhook.
    DatabaseUnreachable,
    /// A write waits for longer than others need for theirs.
    DatabaseBusy,
    /// Its SQLite file was deleted, replaced or emptied.
    DatabaseFile,
    /// It can be read, and takes no writes.
    DatabaseReadOnly,
    /// Its disk is full.
    DatabaseFull,
    /// Migrations are missing, or this build does not know them.
    DatabaseSchema,
    /// Neither the database nor the disk takes records.
    JournalFull,
    /// OpenAI takes no session, and no retry helps.
    Provider(FatalCause),
}

impl NotReady {
    /// Its name in the answer.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draining => "draining",
            Self::DatabaseUnreachable => "database_unreachable",
            Self::DatabaseBusy => "database_busy",
            Self::DatabaseFile => "database_file",
            Self::DatabaseReadOnly => "database_read_only",
            Self::DatabaseFull => "database_full",
            Self::DatabaseSchema => "database_schema",
            Self::JournalFull => "journal_full",
            Self::Provider(FatalCause::BadKey) => "provider_bad_key",
            Self::Provider(FatalCause::Quota) => "provider_quota",
            Self::Provider(FatalCause::AccountClosed) => "provider_account_closed",
            Self::Provider(
                FatalCause::BadModel
                | FatalCause::BadVoice
                | FatalCause::BetaShape
                | FatalCause::Refused,
            ) => "provider",
        }
    }
}
