//! Reads the file of `prompt_file`.

use std::io::ErrorKind;
use std::path::PathBuf;

use syn::LitStr;

/// Reads a file relative to the root of the crate that is being compiled.
///
/// The prompt does not include a byte order mark or the line ends at the end of the file, and `\r\n` becomes
/// `\n`, so that a checkout or an editor on another system does not change it.
pub(crate) fn read(path: &LitStr) -> syn::Result<String> {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let name = path.value();
    let text = std::fs::read(root.join(&name)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "the file `{name}` does not exist; `prompt_file` is relative to the directory of Cargo.toml"
        ),
        _ => format!("the file `{name}` cannot be read: {error}"),
    });
    let text = text.and_then(|bytes| {
        let text = String::from_utf8(bytes)
            .map_err(|_| format!("the file `{name}` is not valid UTF-8; save it as such"))?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match text.trim().is_empty() {
            true => Err(format!(
                "the file `{name}` is empty; write the prompt into it"
            )),
            false => Ok(text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()),
        }
    });
    text.map_err(|message| syn::Error::new_spanned(path, message))
}
