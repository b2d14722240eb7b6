//! Settings of a command: layers of optional values, merged field by field.
//!
//! Every layer is a [`Layer`]; [`Settings::resolve`] picks, for each key, the value of the strongest
//! layer that has one, and remembers which that was. Nothing here reads the environment or a clock:
//! [`env::layer`] is a function of names and values.

mod duration;
pub(crate) mod env;
mod host;
mod keys;
mod secret;
mod show;
mod source;
mod text;
mod value;

pub(crate) use self::host::Host;
pub use self::keys::Settings;
pub(crate) use self::keys::{Layer, Layers};
pub(crate) use self::secret::Secret;
use self::source::Source;
pub(crate) use self::text::Text;
pub(crate) use self::value::{check_max_tokens, check_model, check_temperature, check_timeout};
