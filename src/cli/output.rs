//! Whether output is coloured.

use std::io::IsTerminal;

use super::environment::Environment;

/// Whether `stream` shows colours: a terminal whose user hasn't set `NO_COLOR`.
pub(super) fn is_colored(stream: &impl IsTerminal, environment: &Environment) -> bool {
    stream.is_terminal() && environment.get("NO_COLOR").is_none()
}
