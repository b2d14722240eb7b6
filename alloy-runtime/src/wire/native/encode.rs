//! A chat request as the body of `POST /api/chat`.

use crate::wire::Chat;
use crate::wire::json::Writer;

/// Room for everything but the texts: the keys, the braces and the options.
const FRAME: usize = 192;

/// The body, written once.
///
/// `truncate: false` makes a prompt that is too long an error of the server, where it would cut the
/// prompt's beginning without a word otherwise.
pub(crate) fn body(chat: &Chat<'_>) -> Vec<u8> {
    let Chat {
        model,
        system,
        form,
        prompt,
        format,
        temperature,
        max_tokens,
    } = *chat;
    let texts = [Some(model), system, form, Some(prompt), format];
    let length: usize = texts.into_iter().flatten().map(str::len).sum();
    // An eighth more for what escaping adds.
    let mut out = Writer::with_capacity(length + length / 8 + FRAME);

    out.raw("{\"model\":").value(model).raw(",\"messages\":[");
    if system.is_some() || form.is_some() {
        out.raw("{\"role\":\"system\",\"content\":");
        out.system_text(system, form);
        out.raw("},");
    }
    out.raw("{\"role\":\"user\",\"content\":")
        .value(prompt)
        .raw("}]");
    out.raw(",\"stream\":false");
    if let Some(format) = format {
        out.raw(",\"format\":").raw(format);
    }
    options(&mut out, temperature, max_tokens);
    out.raw(",\"truncate\":false}");
    out.into_bytes()
}

fn options(out: &mut Writer, temperature: Option<f64>, max_tokens: Option<u32>) {
    let mut opening = ",\"options\":{";
    if let Some(temperature) = temperature {
        out.raw(opening).raw("\"temperature\":").value(temperature);
        opening = ",";
    }
    if let Some(max_tokens) = max_tokens {
        out.raw(opening).raw("\"num_predict\":").value(max_tokens);
        opening = ",";
    }
    if opening == "," {
        out.raw("}");
    }
}
