//! Global state: values that are read, created or opened once per process, and task-local values.

#[cfg(feature = "blocking")]
mod blocking;
#[cfg(feature = "testing")]
mod cassettes;
mod clients;
mod digests;
mod engines;
mod failures;
#[cfg(feature = "testing")]
mod installed;
mod registry;
mod runtime;
mod settings;
mod task_locals;
mod threads;

pub(crate) use tokio::runtime::Handle as Runtime;

#[cfg(feature = "blocking")]
pub(crate) use self::blocking::block_on;
#[cfg(feature = "testing")]
pub(crate) use self::cassettes::{OpenFile, next_use, open_file, variable};
pub(crate) use self::clients::client;
pub(crate) use self::digests::{known_digest, remember_digest};
pub(crate) use self::engines::generate;
pub(crate) use self::failures::{recent_failure, remember_failure};
#[cfg(feature = "testing")]
pub(crate) use self::installed::{
    InstallGuard, check_scope, forbid_requests, forbids_requests, install,
};
pub(crate) use self::registry::{OnceValue, output_spec};
pub(crate) use self::runtime::{enter_if_outside, runtime};
pub(crate) use self::settings::{ResolvedCache, environment, shared, update_process};
pub(crate) use self::task_locals::{
    UsageSum, at_current_depth, counted, depth, in_tools, scope, scoped, usage_sum,
};
pub(crate) use self::threads::spawn_thread;

/// Returns `true` if no request may be sent. Without the feature `testing` nothing sets this.
#[cfg(not(feature = "testing"))]
pub(crate) const fn forbids_requests() -> bool {
    false
}
