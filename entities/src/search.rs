//! What lists are searched by: words, wherever they stand in a text.

use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, SimpleExpr};

/// A text that is looked for, without regard to upper and lower case. SQLite knows the cases of Latin letters
/// alone.
#[derive(Debug, Clone)]
pub(crate) struct Words(String);

impl Words {
    /// `None` if there is nothing to look for.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_lowercase()))
    }

    /// Whether the text of a column has them.
    pub(crate) fn are_in(&self, column: Expr) -> Expr {
        SimpleExpr::from(Func::lower(column)).like(contains(&self.0))
    }

    /// Whether a column with a telephone number has their digits. `None` if they are no part of a number.
    pub(crate) fn are_digits_of(&self, column: Expr) -> Option<Expr> {
        Some(column.like(contains(&self.digits()?)))
    }

    /// The digits, without the zeros that a country code replaces.
    fn digits(&self) -> Option<String> {
        /// Fewer would be part of nearly every number.
        const FEWEST: usize = 3;
        let is_part = |letter: char| letter.is_ascii_digit() || "+-() .".contains(letter);
        if !self.0.chars().all(is_part) {
            return None;
        }
        let digits: String = self.0.chars().filter(char::is_ascii_digit).collect();
        let digits = digits.trim_start_matches('0');
        (digits.len() >= FEWEST).then(|| digits.to_owned())
    }
}

/// The pattern of texts that have this one in them.
fn contains(text: &str) -> LikeExpr {
    let mut pattern = String::from("%");
    for letter in text.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn con_3_a_number_is_looked_for_by_its_digits_however_it_is_written() {
        let digits = |text: &str| Words::of(text).and_then(|words| words.digits());
        assert_eq!(digits("054-123 45").as_deref(), Some("5412345"));
        assert_eq!(digits("+972 54").as_deref(), Some("97254"));
        assert_eq!(digits("02"), None, "too short");
        assert_eq!(digits("12 Herzl"), None);
        assert!(Words::of("  ").is_none());
    }
}
