//! Prompts in files of their own.

use std::io::ErrorKind;
use std::path::PathBuf;

use syn::LitStr;

/// Reads the file that a literal names, from the root of the crate that is compiled. The line end at its end
/// is no part of the prompt.
pub(crate) fn read(path: &LitStr) -> syn::Result<String> {
    let root = std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(PathBuf::new, PathBuf::from);
    let name = path.value();
    let text = std::fs::read(root.join(&name)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "there is no file `{name}`; `prompt_file` is a path from the root of the crate, where its Cargo.toml is"
        ),
        _ => format!("the file `{name}` cannot be read: {error}"),
    });
    let text = text.and_then(|bytes| {
        let text =
            String::from_utf8(bytes).map_err(|_| format!("the file `{name}` is not UTF-8"))?;
        // A checkout or an editor of another system does not change a prompt.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        match text.trim().is_empty() {
            true => Err(format!("the file `{name}` is empty")),
            false => Ok(text.replace("\r\n", "\n").trim_end_matches('\n').to_owned()),
        }
    });
    text.map_err(|message| syn::Error::new_spanned(path, message))
}
