//! Pauses, resumes and removes a business.

use std::io::Write;

use entities::Database;
use entities::businesses::{self, BusinessRecord, Kept, Removal, Removed, Standing};
use protocol::ids::Slug;

use super::refused::StandingError;
use crate::cli::error::CliError;
use crate::cli::stored::StoredError;
use crate::platform::Platform;

pub(super) async fn pause(
    db: &Database,
    slug: Slug,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let business = answerable(db, &slug).await?;
    let told = if businesses::pause(db, business.id, platform.clock.wall()).await? {
        "is paused: callers hear the apology from the next call on"
    } else {
        "was paused already"
    };
    Ok(writeln!(out, "{slug} {told}")?)
}

pub(super) async fn resume(
    db: &Database,
    slug: Slug,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let business = answerable(db, &slug).await?;
    let told = if businesses::resume(db, business.id).await? {
        "answers again, from the next call on"
    } else {
        "was not paused"
    };
    Ok(writeln!(out, "{slug} {told}")?)
}

pub(super) async fn remove(
    db: &Database,
    slug: Slug,
    yes: bool,
    platform: &Platform,
    out: &mut impl Write,
) -> Result<(), CliError> {
    let business = find(db, &slug).await?;
    if !yes {
        return Err(StandingError::Unconfirmed(slug).into());
    }
    match businesses::remove(db, business.id, platform.clock.wall()).await? {
        Removal::Done(removed, kept) => tell(&slug, removed, kept, out)?,
        Removal::Running(calls) => return Err(StandingError::Running(slug, calls).into()),
        Removal::Before => return Err(StandingError::Removed(slug).into()),
    }
    Ok(())
}

fn tell(slug: &Slug, removed: Removed, kept: Kept, out: &mut impl Write) -> std::io::Result<()> {
    let Removed { numbers, events, tokens } = removed;
    let Kept { leads, calls, messages, appointments } = kept;
    writeln!(
        out,
        "removed {slug}, with its numbers ({numbers}), events that waited ({events}) and tokens ({tokens})"
    )?;
    writeln!(
        out,
        "kept: leads ({leads}), calls ({calls}), messages ({messages}), appointments that are ahead \
         ({appointments})"
    )
}

async fn find(db: &Database, slug: &Slug) -> Result<BusinessRecord, CliError> {
    let found = businesses::find_by_slug(db, slug).await?;
    Ok(found.ok_or_else(|| StoredError::Unknown(slug.clone()))?)
}

async fn answerable(db: &Database, slug: &Slug) -> Result<BusinessRecord, CliError> {
    let business = find(db, slug).await?;
    if business.standing == Standing::Removed {
        return Err(StandingError::Removed(slug.clone()).into());
    }
    Ok(business)
}
