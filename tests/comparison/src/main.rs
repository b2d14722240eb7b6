//! Compares Alloy with hand-written code and with other libraries: the cost of a call, and the cost of a build.
//!
//! ```text
//! cargo run --release            # CPU time, allocations and requests of a call
//! cargo run --release -- build   # crates, time and size of a minimal program
//! ```

mod builds;
mod calls;
mod server;

use std::path::PathBuf;
use std::process::Command;

/// A library. Its folder has the same name.
struct Library {
    name: &'static str,
    /// Protocols that its program supports with Ollama.
    speaks: &'static [&'static str],
}

const LIBRARIES: [Library; 7] = [
    Library::new("by-hand", &["native", "openai"]),
    Library::new("alloy", &["native", "openai"]),
    Library::new("rig", &["native", "openai"]),
    Library::new("genai", &["native", "openai"]),
    Library::new("ollama-rs", &["native"]),
    Library::new("rstructor", &["openai"]),
    Library::new("async-openai", &["openai"]),
];

impl Library {
    const fn new(name: &'static str, speaks: &'static [&'static str]) -> Self {
        Self { name, speaks }
    }

    /// Returns its name and its version in the lock file.
    fn title(&self) -> String {
        let (title, package) = match self.name {
            "by-hand" => ("by hand, reqwest", "reqwest"),
            "alloy" => ("Alloy", "alloy-runtime"),
            name => (name, name),
        };
        let lock = include_str!("../Cargo.lock");
        let entry = format!("name = \"{package}\"\nversion = \"");
        // The lock file is sorted, so the last version is the newest.
        let version = lock
            .rsplit(&entry)
            .next()
            .and_then(|rest| rest.split('"').next());
        format!("{title} {}", version.unwrap_or_default())
    }
}

/// Returns a `cargo` command in this workspace.
fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments);
    cargo
}

/// Returns the path of a program in the folder of this one.
fn built(name: &str) -> PathBuf {
    let this = std::env::current_exe().expect("this program");
    this.with_file_name(name)
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.split_first() {
        None => calls::compare(),
        Some((mode, named)) if mode == "build" => builds::compare(named),
        Some((mode, _)) if mode == "serve" => server::serve(),
        Some((mode, _)) => eprintln!("unknown mode `{mode}`; expected `build`, see README.md"),
    }
}
