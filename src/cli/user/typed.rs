//! A password as somebody types it: never as an argument, which other users of the machine can see.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use thiserror::Error;

/// Why no password was read.
#[derive(Debug, Error)]
pub enum TypedError {
    #[error("the two passwords differ: nothing was changed")]
    Differ,
    #[error("no password was given: type one, or let --generate make one")]
    Nothing,
    #[error(
        "no listener shows the console, so a link leads nowhere: set console.listen, or admin.token"
    )]
    NoConsole,
    #[error("the password could not be read: {0}")]
    Unread(#[from] io::Error),
}

/// Reads a password from the standard input: typed twice without being seen, or the first line of a pipe.
pub(super) fn password() -> Result<String, TypedError> {
    let input = io::stdin();
    if !input.is_terminal() {
        return line(&mut input.lock());
    }
    let hidden = Hidden::begin()?;
    let first = asked("Password: ")?;
    let second = asked("Again: ")?;
    drop(hidden);
    if first == second { Ok(first) } else { Err(TypedError::Differ) }
}

fn asked(prompt: &str) -> Result<String, TypedError> {
    let mut terminal = io::stderr();
    write!(terminal, "{prompt}")?;
    terminal.flush()?;
    let typed = line(&mut io::stdin().lock());
    writeln!(terminal)?;
    typed
}

/// One line, without its end.
fn line(input: &mut impl BufRead) -> Result<String, TypedError> {
    let mut line = String::new();
    if input.read_line(&mut line)? == 0 {
        return Err(TypedError::Nothing);
    }
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// While it lives, the terminal does not show what is typed.
struct Hidden {
    before: Termios,
}

impl Hidden {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self { before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_2_a_password_is_the_first_line_of_a_pipe() {
        let read = |text: &str| line(&mut text.as_bytes());
        assert_eq!(read("a b \r\nsecond\n").unwrap(), "a b ");
        assert_eq!(read("unended").unwrap(), "unended");
        assert!(read("").unwrap_err().to_string().contains("--generate"));
    }
}
