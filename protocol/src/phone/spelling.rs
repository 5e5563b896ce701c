//! How people and programs spell a number: signs between the digits, digits of other scripts, marks that
//! nobody sees, an extension behind it.

/// The signs of a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spelling {
    /// Whether it begins with a plus: its country code follows.
    pub(super) international: bool,
    /// ASCII digits; never empty.
    pub(super) digits: String,
    pub(super) extension: Option<String>,
}

/// The longest extension, in digits.
const LONGEST_EXTENSION: usize = 11;

/// What stands before an extension, in lower case and without separators. Longer ones come first.
const EXTENSIONS: [&str; 11] =
    ["extension", "extn", "ext", "доб", "שלוחה", "שלו", "#", "x", ",", ";", "х"];

impl Spelling {
    /// `None` if the text has other letters or signs than a number has.
    pub(super) fn read(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter_map(plain).flat_map(char::to_lowercase).collect();
        let plain = plain.strip_prefix("tel:").unwrap_or(&plain);
        let (international, rest) = match plain.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, plain),
        };
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, rest) = rest.split_at_checked(end)?;
        if digits.is_empty() {
            return None;
        }
        let extension = if rest.is_empty() { None } else { Some(extension(rest)?) };
        Some(Self { international, digits: digits.to_owned(), extension })
    }
}

/// The digits of an extension: `ext12`, `;ext=12`, `x12`.
fn extension(rest: &str) -> Option<String> {
    let mut rest = rest;
    while let Some(after) = EXTENSIONS.iter().find_map(|name| rest.strip_prefix(name)) {
        rest = after.trim_start_matches(['=', ':']);
    }
    let well_formed = (1..=LONGEST_EXTENSION).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then(|| rest.to_owned())
}

/// A sign as it counts: digits in ASCII, a plus as `+`; `None` for what only separates, or isn't seen.
fn plain(letter: char) -> Option<char> {
    if let Some(digit) = digit(letter) {
        return char::from_digit(digit, 10);
    }
    match letter {
        '+' | '\u{FF0B}' | '\u{FE62}' | '\u{207A}' => Some('+'),
        letter if letter.is_whitespace() || separates(letter) || is_invisible(letter) => None,
        letter => Some(letter),
    }
}

/// Dashes, slashes, dots and brackets.
fn separates(letter: char) -> bool {
    matches!(
        letter,
        '-' | '\u{2010}'
            ..='\u{2015}'
                | '\u{2043}'
                | '\u{2212}'
                | '\u{02D7}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FF0D}'
                | '\u{30FC}'
                | '\u{05BE}'
                | '\u{058A}'
                | '\u{1806}'
                | '\u{2E3A}'
                | '\u{2E3B}'
                | '~'
                | '\u{2053}'
                | '\u{223C}'
                | '\u{FF5E}'
                | '/'
                | '\\'
                | '\u{2044}'
                | '\u{2215}'
                | '\u{FF0F}'
                | '|'
                | '.'
                | '\u{00B7}'
                | '\u{2022}'
                | '\u{2024}'
                | '\u{2027}'
                | '\u{22C5}'
                | '\u{3002}'
                | '\u{FF0E}'
                | '('
                | ')'
                | '['
                | ']'
                | '{'
                | '}'
                | '\u{FF08}'
                | '\u{FF09}'
                | '\u{FF3B}'
                | '\u{FF3D}'
                | '\u{3010}'
                | '\u{3011}'
                | '\u{3014}'
                | '\u{3015}'
    )
}

/// Marks without a shape: of direction, joining, width zero, and variants of signs.
fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{20E3}' | '\u{E0000}'..='\u{E0FFF}')
}

/// The zeros of the scripts in which numbers are written; the other digits follow them.
const ZEROS: [char; 26] = [
    '0',
    '\u{0660}',
    '\u{06F0}',
    '\u{07C0}',
    '\u{0966}',
    '\u{09E6}',
    '\u{0A66}',
    '\u{0AE6}',
    '\u{0B66}',
    '\u{0BE6}',
    '\u{0C66}',
    '\u{0CE6}',
    '\u{0D66}',
    '\u{0E50}',
    '\u{0ED0}',
    '\u{0F20}',
    '\u{1040}',
    '\u{17E0}',
    '\u{1810}',
    '\u{FF10}',
    '\u{1D7CE}',
    '\u{1D7D8}',
    '\u{1D7E2}',
    '\u{1D7EC}',
    '\u{1D7F6}',
    '\u{1946}',
];

fn digit(letter: char) -> Option<u32> {
    ZEROS.iter().find_map(|zero| {
        let above = u32::from(letter).checked_sub(u32::from(*zero))?;
        (above < 10).then_some(above)
    })
}
