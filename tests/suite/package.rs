//! Dependencies of the published crate and the versions that its manifests state.

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
    // The program itself is one more crate.
    assert!(crates.len() + 1 < 96, "{}: {crates:#?}", crates.len());
    assert!(
        !crates.iter().any(|name| name.starts_with("rustls")),
        "TLS is an optional feature"
    );
}

#[test]
fn the_documentation_states_the_msrv_of_the_manifests() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    // The version for the library, and the version for the whole workspace.
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
