//! The macro `cassette!`, and the file and the test that it names.

use std::path::{Path, PathBuf};

use crate::global;

/// Returns the path of the function that a probe inside of it has as its type name: without the probe, and without the
/// closures that an async function is made of.
fn function_path(probe: &str) -> &str {
    let mut path = probe.rsplit_once("::").map_or(probe, |(path, _)| path);
    while let Some(outer) = path.strip_suffix("::{{closure}}") {
        path = outer;
    }
    path
}

/// Returns the file of a cassette: below the folder of the package, named by the module and by the function or `name`.
/// A second one of the same function has `-2` at its end.
pub(super) fn file(manifest: &str, module: &str, probe: &str, name: Option<&str>) -> PathBuf {
    // The package may have moved since the test was compiled.
    let manifest = global::variable("CARGO_MANIFEST_DIR").unwrap_or_else(|| manifest.to_owned());
    let folder = Path::new(&manifest).join("tests").join("cassettes");
    let stem = match name {
        Some(name) => format!("{module}::{name}"),
        None => {
            let function = function_path(probe);
            match global::next_use(&format!("{manifest} {function}")) {
                1 => function.to_owned(),
                number => format!("{function}-{number}"),
            }
        }
    };
    folder.join(format!("{}.json", file_name(&stem)))
}

/// Returns the test of a function, as the argument of `cargo test`: its path without the crate.
pub(super) fn test(probe: &str) -> String {
    let path = function_path(probe);
    path.split_once("::")
        .map_or(path, |(_, test)| test)
        .to_owned()
}

/// Replaces what cannot be part of the name of a file on every system.
fn file_name(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "-_.".contains(c);
    let parts = path.replace("::", "__");
    parts
        .chars()
        .map(|c| if is_plain(c) { c } else { '_' })
        .collect()
}

/// Creates a [`Cassette`](crate::testing::Cassette) whose file is named after the test: by its module and its function,
/// in `tests/cassettes` below the folder of the package. A second one in the same test has `-2` at the end of its name.
///
/// ```no_run
/// use alloy_runtime::testing::cassette;
/// # use alloy_runtime::command;
/// # #[command("Extract the name: {text}", model = "ollama:llama3.1")]
/// # async fn extract(text: &str) -> String;
///
/// // #[tokio::test]
/// async fn extracts_a_name() {
///     let name = cassette!().run(extract("Jason is 25.")).await.unwrap();
///     assert_eq!(name, "Jason");
/// }
/// ```
///
/// In a helper function that several tests call, and in a test with parameters, give it a name. The module is part of the
/// file's name then, and the function is not.
///
/// ```no_run
/// # use alloy_runtime::testing::{Cassette, cassette};
/// fn cassette_of(case: &str) -> Cassette {
///     cassette!(format!("extract-{case}"))
/// }
/// ```
#[macro_export]
macro_rules! cassette {
    () => {{
        fn probe() {}
        fn type_name<T>(_: T) -> &'static str {
            ::core::any::type_name::<T>()
        }
        $crate::testing::Cassette::for_test(
            ::core::env!("CARGO_MANIFEST_DIR"),
            ::core::module_path!(),
            type_name(probe),
            ::core::option::Option::None,
        )
    }};
    ($name:expr $(,)?) => {{
        let name = $name;
        let name: &str = ::core::convert::AsRef::as_ref(&name);
        $crate::testing::Cassette::for_test(
            ::core::env!("CARGO_MANIFEST_DIR"),
            ::core::module_path!(),
            "",
            ::core::option::Option::Some(name),
        )
    }};
}

pub use cassette;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closures_are_not_part_of_a_name() {
        for probe in [
            "suite::users::extracts::probe",
            "suite::users::extracts::{{closure}}::probe",
            "suite::users::extracts::{{closure}}::{{closure}}::probe",
        ] {
            assert_eq!(function_path(probe), "suite::users::extracts");
            assert_eq!(test(probe), "users::extracts");
        }
        assert_eq!(
            file_name("suite::users::extracts a/b"),
            "suite__users__extracts_a_b"
        );
    }

    #[test]
    fn a_second_cassette_of_a_function_has_a_number() {
        let name = |name: Option<&str>| {
            let path = file(
                "/package",
                "crate::name",
                "crate::name::counts::probe",
                name,
            );
            path.file_name().unwrap().to_string_lossy().into_owned()
        };
        assert_eq!(name(None), "crate__name__counts.json");
        assert_eq!(name(None), "crate__name__counts-2.json");
        assert_eq!(name(Some("case-1")), "crate__name__case-1.json");
        assert_eq!(name(Some("case-1")), "crate__name__case-1.json");
    }
}
