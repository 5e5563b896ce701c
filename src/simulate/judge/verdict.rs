//! The verdict on a call.

use super::told::Told;

/// The verdict on one call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// One line each.
    pub faults: Vec<String>,
    /// Number of checks.
    pub looked_at: usize,
    /// Expectations that could not be checked.
    pub unseen: Vec<&'static str>,
}

impl Verdict {
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    pub(super) fn look(&mut self, what: &str, found: Result<(), String>) {
        self.looked_at += 1;
        if let Err(fault) = found {
            self.faults.push(format!("{what}: {fault}"));
        }
    }

    pub(super) fn equal<T: PartialEq + Told>(&mut self, what: &str, expected: Option<&T>, was: &T) {
        if let Some(expected) = expected {
            let equal = expected == was;
            self.look(
                what,
                if equal {
                    Ok(())
                } else {
                    Err(format!("expected {}, was {}", expected.told(), was.told()))
                },
            );
        }
    }
}
