//! The process's environment, read once.

use std::collections::BTreeMap;

/// The variables of the environment, without names that are not Unicode. In a value that is not, U+FFFD
/// stands for what can't be read.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn read() -> Self {
        // Not `vars`: it panics if a variable is not Unicode.
        std::env::vars_os()
            .filter_map(|(name, value)| {
                Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
            })
            .collect()
    }

    /// The value of a variable; `None` too if it is empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (String, String)> {
        self.0.clone().into_iter()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<T: IntoIterator<Item = (String, String)>>(variables: T) -> Self {
        Self(variables.into_iter().collect())
    }
}
