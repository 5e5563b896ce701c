//! What is taken, and is likely not meant (OPS-12).

use super::{Problem, Rule};
use crate::business::BusinessSettings;
use crate::openai::usage::{TRANSCRIPTION_MODELS, VOICE_MODELS, is_among};

/// Notices about the settings. A model may be newer than this version, so its name is no error.
pub(in crate::business) fn notices(business: &BusinessSettings) -> Vec<Problem> {
    let agent = &business.agent;
    let models = [
        ("agent.model", &agent.model, &VOICE_MODELS[..]),
        ("agent.transcription_model", &agent.transcription_model, &TRANSCRIPTION_MODELS[..]),
    ];
    let unknown = models.into_iter().filter(|(_, model, known)| !is_among(known, model));
    let notice = |(key, model, known): (&str, &String, &'static [&'static str])| Problem {
        key: key.to_owned(),
        rule: Rule::UnknownModel { model: model.clone(), known },
    };
    unknown.map(notice).collect()
}
