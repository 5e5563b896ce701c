//! How lists are printed (OPS-14): a table for a person, CSV for a spreadsheet, JSON for a program.

use std::io::{self, Write};

use clap::Args;
use serde::Serialize;

use crate::table::table;

/// How a list is printed: without either, as a table.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct Format {
    /// Print JSON: what the API shows of each.
    #[arg(long, conflicts_with = "csv")]
    pub(super) json: bool,
    /// Print CSV in UTF-8, with a line of headings.
    #[arg(long)]
    pub(super) csv: bool,
}

/// A column of a table or a CSV file.
pub(super) struct Column<T>(pub(super) &'static str, pub(super) fn(&T) -> String);

/// What is printed of a list's rows.
pub(super) struct Layout<T: 'static> {
    /// The last column is cut where the terminal ends.
    pub(super) table: &'static [Column<T>],
    pub(super) csv: &'static [Column<T>],
    /// Printed instead of an empty table.
    pub(super) none: &'static str,
}

impl<T> Layout<T> {
    /// Prints the rows; in JSON, as `shown`.
    pub(super) fn print<S: Serialize>(
        &self,
        format: Format,
        rows: Vec<T>,
        shown: impl Fn(T) -> S,
        out: &mut impl Write,
    ) -> io::Result<()> {
        if format.json {
            return print_json(out, &rows.into_iter().map(shown).collect::<Vec<_>>());
        }
        if format.csv {
            return self.print_csv(&rows, out);
        }
        if rows.is_empty() {
            return writeln!(out, "{}", self.none);
        }
        let heading = self.table.iter().map(|column| column.0.to_owned()).collect();
        let cells = |row| self.table.iter().map(|column| (column.1)(row)).collect();
        let lines: Vec<Vec<String>> =
            std::iter::once(heading).chain(rows.iter().map(cells)).collect();
        out.write_all(table(&lines).as_bytes())
    }

    fn print_csv(&self, rows: &[T], out: &mut impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(self.csv.iter().map(|column| column.0))?;
        for row in rows {
            csv.write_record(self.csv.iter().map(|column| harmless((column.1)(row))))?;
        }
        csv.flush()
    }
}

/// Spreadsheets run a cell that begins as a formula, and callers say what they like. An apostrophe makes it a
/// text. A telephone number stays as it is.
fn harmless(cell: String) -> String {
    let is_formula = match cell.as_bytes() {
        [b'=' | b'-' | b'@' | b'\t' | b'\r', ..] => true,
        [b'+', rest @ ..] => !rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if is_formula { format!("'{cell}") } else { cell }
}

/// Prints a value as indented JSON.
pub(super) fn print_json(out: &mut impl Write, value: &impl Serialize) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, value)?;
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Layout<&str> = Layout {
        table: &[
            Column("LENGTH", |word| word.len().to_string()),
            Column("WORD", |word| (*word).to_owned()),
        ],
        csv: &[Column("word", |word| (*word).to_owned())],
        none: "no words",
    };

    fn printed(format: Format, words: &[&'static str]) -> String {
        let mut out = Vec::new();
        WORDS.print(format, words.to_vec(), |word| word, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn ops_14_a_list_is_a_table_csv_or_json() {
        let (json, csv) = (Format { json: true, csv: false }, Format { json: false, csv: true });
        let words = ["one", "two, three"];
        assert_eq!(
            printed(Format::default(), &words),
            "LENGTH  WORD\n3       one\n10      two, three\n"
        );
        assert_eq!(printed(csv, &words), "word\none\n\"two, three\"\n");
        assert_eq!(printed(json, &words), "[\n  \"one\",\n  \"two, three\"\n]\n");
        assert_eq!(printed(Format::default(), &[]), "no words\n");
        // A program gets an empty list, not a sentence.
        assert_eq!(
            (printed(json, &[]), printed(csv, &[])),
            ("[]\n".to_owned(), "word\n".to_owned())
        );
    }

    #[test]
    fn ops_14_no_cell_is_a_formula() {
        for cell in ["=1+1", "-1", "@SUM(A1)", "+1+1", "\t=1"] {
            assert_eq!(harmless(cell.to_owned()), format!("'{cell}"));
        }
        for cell in ["+972501234567", "דנה", "", "a=b"] {
            assert_eq!(harmless(cell.to_owned()), cell);
        }
    }
}
