//! The default texts of a business's language, as the fields' help shows them.

use protocol::business::Language;
use protocol::business::lines;

/// The text that is spoken or written if the business gives none; `None` if this key has no such text, or the language
/// has none.
pub(super) fn text(path: &str, language: &Language) -> Option<String> {
    let lines = lines::defaults(language)?;
    let text = match path {
        "greeting.text" => lines.greeting,
        "ending.closing_text" => lines.closing,
        "ending.decline_text" => lines.decline,
        "ending.lead_complete_text" => lines.lead_complete,
        "ending.no_response_text" => lines.no_response,
        "silence.texts" => return Some(lines.silence_checks.join(" / ")),
        "outbound.machine_text" => lines.machine_message,
        "transfer.text" => lines.transfer_farewell,
        "whatsapp.too_long_text" => lines.too_long,
        "whatsapp.media_text" => lines.media,
        "whatsapp.apology_text" => lines.written_apology,
        "apology.text" => lines.apology,
        _ => return None,
    };
    Some(text.to_owned())
}
