//! The file of entries that the database can never take.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Its name in `server.state_dir`.
pub(super) const FILE: &str = "frontdesk-refused.jsonl";
/// Further entries are counted only.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Refused {
    path: PathBuf,
    count: u64,
}

impl Refused {
    pub(super) fn open(folder: &Path) -> Self {
        Self { path: folder.join(FILE), count: 0 }
    }

    /// Returns the number of entries since the start.
    pub(super) fn append(&mut self, line: &str) -> io::Result<u64> {
        self.count += 1;
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
        if file.metadata()?.len() + line.len() as u64 > MAX_BYTES {
            return Err(io::ErrorKind::StorageFull.into());
        }
        writeln!(file, "{line}")?;
        file.sync_data()?;
        Ok(self.count)
    }

    /// The CallSids and telephone numbers in it.
    pub(super) fn named(&self) -> io::Result<BTreeSet<String>> {
        Ok(names(&self.read()?).map(str::to_owned).collect())
    }

    /// The old file stays until the new one is whole.
    pub(super) fn drop_those(&mut self, named: &BTreeSet<String>) -> io::Result<u64> {
        let text = self.read()?;
        let is_kept = |line: &&str| !names(line).any(|name| named.contains(name));
        let kept: Vec<&str> = text.lines().filter(is_kept).collect();
        let gone = text.lines().count() - kept.len();
        if gone == 0 {
            return Ok(0);
        }
        let new = self.path.with_extension("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        for line in kept {
            writeln!(file, "{line}")?;
        }
        file.sync_data()?;
        fs::rename(new, &self.path)?;
        Ok(gone as u64)
    }

    pub(super) fn forget_before(&mut self, instant: SystemTime) -> io::Result<()> {
        match fs::metadata(&self.path) {
            Ok(file) if file.modified()? < instant => fs::remove_file(&self.path),
            Ok(_) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn read(&self) -> io::Result<String> {
        match fs::read(&self.path) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
            Err(error) => Err(error),
        }
    }
}

/// What looks like a CallSid or a number in E.164.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|char: char| !char.is_ascii_alphanumeric() && char != '+');
    words.filter(|word| {
        let digits = word.strip_prefix('+').is_some_and(|rest| rest.len() >= 6);
        digits || (word.starts_with("CA") && word.len() == 34)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lead_5_lines_that_name_a_person_or_their_call_are_removed_and_the_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let mut refused = Refused::open(folder.path());
        assert_eq!(refused.named().unwrap(), BTreeSet::new());
        let (call, other) = (format!("CA{:032x}", 1), format!("CA{:032x}", 2));
        let number = "+972501234567".to_owned();
        let lines = [
            format!("{{\"call\":\"{call}\",\"text\":\"a\"}}"),
            format!("{{\"call\":\"{other}\",\"from\":\"{number}\"}}"),
            format!("{{\"call\":\"{other}\",\"text\":\"1+1\"}}"),
        ];
        for line in &lines {
            refused.append(line).unwrap();
        }
        let all = BTreeSet::from([call.clone(), other, number.clone()]);
        assert_eq!(refused.named().unwrap(), all);
        assert_eq!(refused.drop_those(&BTreeSet::from([call, number])).unwrap(), 2);
        assert_eq!(
            fs::read_to_string(folder.path().join(FILE)).unwrap(),
            format!("{}\n", lines[2])
        );
        assert_eq!(refused.append(&lines[0]).unwrap(), 4);
    }

    #[test]
    fn ops_7_the_file_goes_when_its_last_line_is_too_old() {
        let folder = tempfile::tempdir().unwrap();
        let mut refused = Refused::open(folder.path());
        refused.forget_before(SystemTime::UNIX_EPOCH).unwrap();
        refused.append("{}").unwrap();
        let path = folder.path().join(FILE);
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        refused.forget_before(written).unwrap();
        assert!(path.exists());
        refused.forget_before(written + std::time::Duration::from_secs(1)).unwrap();
        assert!(!path.exists());
    }
}
