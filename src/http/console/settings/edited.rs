//! The settings that somebody works on: the draft if there is one, and what it was made from.

use console::settings::{Draft, Edit, changes, rebased};
use entities::drafts::{self, DraftRecord, NewDraft};
use entities::settings_versions::{self, VersionRecord};
use serde_json::Value;

use super::super::refused::Refused;
use super::super::visit::Visit;
use super::told::told;

/// The settings that somebody works on.
pub(super) struct Edited {
    /// The version that calls are answered with.
    pub(super) current: VersionRecord,
    pub(super) stored: Option<DraftRecord>,
    /// The draft's settings, or else the current ones.
    pub(super) settings: Value,
}

impl Edited {
    pub(super) async fn of(visit: &Visit<'_>) -> Result<Self, Refused> {
        let (db, business) = (visit.db(), visit.business()?.id);
        let current = settings_versions::current(db, business).await?;
        let stored = drafts::get(db, business).await?;
        let settings = match &stored {
            None => current.settings.clone(),
            Some(draft) if draft.base == current.number => draft.settings.clone(),
            // Others were published meanwhile, such as by an import.
            Some(draft) => {
                let base = settings_versions::get(db, business, draft.base).await?;
                let base = base.map_or_else(|| current.settings.clone(), |base| base.settings);
                rebased(&base, &draft.settings, &current.settings)
            }
        };
        Ok(Self { current, stored, settings })
    }

    /// Goes into every form, so that a change by somebody else is noticed.
    pub(super) fn revision(&self) -> String {
        let draft = self.stored.as_ref().map_or(0, |draft| draft.revision);
        format!("{}.{draft}", self.current.number)
    }

    /// Whether the form was made from these settings.
    pub(super) fn is_what_was_seen(&self, visit: &Visit<'_>) -> bool {
        visit.form.raw("revision") == Some(&self.revision())
    }

    /// Who has changed them last.
    pub(super) fn last(&self) -> Edit {
        match &self.stored {
            Some(draft) => Edit { by: draft.changed_by.clone(), at: draft.changed_at },
            None => {
                let VersionRecord { published_by, published_at, .. } = &self.current;
                Edit { by: published_by.clone(), at: *published_at }
            }
        }
    }

    pub(super) fn changes(&self) -> Vec<(&'static str, Value, Value)> {
        changes(&self.current.settings, &self.settings)
    }

    pub(super) fn draft(&self) -> Option<Draft> {
        self.stored.as_ref()?;
        let count = u32::try_from(self.changes().len()).unwrap_or(u32::MAX);
        (count > 0).then(|| Draft { changes: count, last: self.last() })
    }

    /// Saves other settings as the draft. `false`: somebody else has changed it since.
    pub(super) async fn save(&self, visit: &Visit<'_>, settings: Value) -> Result<bool, Refused> {
        let changed = changes(&self.settings, &settings);
        if changed.is_empty() {
            return Ok(true);
        }
        let mut entry = visit.entry("settings.save");
        entry.detail = Some(told(&changed));
        let draft = NewDraft {
            base: self.current.number,
            settings,
            made_from: self.stored.as_ref().map(|draft| draft.revision),
            by: visit.session.name.clone(),
            now: visit.now(),
        };
        Ok(drafts::save(visit.db(), visit.business()?.id, draft, entry).await?)
    }
}
