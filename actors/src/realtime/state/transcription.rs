//! A transcription that OpenAI refuses: the settings are sent again with the model that last worked,
//! then without one (CALL-4). All sessions of the call keep what was accepted.

use protocol::call::{Event, SessionFault};
use protocol::openai::fault::FatalCause;
use protocol::openai::transcription::Transcription;

use super::{SessionAction, SessionState};

impl SessionState {
    /// The settings were refused because of the transcription.
    pub(super) fn on_transcription_refused(&mut self) -> SessionAction {
        let settings = &mut self.settings;
        let worked = self.transcriptions.get();
        let refused = settings.transcription.model(settings.agent()).unwrap_or_default();
        let next = settings.transcription.after_refusal(settings.agent(), worked.as_deref());
        let Some(next) = next else {
            return SessionAction::End(SessionFault::Lasting(FatalCause::Refused));
        };
        let instead = next.model(settings.agent()).unwrap_or("none");
        tracing::error!(model = refused, instead, "OpenAI refuses the transcription model");
        settings.transcription = next;
        self.send_settings();
        SessionAction::None
    }

    /// The session is configured with the transcription that was asked for.
    pub(super) fn transcription_accepted(&mut self) {
        let settings = &self.settings;
        let model = settings.transcription.model(settings.agent());
        if let Some(model) = model {
            self.transcriptions.set(model);
        }
        if settings.transcription != Transcription::AsSet {
            let instead = model.map(str::to_owned);
            self.reports.push(Event::TranscriptionRefused { instead });
        }
    }
}
