//! Answers and errors of the REST API.

#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: serde_json::Value,
}

#[derive(Debug, Clone)]
pub(super) struct RestError {
    pub(super) status: u16,
    pub(super) code: u32,
    pub(super) message: String,
}

impl RestError {
    pub(super) fn new(status: u16, code: u32, message: &str) -> Self {
        Self { status, code, message: message.to_owned() }
    }

    pub(super) fn not_found(path: &str) -> Self {
        Self::new(404, 20404, &format!("The requested resource {path} was not found"))
    }
}
