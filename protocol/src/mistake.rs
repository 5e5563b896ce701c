//! Whether a test has planted a mistake, and it bites now. Without the feature `mistakes` none is, and nothing of
//! them is compiled.

#[cfg(feature = "mistakes")]
macro_rules! planted {
    ($mistake:ident $(if $bites:expr)?) => {
        mistakes::planted(mistakes::Mistake::$mistake) $(&& $bites)?
    };
}

#[cfg(not(feature = "mistakes"))]
macro_rules! planted {
    ($mistake:ident $(if $bites:expr)?) => {
        false
    };
}

pub(crate) use planted;
