//! Enums whose every variant is one word on the wire.

use thiserror::Error;

/// A word that is none of those a field can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected one of {}", expected.join(", "))]
pub struct UnknownWord {
    pub(super) expected: &'static [&'static str],
}

/// An enum whose every variant is one word on the wire.
macro_rules! words {
    (
        $(#[$doc:meta])*
        pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }
    ) => {
        $(#[$doc])*
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// The word on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
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
            type Err = $crate::twilio::forms::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err($crate::twilio::forms::UnknownWord { expected: &[$($word),+] }),
                }
            }
        }
    };
}
pub(super) use words;
