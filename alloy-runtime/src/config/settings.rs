//! The parts of resolved settings that the table of keys does not generate.

use std::fmt;

use super::{Decision, InvalidAnswer, RetryEvent, Setting, SettingSource, Settings, SharedStr};

impl Settings {
    /// Returns the layer that a value came from, or `None` if there is no value. `name` is a key
    /// (`temperature`) or an option (`options.num_ctx`), as in the printed settings.
    #[must_use]
    pub fn source(&self, name: &str) -> Option<SettingSource> {
        let mut lines = self.lines().into_iter();
        lines.find_map(|(known, _, source)| (known == name).then_some(source))
    }

    /// Returns a value as it is printed, without secrets, or `None` if there is no value. `name` is a key
    /// (`temperature`) or an option (`options.num_ctx`).
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = hello().option("num_ctx", 8192).preview()?.settings;
    /// assert_eq!(settings.get("options.num_ctx").as_deref(), Some("8192"));
    /// assert_eq!(settings.get("idle_timeout").as_deref(), Some("5m"));
    /// assert_eq!(settings.get("temperature"), None);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        let mut lines = self.lines().into_iter();
        lines.find_map(|(known, value, _)| (known == name).then_some(value))
    }

    /// Replaces the attribute's system text with the one rendered for this call, unless the call sets its
    /// own.
    pub(crate) fn render_system(&mut self, system: String) {
        let source = self.system.as_ref().map(|set| set.source);
        if source != Some(SettingSource::Call) {
            self.system = Some(Setting {
                value: SharedStr::Owned(system),
                source: SettingSource::Attribute,
            });
        }
    }

    /// Completes the settings of a call that a stand-in answers: it needs no model and no server.
    pub(crate) fn complete_for_stand_in(&mut self) {
        let setting = |value: &'static str| Setting {
            value: SharedStr::Static(value),
            source: SettingSource::Default,
        };
        self.model.get_or_insert_with(|| setting("ollama:test"));
        self.base_url
            .get_or_insert_with(|| setting("http://test.invalid/v1"));
    }

    /// Calls the `on_invalid` hook for a rejected answer.
    pub(crate) fn decide(&self, invalid: &InvalidAnswer<'_>) -> Decision {
        match &self.on_invalid {
            Some(on_invalid) => on_invalid.value.call(invalid),
            None => Decision::FollowSettings,
        }
    }

    /// Returns `true` if there is an `on_retry` hook.
    pub(crate) fn has_retry_hook(&self) -> bool {
        self.on_retry.is_some()
    }

    /// Calls the `on_retry` hook.
    pub(crate) fn notify(&self, event: &RetryEvent<'_>) {
        if let Some(on_retry) = &self.on_retry {
            on_retry.value.call(event);
        }
    }

    /// Prints all values: name, value and layer. Options are named `options.num_ctx`.
    fn lines(&self) -> Vec<(String, String, SettingSource)> {
        let keys = self.print().into_iter();
        let keys = keys.map(|(name, value, source)| (name.to_owned(), value, source));
        let options = self.options.iter().map(|(name, set)| {
            let name = format!("options.{name}");
            (name, set.value.to_string(), set.source)
        });
        keys.chain(options).collect()
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.lines();
        let width = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        let mut separator = "";
        for (name, value, source) in lines {
            // No variable can change a model that the attribute sets, so it is marked as pinned.
            let pinned = match (name.as_str(), source) {
                ("model", SettingSource::Attribute) => ", pinned",
                _ => "",
            };
            write!(f, "{separator}{name:<width$}  {value}  ({source}{pinned})")?;
            separator = "\n";
        }
        Ok(())
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Settings");
        for (name, value, source) in self.lines() {
            out.field(&name, &format_args!("{value} ({source})"));
        }
        out.finish()
    }
}
