//! The cache of accepted answers.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::folder;
use super::key::RequestKey;
use super::memory::Memory;

/// A cache of accepted answers, for [`Config::cache`](crate::Config::cache): a command whose request was answered before
/// gets that answer again, and nothing is sent.
///
/// The answer is found by the whole request (prompt, system message, schema, options, tools), the server's address, and the
/// model: its name and, for Ollama, its digest; for a model file, its length and time. If any of them changes, the model is
/// asked. It is also asked if today's type or `#[ensure]` rejects the answer. `outcome.cached` says if an answer came from the
/// cache; its tokens are counted in no sum.
///
/// Only answers that were accepted are kept: none of a command in which a tool ran or that fell back to another model, no
/// streams, and never one of a stand-in for tests. Clones share their entries.
///
/// ```no_run
/// use alloy_runtime::{Cache, Config, command, with_config};
///
/// /// Extract the name of the city.
/// #[command(model = "ollama:llama3.1", temperature = 0.0)]
/// async fn city(address: &str) -> String;
///
/// # async fn run() -> Result<(), alloy_runtime::Error> {
/// let config = Config::new().cache(Cache::folder("target/answers"));
/// with_config(config, async {
///     let asked = city("1 Rue de Rivoli, Paris").outcome().await?;
///     let found = city("1 Rue de Rivoli, Paris").outcome().await?;
///     assert!(found.cached);
///     assert_eq!(asked.value, found.value);
///     Ok(())
/// })
/// .await
/// # }
/// ```
#[derive(Clone)]
pub struct Cache {
    storage: Storage,
    max_age: Option<Duration>,
}

#[derive(Clone)]
enum Storage {
    Off,
    Memory(Arc<Memory>),
    Folder(Arc<Path>),
}

impl Cache {
    /// Returns a cache that keeps each answer in a file in a folder, which is created when the first answer is written.
    /// Processes can share it.
    ///
    /// ```
    /// use alloy_runtime::Cache;
    ///
    /// assert_eq!(Cache::folder("target/answers").to_string(), "target/answers");
    /// ```
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self::with(Storage::Folder(path.into().into()))
    }

    /// Returns a cache that keeps up to this number of answers in memory. The one that was not used for the longest time
    /// makes room.
    ///
    /// ```
    /// use alloy_runtime::Cache;
    ///
    /// assert_eq!(Cache::memory(1000).to_string(), "in memory");
    /// ```
    #[must_use]
    pub fn memory(entries: usize) -> Self {
        Self::with(Storage::Memory(Arc::new(Memory::new(entries))))
    }

    /// Returns a cache that keeps nothing, to turn the cache of a weaker configuration off. `ALLOY_CACHE=off` selects it.
    ///
    /// ```
    /// use alloy_runtime::{Cache, Config};
    ///
    /// let config = Config::new().cache(Cache::off());
    /// assert!(format!("{config:?}").contains("cache: off"));
    /// ```
    #[must_use]
    pub const fn off() -> Self {
        Self::with(Storage::Off)
    }

    const fn with(storage: Storage) -> Self {
        Self {
            storage,
            max_age: None,
        }
    }

    /// Sets the age at which an answer is not used any more, so that the model is asked again. Without it, an answer is used
    /// at any age.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use alloy_runtime::Cache;
    ///
    /// let cache = Cache::folder("target/answers").max_age(Duration::from_secs(7 * 24 * 3600));
    /// # let _ = cache;
    /// ```
    #[must_use]
    pub fn max_age(self, age: Duration) -> Self {
        Self {
            max_age: Some(age),
            ..self
        }
    }

    /// Removes the answers that are older than an age, and returns their number. Other files in the folder stay.
    ///
    /// It blocks while it reads the folder: in async code, call it in `spawn_blocking`.
    ///
    /// # Errors
    ///
    /// The folder cannot be read, or a file cannot be removed.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use alloy_runtime::Cache;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// let cache = Cache::memory(1000);
    /// let removed = cache.prune(Duration::from_secs(30 * 24 * 3600))?;
    /// assert_eq!(removed, 0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn prune(&self, age: Duration) -> io::Result<usize> {
        match &self.storage {
            Storage::Off => Ok(0),
            Storage::Memory(memory) => Ok(memory.prune(age)),
            Storage::Folder(path) => folder::prune(path, age),
        }
    }

    /// Returns `true` if the cache keeps answers.
    pub(crate) fn is_on(&self) -> bool {
        !matches!(self.storage, Storage::Off)
    }

    /// Returns `true` if reading and writing may block.
    pub(crate) fn blocks(&self) -> bool {
        matches!(self.storage, Storage::Folder(_))
    }

    /// Reads the entry of a key; `None` if there is none.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(crate) fn read(&self, key: RequestKey) -> io::Result<Option<Arc<[u8]>>> {
        match &self.storage {
            Storage::Off => Ok(None),
            Storage::Memory(memory) => Ok(memory.read(key, self.max_age)),
            Storage::Folder(path) => Ok(folder::read(path, key, self.max_age)?.map(Arc::from)),
        }
    }

    /// Writes the entry of a key.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(crate) fn write(&self, key: RequestKey, json: Vec<u8>) -> io::Result<()> {
        match &self.storage {
            Storage::Off => Ok(()),
            Storage::Memory(memory) => {
                memory.write(key, json);
                Ok(())
            }
            Storage::Folder(path) => folder::write(path, key, &json),
        }
    }
}

/// Writes the folder, `in memory` or `off`.
impl fmt::Display for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.storage {
            Storage::Off => f.write_str("off"),
            Storage::Memory(_) => f.write_str("in memory"),
            Storage::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({self})")
    }
}
