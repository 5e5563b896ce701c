//! What a session of a call is set to: the same in every session of that call (CALL-4).

mod wording;

use protocol::business;
use protocol::calendar::Tool;
use protocol::call::CallSetup;
use protocol::openai::session::{
    Eagerness, MaxOutputTokens, NoiseReduction, SessionSettings, TokenLimit, ToolSpec,
    Transcription, TurnDetection,
};
use serde_json::json;

/// The settings for the one `session.update` of each session of this call.
#[must_use]
pub fn session_settings(setup: &CallSetup) -> SessionSettings {
    let agent = &setup.settings.agent;
    SessionSettings {
        instructions: setup.instructions.to_string(),
        voice: agent.voice.clone(),
        speed: agent.speed,
        turn_detection: match agent.turn_detection {
            business::TurnDetection::ServerVad => TurnDetection::ServerVad {
                threshold: agent.vad_threshold,
                prefix_padding_ms: millis(agent.prefix_padding),
                silence_duration_ms: millis(agent.silence_duration),
            },
            business::TurnDetection::SemanticVad => TurnDetection::SemanticVad {
                eagerness: match agent.eagerness {
                    business::Eagerness::Low => Eagerness::Low,
                    business::Eagerness::Medium => Eagerness::Medium,
                    business::Eagerness::High => Eagerness::High,
                    business::Eagerness::Auto => Eagerness::Auto,
                },
            },
        },
        noise_reduction: match agent.noise_reduction {
            business::NoiseReduction::Off => None,
            business::NoiseReduction::NearField => Some(NoiseReduction::NearField),
            business::NoiseReduction::FarField => Some(NoiseReduction::FarField),
        },
        transcription: Transcription {
            model: agent.transcription_model.clone(),
            language: agent.transcription_language.as_ref().map(|code| code.as_str().to_owned()),
        },
        tools: tools(setup),
        max_output_tokens: match agent.max_output_tokens {
            business::MaxOutputTokens::Inf => MaxOutputTokens::Inf,
            business::MaxOutputTokens::Limit(limit) => TokenLimit::try_from(u32::from(limit.get()))
                .map_or(MaxOutputTokens::Inf, MaxOutputTokens::N),
        },
    }
}

/// The tools the model may call in this call; those of the calendar where the business has hours.
fn tools(setup: &CallSetup) -> Vec<ToolSpec> {
    let settings = &setup.settings;
    let mut tools = vec![call_control(), wording::update_lead_details(settings)];
    if setup.transfer.is_some() {
        tools.push(wording::transfer_call(settings));
    }
    if !settings.appointments.hours.is_empty() {
        tools.extend(Tool::ALL.map(|tool| wording::calendar(tool, settings)));
    }
    tools
}

fn call_control() -> ToolSpec {
    ToolSpec {
        name: "call_control".to_owned(),
        description: "Report how the call stands, and ask to end it. Call it with \
                      should_end_call=true only when the caller has said goodbye, has clearly \
                      declined, or everything required was collected and nothing else is wanted. \
                      Speak your parting words in the same response."
            .to_owned(),
        parameters: json!({
            "type": "object",
            "properties": {
                "should_end_call": { "type": "boolean" },
                "end_reason": {
                    "type": ["string", "null"],
                    "enum": ["lead_complete", "user_goodbye", "customer_declined", "no_response", null],
                },
                "lead_status": { "type": "string", "enum": ["in_progress", "complete", "declined"] },
                "missing_fields": { "type": "array", "items": { "type": "string" } },
                "notes": { "type": "string" },
            },
            "required": ["should_end_call", "lead_status", "missing_fields"],
        }),
    }
}

fn millis(duration: std::time::Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
