//! Reads and checks business files. Each error names its place.

mod numbers;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use protocol::business::BusinessSettings;
use protocol::webhooks::check_url;
use serde_json::{Value, json};
use thiserror::Error;

use numbers::Remark;

use super::error::{ConfigError, Located};
use super::located;
#[cfg(feature = "practice")]
use super::words::in_words;

/// Why a business file was refused.
#[derive(Debug, Error)]
pub enum BusinessFileError {
    /// The file can't be read, or a key, type or value in it is wrong.
    #[error(transparent)]
    Malformed(#[from] ConfigError),
    /// Every key is well-formed, but they contradict each other. One line for each problem.
    #[error("{}", Lines(.0))]
    Inconsistent(Vec<Located>),
}

/// Why a folder gives no business files.
#[derive(Debug, Error)]
pub enum FolderError {
    #[error("{} can't be read: {}", .0.display(), .1)]
    Unreadable(PathBuf, io::Error),
    #[error("{} has no file whose name ends in .toml", .0.display())]
    Empty(PathBuf),
}

/// A business as its file describes it.
#[derive(Debug, Clone)]
pub struct BusinessFile {
    pub settings: BusinessSettings,
    /// What was read otherwise than it is written.
    pub notices: Vec<Located>,
}

/// The business files in a folder, sorted by name: those whose names end in `.toml`.
///
/// # Errors
/// If the folder can't be read, or has none.
pub fn in_folder(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let unread = |error| FolderError::Unreadable(folder.to_owned(), error);
    let mut files = Vec::new();
    for entry in folder.read_dir().map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err(FolderError::Empty(folder.to_owned()));
    }
    files.sort();
    Ok(files)
}

/// Reads and checks a business file.
///
/// # Errors
/// [`BusinessFileError`] names file, line and key, and says what was expected.
pub fn read(path: &Path) -> Result<BusinessFile, BusinessFileError> {
    parse_noticing(path, &located::read_file(path)?)
}

/// Refuses a receiver of events that the daemon must not reach (OPS-13).
///
/// # Errors
/// [`BusinessFileError`] names the key.
pub fn refuse_inside(path: &Path, settings: &BusinessSettings) -> Result<(), BusinessFileError> {
    let Some(webhooks) = &settings.webhooks else { return Ok(()) };
    let Err(flaw) = check_url(&webhooks.url, false) else { return Ok(()) };
    let text = located::read_file(path)?;
    let problem = located::at_key(path, &text, "webhooks.url", &flaw.to_string());
    Err(BusinessFileError::Inconsistent(vec![problem]))
}

/// Reads and checks `text`, the content of `file`.
///
/// # Errors
/// As [`read`].
pub fn parse(file: &Path, text: &str) -> Result<BusinessSettings, BusinessFileError> {
    parse_noticing(file, text).map(|read| read.settings)
}

fn parse_noticing(file: &Path, text: &str) -> Result<BusinessFile, BusinessFileError> {
    let place = |key: &str, message: &str| located::at_key(file, text, key, message);
    let mut mended = Ok(Vec::new());
    let mut has_section = false;
    let read = located::from_toml(file, text, |mut keys| {
        mended = numbers::mend(&mut keys);
        has_section = keys.get("appointments").is_some();
        BusinessSettings::from_json(keys)
    });
    let remark = |remark: Remark| place(&remark.key, &remark.message);
    let rewritten = mended.map_err(|wrong| ConfigError::InFile(remark(wrong)))?;
    let read = read.map_err(|wrong| ConfigError::InFile(with_home(wrong)));
    let settings = validated(read?, place)?;
    let mut notices: Vec<Located> = rewritten.into_iter().map(remark).collect();
    notices.extend(
        settings.notices().iter().map(|notice| place(&notice.key, &notice.rule.to_string())),
    );
    if has_section && settings.appointments.hours.is_empty() {
        notices.push(place("appointments.hours", NO_HOURS));
    }
    notices.sort_by_key(|notice| (notice.line, notice.column));
    Ok(BusinessFile { settings, notices })
}

/// Where a key belongs that stands in another section.
fn with_home(mut wrong: Located) -> Located {
    let Some((before, after)) = wrong.message.split_once("unknown key `") else { return wrong };
    let Some((name, _)) = after.split_once('`') else { return wrong };
    let homes = homes(name);
    if !homes.is_empty() {
        let homes = homes.join("` or `");
        wrong.message = format!("{before}unknown key `{name}`: there is `{homes}`");
    }
    wrong
}

/// The sections that have a key of this name, each with it.
fn homes(name: &str) -> Vec<String> {
    // A business that has every section.
    let whole = json!({
        "slug": "a", "name": "A", "phone_numbers": ["+97231234567"],
        "transfer": { "number": "+972501112233" }, "webhooks": { "url": "https://example.com" },
    });
    let whole = BusinessSettings::from_json(whole).ok();
    let sections = whole.and_then(|business| serde_json::to_value(business).ok());
    let Some(Value::Object(sections)) = sections else { return Vec::new() };
    let with_it = sections.iter().filter(|(_, section)| section.get(name).is_some());
    with_it.map(|(section, _)| format!("{section}.{name}")).collect()
}

/// The section is there, but nothing can come of it.
const NO_HOURS: &str = "no day has opening hours, so no appointment is ever made: give a day at least \
                        one span, as in sunday = [\"09:00-13:00\"], or leave [appointments] out";

/// As [`parse`], with some keys changed. `place` locates an error that a change causes, by its key and
/// message.
///
/// # Errors
/// As [`read`].
#[cfg(feature = "practice")]
pub(crate) fn parse_changed(
    file: &Path,
    text: &str,
    changes: &toml::Table,
    place: impl Fn(&str, &str) -> Located,
) -> Result<BusinessSettings, BusinessFileError> {
    // Read without the changes first: only then do errors in the file have a line.
    let unchanged = parse(file, text)?;
    if changes.is_empty() {
        return Ok(unchanged);
    }
    let mut keys = located::table(file, text).map_err(ConfigError::InFile)?;
    merge(&mut keys, changes);
    let mut keys = located::to_json(keys);
    numbers::mend(&mut keys)
        .map_err(|wrong| ConfigError::InFile(place(&wrong.key, &wrong.message)))?;
    let read = BusinessSettings::from_json(keys);
    let settings = read.map_err(|error| {
        let message = in_words(&error.inner().to_string());
        ConfigError::InFile(place(&error.path().to_string(), &message))
    })?;
    validated(settings, place)
}

fn validated(
    settings: BusinessSettings,
    place: impl Fn(&str, &str) -> Located,
) -> Result<BusinessSettings, BusinessFileError> {
    settings.validate().map_err(|problems| {
        let located = problems.iter().map(|problem| place(&problem.key, &problem.rule.to_string()));
        BusinessFileError::Inconsistent(located.collect())
    })?;
    Ok(settings)
}

/// Sets the keys of `changes`. Tables are merged, any other value is replaced.
#[cfg(feature = "practice")]
fn merge(keys: &mut toml::Table, changes: &toml::Table) {
    for (key, change) in changes {
        match (keys.get_mut(key), change) {
            (Some(toml::Value::Table(inner)), toml::Value::Table(change)) => {
                merge(inner, change);
            }
            _ => {
                keys.insert(key.clone(), change.clone());
            }
        }
    }
}

struct Lines<'a>(&'a [Located]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
