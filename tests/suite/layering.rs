//! The architecture's invariants: which module may use which, and what each may do.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources::{Source, sources};

/// The modules of the runtime, bottom first: a module uses only those above it in this list.
const RUNTIME: &[&str] = &[
    "message",
    "reply",
    "prompt",
    "json",
    "installed",
    "error",
    "store",
    "config",
    "warning",
    "endpoint",
    "schema",
    "output",
    "tool",
    "wire",
    "transport",
    "deadline",
    "embedded",
    "global",
    "request",
    "backend",
    "pipeline",
    "outcome",
    "stream",
    "command",
    "ask",
    "batch",
    "configure",
    "models",
    "recording",
    "testing",
    "__private",
];

/// The modules of the macros, likewise.
const MACROS: &[&str] = &[
    "errors", "entry", "file", "types", "function", "doc", "template", "body", "keys", "attr",
    "contract", "command", "tool",
];

/// Checks that each module uses only those above it in the list.
fn check_modules(krate: &str, modules: &[&str]) {
    let level = |module: &str| modules.iter().position(|known| *known == module);
    for source in sources(krate) {
        let Source { path, module, .. } = &source;
        if module == "lib" {
            continue;
        }
        let own = level(module).unwrap_or_else(|| panic!("{path} is a new module: list it here"));
        for import in source.imports() {
            let other = &import[0];
            // An item of the file itself, named from a module inside it.
            if other.starts_with(char::is_uppercase) {
                continue;
            }
            let Some(other_level) = level(other) else {
                panic!("{path} uses `crate::{other}`, which is not a module");
            };
            assert!(
                other_level <= own,
                "{path} uses `{other}`, which is above it"
            );
        }
    }
}

#[test]
fn modules_of_the_runtime_use_only_those_below() {
    check_modules("alloy-runtime", RUNTIME);
}

#[test]
fn modules_of_the_macros_use_only_those_below() {
    check_modules("alloy-macros", MACROS);
}

/// The files that each file imports from. A module's root file is looked through: what it re-exports counts for the file
/// that defines it, and what it declares does not make it depend on its children.
fn file_imports(krate: &str) -> BTreeMap<String, BTreeSet<String>> {
    let sources = sources(krate);
    let files: BTreeMap<Vec<String>, &Source> = sources
        .iter()
        .map(|source| (source.module_path(), source))
        .collect();
    let mut edges = BTreeMap::new();
    for source in &sources {
        let own = source.module_path();
        let mut targets = BTreeSet::new();
        for import in source.imports() {
            let target = defining_file(&import, &files);
            if target != own && !target.starts_with(&own) && !target.is_empty() {
                targets.insert(target.join("/"));
            }
        }
        edges.insert(own.join("/"), targets);
    }
    edges
}

/// The module path of the file that defines an item.
fn defining_file(import: &[String], files: &BTreeMap<Vec<String>, &Source>) -> Vec<String> {
    let mut path = import.to_vec();
    for _ in 0..8 {
        let length = (0..=path.len())
            .rev()
            .find(|length| files.contains_key(&path[..*length]))
            .unwrap_or(0);
        let (file, item) = (path[..length].to_vec(), path.get(length));
        let source = files.get(&file);
        let exported = source.zip(item).and_then(|(source, item)| {
            let mut exports = source.exports().into_iter();
            exports.find_map(|(name, target)| (name == *item).then_some(target))
        });
        match exported {
            Some(target) if target != path => path = target,
            _ => return file,
        }
    }
    path
}

/// Finds a cycle, as the files along it.
fn find_cycle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn visit<'a>(
        file: &'a str,
        edges: &'a BTreeMap<String, BTreeSet<String>>,
        open: &mut Vec<&'a str>,
        done: &mut BTreeSet<&'a str>,
    ) -> Option<Vec<String>> {
        if let Some(start) = open.iter().position(|known| *known == file) {
            return Some(open[start..].iter().map(ToString::to_string).collect());
        }
        if !done.insert(file) {
            return None;
        }
        open.push(file);
        let cycle = edges
            .get(file)
            .into_iter()
            .flatten()
            .find_map(|next| visit(next, edges, open, done));
        open.pop();
        cycle
    }
    let mut done = BTreeSet::new();
    edges
        .keys()
        .find_map(|file| visit(file, edges, &mut Vec::new(), &mut done))
}

#[test]
fn files_do_not_import_in_cycles() {
    for krate in ["alloy-runtime", "alloy-macros"] {
        let edges = file_imports(krate);
        let count: usize = edges.values().map(BTreeSet::len).sum();
        assert!(count > 50, "{krate}: {count} imports were found");
        let cycle = find_cycle(&edges);
        assert!(cycle.is_none(), "{krate}: {}", cycle.unwrap().join(" → "));
    }
}

#[test]
fn cycles_are_found() {
    let edges = |pairs: &[(&str, &str)]| {
        let mut edges = BTreeMap::<String, BTreeSet<String>>::new();
        for (from, to) in pairs {
            edges
                .entry((*from).to_owned())
                .or_default()
                .insert((*to).to_owned());
        }
        edges
    };
    assert_eq!(
        find_cycle(&edges(&[("a", "b"), ("a", "c"), ("b", "c")])),
        None
    );
    let cycle = find_cycle(&edges(&[("a", "b"), ("b", "c"), ("c", "b")]));
    assert_eq!(cycle.unwrap(), ["b", "c"]);
}

/// Checks that only files of `modules` contain one of `words` in their code.
fn check_only(modules: &[&str], words: &[&str]) {
    let mut found = 0;
    for source in sources("alloy-runtime") {
        for word in words {
            if source.code().any(|line| line.contains(word)) {
                let is_allowed = modules.contains(&source.module.as_str());
                assert!(is_allowed, "{} has `{word}`", source.path);
                found += 1;
            }
        }
    }
    assert!(found > 0, "{words:?} are nowhere: this test checks nothing");
}

#[test]
fn only_the_transport_and_the_engine_do_io() {
    check_only(
        &["transport"],
        &["hyper::", "reqwest::{", "reqwest::Client", ".send()"],
    );
    // `Url` is a plain value.
    check_only(&["transport", "config"], &["reqwest::"]);
    // Addresses are plain values, too.
    check_only(&["config", "schema"], &["std::net::"]);
    // Timers: no sockets, files or processes.
    check_only(
        &[
            "transport",
            "deadline",
            "pipeline",
            "batch",
            "store",
            "testing",
        ],
        &["tokio::time"],
    );
    check_only(&["global"], &["tokio::runtime"]);
    // A model is a file, and so are a cassette and a kept answer.
    check_only(
        &["embedded", "recording", "store"],
        &["std::fs", "std::io::{"],
    );
    for source in sources("alloy-runtime") {
        for word in [
            "tokio::net",
            "tokio::fs",
            "tokio::process",
            "tokio::io",
            "std::process",
            "TcpStream",
        ] {
            let has_word = source.code().any(|line| line.contains(word));
            assert!(!has_word, "{} has `{word}`", source.path);
        }
    }
}

#[test]
fn only_global_has_global_state_and_reads_the_environment() {
    check_only(
        &["global"],
        &[
            "OnceLock",
            "RwLock",
            "LazyLock",
            "thread_local!",
            "task_local!",
            "std::env::",
        ],
    );
    // A client counts its requests, a deadline notes what it waits for, and a script keeps its replies, a cache its
    // answers, in themselves: they have no static.
    check_only(&["global", "transport", "store", "testing"], &["Mutex<"]);
    check_only(&["global", "transport", "deadline"], &["Atomic"]);
}

#[test]
fn output_never_sees_http() {
    let modules = ["output", "schema", "message", "reply", "command", "outcome"];
    for source in sources("alloy-runtime") {
        if modules.contains(&source.module.as_str()) {
            for word in ["reqwest", "hyper", "http", "StatusCode", "status:"] {
                // A tool call has a status, too, and the format of a URL has schemes.
                let mut code = source.code().filter(|line| {
                    !line.contains("status: ToolStatus") && !line.contains("\"http\" | \"https\"")
                });
                let has_word = code.any(|line| line.contains(word));
                assert!(!has_word, "{} has `{word}`", source.path);
            }
        }
    }
}

#[test]
fn only_backend_looks_into_a_custom_backend() {
    check_only(&["backend"], &["CustomExchange"]);
}

#[test]
fn no_module_uses_what_expansions_use() {
    for source in sources("alloy-runtime") {
        if source.module != "__private" && source.module != "lib" {
            let mut imports = source.imports().into_iter();
            let uses_private = imports.any(|import| import[0] == "__private");
            assert!(!uses_private, "{}", source.path);
        }
    }
}

#[test]
fn the_macros_can_be_read_in_one_sitting() {
    let sources = sources("alloy-macros");
    let code = sources
        .iter()
        .flat_map(|source| source.code().map(str::trim));
    let count = code.filter(|line| !line.is_empty()).count();
    // 100 lines more than the first limit, for errors that say what to write (a string without a key, a macro or a
    // constant as the prompt, the `tool()` of a tool with state), and for the template that a journal's header needs.
    assert!(count < 2950, "{count} lines");
}
