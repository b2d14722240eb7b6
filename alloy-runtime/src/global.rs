//! The only room with global state: what is read, made or opened once and shared by all commands.

#[cfg(feature = "blocking")]
mod blocking;
mod clients;
mod engines;
mod once;
mod runtime;
mod scope;
mod settings;
mod threads;

pub(crate) use tokio::runtime::Handle as Runtime;

#[cfg(feature = "blocking")]
pub(crate) use self::blocking::block_on;
pub(crate) use self::clients::client;
pub(crate) use self::engines::generate;
pub(crate) use self::once::{Once, expectation};
pub(crate) use self::runtime::{runtime, within};
pub(crate) use self::scope::{depth, in_tools, scope, scoped};
pub(crate) use self::settings::{Resolved, environment, shared, update_process};
pub(crate) use self::threads::on_a_thread;
