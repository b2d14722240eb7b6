//! The architecture's invariants: who may use whom, and who may do what.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the runtime, bottom first: a room uses only those above it in this list.
const RUNTIME: &[&str] = &[
    "message",
    "reply",
    "prompt",
    "json",
    "installed",
    "error",
    "config",
    "warning",
    "route",
    "schema",
    "output",
    "tool",
    "wire",
    "transport",
    "embedded",
    "global",
    "request",
    "pipeline",
    "outcome",
    "stream",
    "command",
    "ask",
    "configure",
    "models",
    "__private",
];

/// The rooms of the macros, likewise.
const MACROS: &[&str] = &[
    "errors", "entry", "file", "types", "function", "doc", "template", "body", "keys", "attr",
    "contract", "command", "tool", "tests",
];

/// Each source file below a crate's `src`, with its room's name and its text without its tests.
fn sources(krate: &str) -> Vec<(PathBuf, String, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .join(krate)
        .join("src");
    let mut found = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let inside = path.strip_prefix(&source).unwrap();
                let room = inside
                    .components()
                    .next()
                    .unwrap()
                    .as_os_str()
                    .to_string_lossy();
                let room = room.trim_end_matches(".rs").to_owned();
                let mut parts = inside.components().skip(1);
                if parts.any(|part| {
                    ["tests", "tests.rs"]
                        .map(OsStr::new)
                        .contains(&part.as_os_str())
                }) {
                    continue;
                }
                let mut text = fs::read_to_string(&path).unwrap();
                // Tests with a body stand at the end of a file. What else is for tests alone is read as well.
                if let Some(tests) = text.find("\nmod tests {") {
                    text.truncate(tests);
                }
                check_own_rooms(&path, &text, inside.components().count());
                found.push((path, room, text));
            }
        }
    }
    assert!(found.len() > 10, "{krate} has sources");
    found
}

/// No `super::` of a file so many folders deep leads out of its room: another is named by `crate::room`.
fn check_own_rooms(path: &Path, text: &str, depth: usize) {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    for line in code {
        let mut up = line.matches("super::").count();
        // `self::super` and the like would be none of ours; a line has one path at most.
        if line.starts_with(' ') {
            // Within a module of this file.
            up = up.saturating_sub(1);
        }
        assert!(up < depth, "{} leaves its room: {line}", path.display());
    }
}

/// The rooms that a text uses by `crate::room`.
fn used(text: &str) -> impl Iterator<Item = &str> {
    let code = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    code.flat_map(|line| {
        line.match_indices("crate::")
            .filter_map(move |(at, found)| {
                let after = &line[at + found.len()..];
                let end = after
                    .find(|c: char| !c.is_alphanumeric() && c != '_')
                    .unwrap_or(after.len());
                // `crate::{…}` would hide what it uses.
                assert!(end > 0, "a list right after `crate::`: {line}");
                (!line[..at].ends_with('$')).then_some(&after[..end])
            })
    })
}

fn check_rooms(krate: &str, rooms: &[&str]) {
    let floor = |room: &str| rooms.iter().position(|known| *known == room);
    for (path, room, text) in sources(krate) {
        if room == "lib" {
            continue;
        }
        let own = floor(&room)
            .unwrap_or_else(|| panic!("{} is a room of its own: list it here", path.display()));
        for other in used(&text) {
            let Some(other_floor) = floor(other) else {
                panic!("{} uses `crate::{other}`, which is no room", path.display());
            };
            assert!(
                other_floor <= own,
                "{} uses `{other}`, which stands above it",
                path.display()
            );
        }
    }
}

#[test]
fn the_runtimes_rooms_use_only_those_below() {
    check_rooms("alloy-runtime", RUNTIME);
}

#[test]
fn the_macros_rooms_use_only_those_below() {
    check_rooms("alloy-macros", MACROS);
}

/// Every file of the runtime that has one of `words` belongs to one of `rooms`.
fn check_only(rooms: &[&str], words: &[&str]) {
    let mut holders = 0;
    for (path, room, text) in sources("alloy-runtime") {
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        for word in words {
            if code.iter().any(|line| line.contains(word)) {
                assert!(
                    rooms.contains(&room.as_str()),
                    "{} has `{word}`",
                    path.display()
                );
                holders += 1;
            }
        }
    }
    assert!(
        holders > 0,
        "{words:?} are nowhere: this test has lost its subject"
    );
}

#[test]
fn only_the_transport_and_the_loading_of_a_model_do_io() {
    check_only(
        &["transport"],
        &["hyper::", "reqwest::{", "reqwest::Client", ".send()"],
    );
    // `Url` is a plain value.
    check_only(&["transport", "config"], &["reqwest::"]);
    // Addresses are plain values, too.
    check_only(&["config"], &["std::net::"]);
    // Timers, and which runtime this is: no sockets, files or processes.
    check_only(&["transport", "pipeline"], &["tokio::time"]);
    check_only(&["global"], &["tokio::runtime"]);
    // A model is a file.
    check_only(&["embedded"], &["std::fs", "std::io::{"]);
    for (path, _, text) in sources("alloy-runtime") {
        let code: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        let text = code.join("\n");
        for word in [
            "tokio::net",
            "tokio::fs",
            "tokio::process",
            "tokio::io",
            "std::process",
            "TcpStream",
        ] {
            assert!(!text.contains(word), "{} has `{word}`", path.display());
        }
    }
}

#[test]
fn only_one_room_has_global_state_and_reads_the_environment() {
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
    // A client counts its requests: of its own, since it has no static.
    check_only(&["global", "transport"], &["Mutex<", "Atomic"]);
}

#[test]
fn the_output_pipeline_never_sees_http() {
    for (path, room, text) in sources("alloy-runtime") {
        if ["output", "schema", "message", "reply", "command", "outcome"].contains(&room.as_str()) {
            // Of a tool's call there is a status, too.
            for word in ["reqwest", "hyper", "http", "StatusCode", "status:"] {
                let code = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"));
                let mut code = code.filter(|line| !line.contains("status: ToolStatus"));
                assert!(
                    !code.any(|line| line.contains(word)),
                    "{} has `{word}`",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn what_expansions_may_name_is_named_by_no_room() {
    for (path, room, text) in sources("alloy-runtime") {
        if room != "__private" && room != "lib" {
            assert!(
                !used(&text).any(|other| other == "__private"),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn the_macros_can_be_read_in_one_sitting() {
    let sources = sources("alloy-macros");
    let texts = sources.iter().filter(|(_, room, _)| room != "tests");
    let lines = texts.flat_map(|(_, _, text)| text.lines().map(str::trim));
    let code = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    let count = code.count();
    assert!(count < 2850, "{count} lines");
}
