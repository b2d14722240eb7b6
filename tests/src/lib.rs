//! Test server of the suite and the benchmarks, and the documentation's code blocks as doc tests.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "this package is only tests"
)]

pub mod server;

/// Turns every Rust block of the documentation into a doc test of this crate.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/architecture.md")]
    struct Architecture;
    #[doc = include_str!("../../docs/attributes.md")]
    struct Attributes;
    #[doc = include_str!("../../docs/configuration.md")]
    struct Configuration;
    #[doc = include_str!("../../docs/design.md")]
    struct Design;
    #[doc = include_str!("../../docs/embedded.md")]
    struct Embedded;
    #[doc = include_str!("../../docs/errors.md")]
    struct Errors;
    #[doc = include_str!("../../examples/README.md")]
    struct Examples;
    #[doc = include_str!("../../docs/guide.md")]
    struct Guide;
    #[doc = include_str!("../../docs/README.md")]
    struct Index;
    #[doc = include_str!("../../docs/many.md")]
    struct Many;
    #[doc = include_str!("../../docs/models.md")]
    struct Models;
    #[doc = include_str!("../../docs/performance.md")]
    struct Performance;
    #[doc = include_str!("../../docs/streaming.md")]
    struct Streaming;
    #[doc = include_str!("../../docs/testing.md")]
    struct Testing;
    #[doc = include_str!("../../docs/tools.md")]
    struct Tools;
}
