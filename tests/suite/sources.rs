//! The source files of both crates, read as text for the tests of architecture and style.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file.
pub(crate) struct Source {
    /// The path below the repository's root.
    pub(crate) path: String,
    /// The path below `src`, without `.rs`, in segments.
    segments: Vec<String>,
    /// The top-level module.
    pub(crate) module: String,
    /// The text without the tests at its end.
    pub(crate) text: String,
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Reads the files below a crate's `src`, without those that are tests only.
pub(crate) fn sources(krate: &str) -> Vec<Source> {
    let folder = root().join(krate).join("src");
    let mut found = Vec::new();
    for path in files_below(&folder) {
        let inside = path.strip_prefix(&folder).unwrap().with_extension("");
        let segments: Vec<String> = inside
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned())
            .collect();
        if segments.iter().any(|part| part == "tests") {
            continue;
        }
        let whole = fs::read_to_string(&path).unwrap();
        let text = match whole.find("\nmod tests {") {
            Some(end) => whole[..end].to_owned(),
            None => whole.clone(),
        };
        found.push(Source {
            path: path.strip_prefix(root()).unwrap().display().to_string(),
            module: segments[0].clone(),
            segments,
            text,
        });
    }
    assert!(found.len() > 10, "{krate} has sources");
    found
}

/// Lists the `.rs` files below a folder.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

impl Source {
    /// Returns the path of its module. That of `lib.rs` is empty.
    pub(crate) fn module_path(&self) -> Vec<String> {
        match self.segments.as_slice() {
            [only] if only == "lib" => Vec::new(),
            // The file in place of the engine, in a build without it.
            segments if segments.last().is_some_and(|last| last == "disabled") => {
                segments[..segments.len() - 1].to_vec()
            }
            segments => segments.to_vec(),
        }
    }

    /// Returns the lines that are not comments.
    pub(crate) fn code(&self) -> impl Iterator<Item = &str> {
        let lines = self.text.lines();
        lines.filter(|line| !line.trim_start().starts_with("//"))
    }

    /// Returns the paths that the file uses, from the crate's root: `use` declarations, and paths in expressions.
    pub(crate) fn imports(&self) -> Vec<Vec<String>> {
        let code: Vec<&str> = self.code().collect();
        let code = code.join("\n");
        let mut imports = Vec::new();
        for start in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(start) {
                let before = code[..at].chars().next_back();
                let is_inside_path =
                    before.is_some_and(|c| c.is_alphanumeric() || "_:$".contains(c));
                // `extern crate::` and `$crate::` are not ours; `Self::` begins in upper case.
                if !is_inside_path {
                    imports.extend(expand(&code[at..]));
                }
            }
        }
        let absolute = imports.iter().map(|path| self.absolute(path));
        absolute.filter(|path| !path.is_empty()).collect()
    }

    /// Returns the names that the file re-exports from its children, and where they come from.
    pub(crate) fn exports(&self) -> Vec<(String, Vec<String>)> {
        let code: Vec<&str> = self.code().collect();
        let code = code.join("\n");
        let mut exports = Vec::new();
        for (at, found) in code.match_indices("use self::") {
            let is_public = code[..at].lines().next_back().unwrap_or("").trim_start();
            if is_public.starts_with("pub") {
                let tree = &code[at + found.len() - "self::".len()..];
                for path in expand(tree) {
                    let name = path.last().unwrap().clone();
                    exports.push((name, self.absolute(&path)));
                }
            }
        }
        exports
    }

    /// Resolves a path that begins with `crate`, `super` or `self`.
    fn absolute(&self, path: &[String]) -> Vec<String> {
        let mut base = self.module_path();
        let mut rest = path;
        while let [first, others @ ..] = rest {
            match first.as_str() {
                "crate" => base.clear(),
                "super" => {
                    base.pop();
                }
                "self" => {}
                _ => break,
            }
            rest = others;
        }
        base.extend_from_slice(rest);
        base
    }
}

/// Expands a use tree, or a path, at the beginning of a text into its paths. Aliases are dropped.
fn expand(text: &str) -> Vec<Vec<String>> {
    let mut path = Vec::new();
    let mut rest = text;
    loop {
        let end = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        if end == 0 {
            break;
        }
        path.push(rest[..end].to_owned());
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(after) => rest = after,
            None => return vec![path],
        }
    }
    let Some(inside) = rest.strip_prefix('{') else {
        return vec![path];
    };
    let mut paths = Vec::new();
    let mut depth = 1;
    let mut start = 0;
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || depth == 1 && c == ',' {
            let item = inside[start..at].trim();
            if !item.is_empty() {
                for below in expand(item) {
                    let below = below.into_iter().filter(|part| part != "self");
                    paths.push(path.iter().cloned().chain(below).collect());
                }
            }
            start = at + 1;
        }
        if depth == 0 {
            break;
        }
    }
    paths
}

#[test]
fn use_trees_are_expanded() {
    let paths = |text: &str| {
        let paths = expand(text).into_iter();
        paths.map(|path| path.join("::")).collect::<Vec<_>>()
    };
    assert_eq!(
        paths("crate::a::{self, b::C, d::{E,\n F as G}};\nuse x;"),
        [
            "crate::a",
            "crate::a::b::C",
            "crate::a::d::E",
            "crate::a::d::F"
        ]
    );
    assert_eq!(paths("super::a::b(1)"), ["super::a::b"]);
}
