//! Whole numbers that a text can have. Templates pass fields by reference.

/// A whole number.
pub trait Count {
    /// Its value.
    fn value(&self) -> u64;
}

macro_rules! counts {
    ($($number:ty),+) => {
        $(impl Count for $number {
            fn value(&self) -> u64 {
                u64::try_from(*self).unwrap_or(u64::MAX)
            }
        })+
    };
}

counts!(u8, u16, u32, u64, usize);

impl<T: Count> Count for &T {
    fn value(&self) -> u64 {
        (*self).value()
    }
}

/// A whole number with its thousands apart. Hebrew and English do it alike.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
