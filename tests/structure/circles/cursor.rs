//! A position in a file's tokens.

use super::tokens::Token;

pub(super) struct Cursor<'a> {
    pub(super) tokens: &'a [Token],
    pub(super) at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(tokens: &'a [Token]) -> Self {
        Self { tokens, at: 0 }
    }

    pub(super) fn peek(&self, ahead: usize) -> Option<&'a Token> {
        self.tokens.get(self.at + ahead)
    }

    pub(super) fn word(&self, ahead: usize) -> Option<&'a str> {
        self.peek(ahead).and_then(Token::word)
    }

    pub(super) fn is(&self, ahead: usize, symbol: char) -> bool {
        self.peek(ahead).is_some_and(|token| token.is(symbol))
    }

    /// Skips a pair of brackets and what is in it.
    pub(super) fn group(&mut self) {
        let mut depth = 0_usize;
        while let Some(token) = self.peek(0) {
            self.at += 1;
            match token {
                Token::Symbol('(' | '[' | '{') => depth += 1,
                Token::Symbol(')' | ']' | '}') => depth -= 1,
                Token::Symbol(_) | Token::Word(_) | Token::PathSeparator => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}
