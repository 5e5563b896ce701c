//! Every page of the gallery, in both languages, read as a browser reads it.

#[path = "../examples/gallery/samples.rs"]
mod samples;

#[path = "it/assets.rs"]
mod assets;
#[path = "it/businesses.rs"]
mod businesses;
#[path = "it/document.rs"]
mod document;
#[path = "it/pages.rs"]
mod pages;
#[path = "it/texts.rs"]
mod texts;
