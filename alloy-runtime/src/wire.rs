//! What goes over the wire and comes back: requests and replies as bytes, made and read by pure
//! functions, one folder a protocol.

pub(crate) mod failure;
mod json;
pub(crate) mod native;

pub(crate) use self::json::system_text;

/// A reply as HTTP brought it, before a protocol has read it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Where a redirect points.
    pub(crate) location: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// One chat request, before a protocol has given it a form.
#[derive(Debug)]
pub(crate) struct Chat<'a> {
    /// The model's bare name.
    pub(crate) model: &'a str,
    /// The system text of the user's own.
    pub(crate) system: Option<&'a str>,
    /// The form of a typed answer, escaped for a JSON string; it follows the system text.
    pub(crate) form: Option<&'a str>,
    pub(crate) prompt: &'a str,
    /// What the server is to enforce, as JSON.
    pub(crate) format: Option<&'a str>,
    pub(crate) temperature: Option<f64>,
    pub(crate) max_tokens: Option<u32>,
}
