//! Measures builds of each library's minimal program with default features: the number of compiled crates, the time of
//! a cold build, and the size of the program. One build runs at a time, in its own folder, which is removed afterwards.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::{LIBRARIES, Library, built, cargo};

/// Compares the named libraries, or all.
pub(crate) fn compare(named: &[String]) {
    let fetch = cargo(&["fetch"]).status().expect("cargo runs");
    assert!(
        fetch.success(),
        "cargo cannot download the crates, which must not be part of the measurement"
    );
    println!("| library | https | crates | cold build, dev | program, release, stripped |");
    println!("|---|---|--:|--:|--:|");
    for library in &LIBRARIES {
        if !named.is_empty() && !named.iter().any(|name| name == library.name) {
            continue;
        }
        match library.name {
            // These two support https only with a feature; the others have it by default.
            "by-hand" | "alloy" => {
                row(library, "no", None);
                row(library, "yes", Some("--features=tls"));
            }
            _ => row(library, "yes", None),
        }
    }
}

fn row(library: &Library, https: &str, features: Option<&str>) {
    let package = format!("with-{}", library.name);
    let folder = std::env::temp_dir().join(format!("cold-{package}"));
    remove(&folder);
    let build = [
        "build",
        "--ignore-rust-version",
        "--offline",
        "--package",
        &package,
    ];

    let mut cold = cargo(&build);
    cold.args(features).arg("--target-dir").arg(&folder);
    let start = Instant::now();
    let output = cold.output().expect("cargo runs");
    let seconds = start.elapsed().as_secs_f64();
    remove(&folder);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let compiled = |line: &&str| line.trim_start().starts_with("Compiling ");
    // Without the program itself.
    let crates = said.lines().filter(compiled).count() - 1;

    let release = cargo(&build).args(features).arg("--release").status();
    assert!(release.expect("cargo runs").success());
    let bytes = fs::metadata(built(&package))
        .expect("the program was not built")
        .len();
    let (megabytes, rest) = (bytes / 1_000_000, bytes % 1_000_000 / 100_000);
    let title = library.title();
    println!("| {title} | {https} | {crates} | {seconds:.0} s | {megabytes}.{rest} MB |");
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).expect("the build folder cannot be removed");
    }
}
