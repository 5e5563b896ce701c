//! Text in columns that line up.

/// The columns of a terminal that output is made for.
const TERMINAL: usize = 80;

/// Lays rows out in columns, separated by two spaces. The last column is not padded, and is cut where a
/// terminal of 80 columns ends. Widths are counted in characters.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let before_last: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str(&cut(line.trim_end(), TERMINAL.max(before_last + LEAST_OF_LAST)));
        text.push('\n');
    }
    text
}

/// What is shown of the last column, however wide the others are.
const LEAST_OF_LAST: usize = 12;

/// The text, or its beginning and an ellipsis if it has more characters than `most`.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// The text as one line: its words, and one space between them.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_in_any_script() {
        let rows = [["slug", "name"], ["locks", "מנעולי"], ["clinic-2", "Harbour"]];
        let rows = rows.map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(table(&rows), "slug      name\nlocks     מנעולי\nclinic-2  Harbour\n");
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn ops_14_a_table_fits_a_terminal() {
        let row = |first: usize| vec!["x".repeat(first), "word ".repeat(40)];
        for line in table(&[row(9), row(30)]).lines() {
            assert!(line.chars().count() <= TERMINAL && line.ends_with('…'), "{line}");
        }
        // A first column that leaves no room cuts the last one, and does not swallow it.
        assert!(table(&[row(90)]).contains("  word word w…"), "{}", table(&[row(90)]));
    }

    #[test]
    fn words_become_one_line() {
        assert_eq!(
            one_line(" panicked:\n  index\tout of bounds "),
            "panicked: index out of bounds"
        );
        assert_eq!(cut("one two three", 8), "one two…");
        assert_eq!(cut("one", 3), "one");
    }
}
