//! What a user of the published crate pays, and what its manifests promise.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_program_with_default_features_compiles_fewer_than_96_crates() {
    let tree = cargo(&[
        "tree",
        "--package",
        "alloy-runtime",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
    ]);
    let crates: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split(" (").next())
        .collect();
    // A program that uses it has, beside them, at least itself.
    assert!(crates.len() + 1 < 96, "{}: {crates:#?}", crates.len());
    assert!(
        !crates.iter().any(|name| name.starts_with("rustls")),
        "TLS is a feature"
    );
}

#[test]
fn the_readme_states_the_msrv_of_the_manifest() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    // That of the library, and that of everything.
    for manifest in ["Cargo.toml", "tests/Cargo.toml"] {
        let text = read(manifest);
        let mut lines = text.lines();
        let version = lines.find_map(|line| line.strip_prefix("rust-version = "));
        let stated = format!("Rust {}", version.unwrap().trim_matches('"'));
        for document in ["README.md", "CONTRIBUTING.md"] {
            assert!(read(document).contains(&stated), "{document}: {stated}");
        }
    }
}
