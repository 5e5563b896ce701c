//! The forms of numbers: what the lists of number ranges say of a number, from certain to impossible.

use phonenumber::metadata::Descriptor;
use phonenumber::{Metadata, Type};

use super::split_code;

/// The kinds of numbers that can be called.
const KINDS: [Type; 10] = [
    Type::FixedLine,
    Type::Mobile,
    Type::TollFree,
    Type::PremiumRate,
    Type::SharedCost,
    Type::PersonalNumber,
    Type::Voip,
    Type::Pager,
    Type::Uan,
    Type::Voicemail,
];

/// Whether numbers of this form exist in the country.
pub(super) fn is_known(region: &Metadata, national: &str) -> bool {
    match fit(region.descriptors().general(), national) {
        Fit::Whole => true,
        Fit::None => false,
        // A pattern of alternatives takes the first that fits the beginning, and misses a longer one
        // behind it: Korea's mobile numbers begin as its short ones do. So each kind is asked too.
        Fit::Beginning => kinds(region).any(|kind| fit(kind, national) == Fit::Whole),
    }
}

/// How much of a number a pattern describes.
#[derive(PartialEq, Eq)]
enum Fit {
    Whole,
    Beginning,
    None,
}

fn fit(kind: &Descriptor, national: &str) -> Fit {
    match kind.national_number().find(national) {
        Some(found) if found.start() == 0 && found.end() == national.len() => Fit::Whole,
        Some(found) if found.start() == 0 => Fit::Beginning,
        Some(_) | None => Fit::None,
    }
}

/// Whether a number in E.164 lies in a range that is in use.
pub(super) fn is_in_use(number: &str) -> bool {
    phonenumber::parse(None, number).is_ok_and(|number| phonenumber::is_valid(&number))
}

/// Whether a country has numbers of this code and length. Its ranges are not looked at: they open faster
/// than lists of them are updated.
pub(super) fn can_exist(digits: &str) -> bool {
    split_code(digits).is_some_and(|(_, national, regions)| {
        regions.iter().any(|region| is_known(region, national) || has_length(region, national))
    })
}

/// Whether the digits are as many as are dialled within an area of the country, and too few with its code.
pub(super) fn is_local(region: &Metadata, digits: &str) -> bool {
    let kinds = [region.descriptors().fixed_line(), region.descriptors().mobile()];
    let mut kinds = kinds.into_iter().flatten();
    let is_local = kinds.clone().any(|kind| is_among(kind.possible_local_length(), digits));
    is_local && !kinds.any(|kind| is_among(kind.possible_length(), digits))
}

fn has_length(region: &Metadata, national: &str) -> bool {
    kinds(region).any(|kind| is_among(kind.possible_length(), national))
}

fn kinds(region: &Metadata) -> impl Iterator<Item = &Descriptor> {
    KINDS.into_iter().filter_map(|kind| region.descriptors().get(kind))
}

fn is_among(lengths: &[u16], digits: &str) -> bool {
    lengths.iter().any(|length| usize::from(*length) == digits.len())
}
