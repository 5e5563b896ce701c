//! Enums whose variants are one word each on the wire.

use thiserror::Error;

/// A value that is not in a field's documented list. Its text names the list, not the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected one of {}", expected.join(", "))]
pub struct UnknownValue {
    pub(super) expected: &'static [&'static str],
}

/// An enum with `as_str`, `Display` and `FromStr` by the variants' words.
macro_rules! wire_enum {
    (
        $(#[$doc:meta])*
        $vis:vis enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$doc])*
        $vis enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            $vis fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::twilio::forms::UnknownValue;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::twilio::forms::UnknownValue { expected: &[$($word),+] }),
                }
            }
        }
    };
}
pub(super) use wire_enum;
