//! What is taken, and is likely not meant (OPS-12).

use super::Problem;
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
    let notice = |(key, model, known): (&str, &String, &[&str])| Problem {
        key: key.to_owned(),
        message: format!(
            "{model:?} is no model that this version knows: its calls fail if OpenAI does not \
             have it, and their cost is not known; known are {}",
            known.join(", ")
        ),
    };
    unknown.map(notice).collect()
}
