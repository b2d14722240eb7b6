//! Settings of a command: layers of optional values, merged field by field.
//!
//! Every layer is a [`Layer`]; [`Settings::resolve`] picks, for each key, the value of the strongest
//! layer that has one, and remembers which that was. Nothing here reads the environment or a clock:
//! [`env::layer`] is a function of names and values.

pub(crate) mod duration;
pub(crate) mod env;
mod host;
mod layer;
mod secret;
mod settings;
mod text;
mod value;

pub(crate) use self::host::Host;
pub(crate) use self::layer::Layer;
pub use self::layer::Source;
pub(crate) use self::secret::Secret;
pub(crate) use self::settings::Layers;
pub use self::settings::Settings;
pub(crate) use self::text::Text;
pub(crate) use self::value::{check_max_tokens, check_model, check_temperature, check_timeout};
