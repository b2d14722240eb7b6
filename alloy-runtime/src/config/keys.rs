//! The table of keys: one entry for each setting.
//!
//! This file is longer than 400 lines, because the entry of a key holds the documentation of its setter.
//! [`define_keys`] explains the columns and generates the code.

mod define;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::define::if_call;
use self::define::{
    default_field, define_keys, extra_variable, is_present, optional, resolved_field,
};
use super::kind::{
    BaseUrlText, BearerKey, FromText as _, NonNegativeInteger, Origin, PlainText, PositiveInteger,
    SettingKind, Temperature, UncheckedKey, read_variables,
};
use super::model_ids::{ModelId, ModelIds};
use super::setting::{
    ResolvedField, ResolvedOptions, Setting, SettingSource, add_options, add_resolved_options,
    strongest,
};
use super::{
    Api, Backend, Decision, Done, Host, IntoDuration, InvalidAnswer, KeepAlive, OnDone, OnInvalid,
    OnRetry, Options, RetryEvent, SharedStr, Think,
};
use crate::error::Error;
use crate::store::Cache;

/// One row of the table of keys. A test compares the documentation with it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Key {
    /// Name in attributes, setters and printed settings.
    pub name: &'static str,
    /// `true` if an attribute can set it.
    pub attribute: bool,
    /// `true` if a call has a setter for it. A `Config` has a setter for every key.
    pub call: bool,
    /// Environment variables that set it, strongest first.
    pub variables: &'static [&'static str],
    /// Default, as printed settings show it.
    pub default: Option<String>,
}

define_keys! {
    /// Sets the model: `ollama:NAME`, `ollama/NAME`, `local:NAME` or `NAME` for a model of Ollama,
    /// `openai:NAME` for another Chat Completions server, and, with the feature `embedded`, `gguf:PATH`
    /// for a model file.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().model("ollama:qwen3:4b").preview()?;
    /// assert!(preview.body.contains(r#""model":"qwen3:4b""#));
    /// # Ok(())
    /// # }
    /// ```
    call model(model: impl Into<String>) = ModelId::check(SharedStr::Owned(model.into())) {
        attribute: (model: &'static str) = SharedStr::Static(model),
        variables: ["ALLOY_MODEL"],
    }

    /// Sets the models to ask, in this order and separated by commas, if the model cannot answer: it is unreachable,
    /// missing, overloaded, cannot be loaded, or lacks memory or a capability. An answer that is not valid is no reason,
    /// and neither is `timeout`. A model that failed is left out for 30 seconds.
    ///
    /// It counts only where it is set in the layer that set the model, or in a stronger one: a variable does not
    /// send the prompts of a command elsewhere that names its own model.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1:70b")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = hello().fallback("ollama:llama3.1, openai:qwen3").preview()?.settings;
    /// assert_eq!(settings.get("fallback").as_deref(), Some("ollama:llama3.1, openai:qwen3"));
    /// # Ok(())
    /// # }
    /// ```
    call fallback(models: impl Into<String>) = ModelIds::check(SharedStr::Owned(models.into())) {
        attribute: (models: &'static str) = SharedStr::Static(models),
        variables: ["ALLOY_FALLBACK"],
    }

    /// Sets the system message. It replaces the one of weaker layers, including the attribute; an empty
    /// text removes it. The text is sent unchanged: only the attribute has placeholders.
    ///
    /// ```
    /// # use alloy_runtime::{Message, command};
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().system("Answer in French.").preview()?;
    /// assert_eq!(preview.messages[0], Message::system("Answer in French."));
    /// # Ok(())
    /// # }
    /// ```
    call system(system: impl Into<String>) = PlainText::check(SharedStr::Owned(system.into())) {
        attribute: (system: &'static str) = SharedStr::Static(system),
        variables: ["ALLOY_DEFAULT_SYSTEM", "ALLOY_SYSTEM"],
    }

    /// Sets the sampling temperature, from 0 (always the likeliest token) to 2. If unset, the model's own
    /// default applies; over `openai_chat`, Ollama uses 1.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().temperature(0.2).preview()?;
    /// assert!(preview.body.contains(r#""temperature":0.2"#));
    /// # Ok(())
    /// # }
    /// ```
    call temperature(temperature: f64) = Temperature::check(temperature) {
        attribute: (temperature: f64) = temperature,
        variables: ["ALLOY_TEMPERATURE"],
    }

    /// Sets the maximum number of tokens of an answer, thinking included; at least 1. An answer that
    /// reaches it is an error of kind [`Truncated`](crate::ErrorKind::Truncated), which contains the text
    /// received so far.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().max_tokens(200).preview()?;
    /// assert!(preview.body.contains(r#""num_predict":200"#));
    /// # Ok(())
    /// # }
    /// ```
    call max_tokens(max_tokens: u32) = PositiveInteger::check(max_tokens) {
        attribute: (max_tokens: u32) = max_tokens,
        variables: ["ALLOY_MAX_TOKENS"],
    }

    /// Sets how many answers a command may request until one is valid; at least, and by default, 1. The
    /// follow-up of [`auto_finalize_missing_output`](Self::auto_finalize_missing_output) is not counted:
    /// with it, `retry(3)` requests at most four answers.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = hello().retry(3).preview()?.settings;
    /// assert_eq!(settings.get("retry").as_deref(), Some("3"));
    /// # Ok(())
    /// # }
    /// ```
    call retry(answers: u32) = PositiveInteger::check(answers) {
        attribute: (answers: u32) = answers,
        variables: ["ALLOY_RETRY"],
        default: 1,
    }

    /// Enables one follow-up request that names the problem if the answer is missing or not valid. On by
    /// default.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = hello().auto_finalize_missing_output(false).preview()?.settings;
    /// assert_eq!(settings.get("auto_finalize_missing_output").as_deref(), Some("false"));
    /// # Ok(())
    /// # }
    /// ```
    call auto_finalize_missing_output(on: bool) = bool::check(on) {
        variables: ["ALLOY_AUTO_FINALIZE_MISSING_OUTPUT"],
        default: true,
    }

    /// Sets a function that decides about each rejected answer, one that is missing or not valid: to
    /// request another ([`Decision::Retry`](crate::Decision::Retry)), to stop, or to follow the settings.
    /// It is called before anything else happens, on the task that awaits the command, so it should
    /// return quickly. The function of a call replaces that of a weaker layer.
    ///
    /// ```no_run
    /// use alloy_runtime::{Decision, command};
    ///
    /// #[command("How old is Jason?", model = "ollama:llama3.1")]
    /// async fn age() -> u8;
    ///
    /// # async fn run() -> Result<(), alloy_runtime::Error> {
    /// let patient = age().on_invalid(|invalid| {
    ///     eprintln!("answer {}: {}: {}", invalid.attempt, invalid.text, invalid.error);
    ///     match invalid.attempt < 5 {
    ///         true => Decision::Retry,
    ///         false => Decision::Stop,
    ///     }
    /// });
    /// println!("{}", patient.await?);
    /// # Ok(())
    /// # }
    /// ```
    call on_invalid(decide: impl Fn(&InvalidAnswer<'_>) -> Decision + Send + Sync + 'static) = OnInvalid::check(OnInvalid::new(decide)) {}

    /// Sets a function that is called, with the reason, before each further answer is requested and before
    /// each request is sent again. It is called on the task that awaits the command, so it should return
    /// quickly. The function of a call replaces that of a weaker layer.
    ///
    /// ```no_run
    /// use alloy_runtime::{Config, configure};
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// configure(Config::new().on_retry(|next| {
    ///     eprintln!("{}: answer {}, send {}: {}", next.command, next.attempt, next.transmission, next.error);
    /// }))?;
    /// # Ok(())
    /// # }
    /// ```
    call on_retry(on_event: impl Fn(&RetryEvent<'_>) + Send + Sync + 'static) = OnRetry::check(OnRetry::new(on_event)) {}

    /// Adds a function that is called after each command and each stream that was polled: with its tokens, its time and
    /// the kind of its error, also when it was dropped. The functions of all layers are called, on the task that
    /// polls or drops the command, so they should return quickly.
    ///
    /// ```no_run
    /// use alloy_runtime::{Config, configure};
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// configure(Config::new().on_done(|done| {
    ///     let end = done.error.map_or("ok", |kind| kind.as_str());
    ///     println!("{} {} {end}: {} in {:?}", done.command, done.model, done.usage, done.duration);
    /// }))?;
    /// # Ok(())
    /// # }
    /// ```
    config on_done(on_done: impl Fn(&Done<'_>) + Send + Sync + 'static) = OnDone::check(OnDone::new(on_done)) {}

    /// Sets the time limit of the whole command, from the first poll to the value. If unset, the command
    /// waits as long as the server works: the first call of a model loads it, which can take minutes. It
    /// takes a `Duration`, or a text such as `"90s"` or `"1m30s"`.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().timeout("90s").preview()?;
    /// assert_eq!(preview.settings.get("timeout").as_deref(), Some("90s"));
    /// # Ok(())
    /// # }
    /// ```
    call timeout(timeout: impl IntoDuration) = Duration::check(timeout.into_duration("timeout")?) {
        attribute: (milliseconds: u64) = Duration::from_millis(milliseconds),
        variables: ["ALLOY_TIMEOUT"],
    }

    /// Sets the time limit for opening a connection: a `Duration`, or a text such as `"2s"`. The default is
    /// 10 seconds.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().connect_timeout(Duration::from_secs(2)).preview()?;
    /// assert_eq!(preview.settings.get("connect_timeout").as_deref(), Some("2s"));
    /// # Ok(())
    /// # }
    /// ```
    call connect_timeout(timeout: impl IntoDuration) = Duration::check(timeout.into_duration("connect_timeout")?) {
        variables: ["ALLOY_CONNECT_TIMEOUT"],
        default: Duration::from_secs(10),
    }

    /// Sets how long a reply may be silent after its headers were received: a `Duration`, or a text such as
    /// `"30s"`. The default is 5 minutes. Before the headers, a model may load for as long as `timeout` allows.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().idle_timeout(Duration::from_secs(30)).preview()?;
    /// assert_eq!(preview.settings.get("idle_timeout").as_deref(), Some("30s"));
    /// # Ok(())
    /// # }
    /// ```
    call idle_timeout(timeout: impl IntoDuration) = Duration::check(timeout.into_duration("idle_timeout")?) {
        variables: ["ALLOY_IDLE_TIMEOUT"],
        default: Duration::from_secs(300),
    }

    /// Sets how many requests of this process wait for a reply of one server at the same time; at least 1. Further
    /// ones wait for their turn. The default is 100. Streams are not counted, and neither is a command while its tools
    /// run or while it pauses before it sends again.
    ///
    /// ```
    /// let config = alloy_runtime::Config::new().max_concurrency(4);
    /// assert!(format!("{config:?}").contains("max_concurrency: 4"));
    /// ```
    config max_concurrency(requests: u32) = PositiveInteger::check(requests) {
        variables: ["ALLOY_MAX_CONCURRENCY"],
        default: 100,
    }

    /// Sets the maximum number of responses with tool calls; 0 allows none. The default is 10.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = hello().max_tool_turns(2).preview()?.settings;
    /// assert_eq!(settings.get("max_tool_turns").as_deref(), Some("2"));
    /// # Ok(())
    /// # }
    /// ```
    call max_tool_turns(turns: u32) = NonNegativeInteger::check(turns) {
        attribute: (turns: u32) = turns,
        variables: ["ALLOY_MAX_TOOL_TURNS"],
        default: 10,
    }

    /// Sets how many tools of one response run at the same time; at least 1. The default is 8.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = hello().parallel_tools_max(3).preview()?.settings;
    /// assert_eq!(settings.get("parallel_tools_max").as_deref(), Some("3"));
    /// # Ok(())
    /// # }
    /// ```
    call parallel_tools_max(tools: u32) = PositiveInteger::check(tools) {
        variables: ["ALLOY_PARALLEL_TOOLS_MAX"],
        default: 8,
    }

    /// Sets if, and how much, the model thinks before it answers: `true`, `false` or a level. If unset, the
    /// model decides. For a model that cannot think, any value but `false` is an error of kind
    /// [`Capability`](crate::ErrorKind::Capability).
    ///
    /// ```
    /// # use alloy_runtime::{Think, command};
    /// # #[command("Say hello", model = "ollama:qwen3:4b")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// assert!(hello().think(true).preview()?.body.contains(r#""think":true"#));
    /// assert!(hello().think(Think::Low).preview()?.body.contains(r#""think":"low""#));
    /// # Ok(())
    /// # }
    /// ```
    call think(think: impl Into<Think>) = Think::check(think.into()) {
        attribute: (think: Think) = think,
        variables: ["ALLOY_THINK"],
    }

    /// Sets how long the server keeps the model in memory after this call: a `Duration`, a text such as
    /// `"10m"`, or [`KeepAlive::Forever`](crate::KeepAlive::Forever). If unset, the server decides; its usual
    /// setting is 5 minutes.
    ///
    /// ```
    /// # use alloy_runtime::{KeepAlive, command};
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().keep_alive(KeepAlive::Forever).preview()?;
    /// assert!(preview.body.contains(r#""keep_alive":-1"#));
    /// assert!(hello().keep_alive("10m").preview()?.body.contains(r#""keep_alive":600"#));
    /// # Ok(())
    /// # }
    /// ```
    call keep_alive(keep_alive: impl IntoDuration<KeepAlive>) = KeepAlive::check(keep_alive.into_duration("keep_alive")?) {}

    /// Adds the format instructions of a typed answer to the system message. On by default, because the
    /// server enforces the schema but does not show it to the model.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("How old is Jason?", model = "ollama:llama3.1")]
    /// # async fn age() -> u8;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// assert_eq!(age().preview()?.messages.len(), 2);
    /// assert_eq!(age().schema_in_prompt(false).preview()?.messages.len(), 1);
    /// # Ok(())
    /// # }
    /// ```
    call schema_in_prompt(show: bool) = bool::check(show) {
        default: true,
    }

    /// Sets if a tool call that the model wrote into its text is run like any other; by default, `true`. It applies
    /// while tools are offered, and only to a text that consists of calls and nothing else: JSON, in a code fence or
    /// not, or the marks of a chat template. Each is a [`Warning`](crate::Warning) of the outcome. With `false`, such a
    /// text is the answer.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("How many?", model = "ollama:llama3.1")]
    /// # async fn count() -> u8;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let settings = count().text_tool_calls(false).preview()?.settings;
    /// assert_eq!(settings.get("text_tool_calls").as_deref(), Some("false"));
    /// # Ok(())
    /// # }
    /// ```
    call text_tool_calls(read: bool) = bool::check(read) {
        variables: ["ALLOY_TEXT_TOOL_CALLS"],
        default: true,
    }

    /// Sets the protocol for models of Ollama. If unset, the name of the model decides: names that contain
    /// `gpt-oss` use `openai_chat`, all others `native`.
    ///
    /// ```
    /// # use alloy_runtime::{Api, command};
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let route = hello().api(Api::OpenaiChat).preview()?.route;
    /// assert_eq!(route.to_string(), "openai_chat: `api` is set (call)");
    /// # Ok(())
    /// # }
    /// ```
    call api(api: Api) = Api::check(api) {
        extra: "ollama_api",
    }

    /// Sets the address of Ollama's server, in the format of `OLLAMA_HOST`: `gpu-box`, `127.0.0.1:11434`,
    /// `http://gpu-box:11434/ollama`.
    ///
    /// ```
    /// # use alloy_runtime::command;
    /// # #[command("Say hello", model = "ollama:llama3.1")]
    /// # async fn hello() -> String;
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let preview = hello().host("gpu-box").preview()?;
    /// assert_eq!(preview.url, "http://gpu-box:11434/api/chat");
    /// # Ok(())
    /// # }
    /// ```
    call host(host: impl AsRef<str>) = Host::read(host.as_ref()) {
        variables: ["ALLOY_HOST", "OLLAMA_HOST"],
        default: Arc::new(Host::default()),
    }

    /// Sets the key for Ollama's server, which is sent as `Authorization: Bearer`. It is never printed.
    ///
    /// ```
    /// let config = alloy_runtime::Config::new().api_key("k-123");
    /// assert!(!format!("{config:?}").contains("k-123"));
    /// ```
    config api_key(key: impl AsRef<str>) = BearerKey::read(key.as_ref()) {
        variables: ["OLLAMA_API_KEY"],
    }

    /// Sets the base URL, including its version, of the server for `openai:NAME` models:
    /// `http://127.0.0.1:8000/v1`. It is parsed when such a model is used.
    ///
    /// ```
    /// use alloy_runtime::{Config, command};
    ///
    /// #[command("Say hello", model = "openai:qwen3")]
    /// async fn hello() -> String;
    ///
    /// # fn main() -> Result<(), alloy_runtime::Error> {
    /// let vllm = Config::new().base_url("http://gpu-box:8000/v1");
    /// let preview = hello().config(vllm).preview()?;
    /// assert_eq!(preview.url, "http://gpu-box:8000/v1/chat/completions");
    /// # Ok(())
    /// # }
    /// ```
    config base_url(url: impl Into<String>) = BaseUrlText::check(SharedStr::Owned(url.into())) {
        variables: ["OPENAI_BASE_URL"],
    }

    /// Sets the key for the server at [`base_url`](Self::base_url). It is never printed.
    ///
    /// ```
    /// let config = alloy_runtime::Config::new().openai_api_key("k-123");
    /// assert!(!format!("{config:?}").contains("k-123"));
    /// ```
    config openai_api_key(key: impl AsRef<str>) = UncheckedKey::read(key.as_ref()) {
        variables: ["OPENAI_API_KEY"],
    }

    /// Records prompts and answers in the `tracing` span of a command. Off by default, because they may
    /// contain personal data.
    ///
    /// ```
    /// let config = alloy_runtime::Config::new().record_content(true);
    /// assert!(format!("{config:?}").contains("record_content: true"));
    /// ```
    config record_content(record: bool) = bool::check(record) {
        variables: ["ALLOY_RECORD_CONTENT"],
        default: false,
    }

    /// Sets the cache: a command whose request was answered before gets that answer again. By default, no answer is kept;
    /// [`Cache`] says which ones are.
    ///
    /// ```
    /// use alloy_runtime::{Cache, Config};
    ///
    /// let config = Config::new().cache(Cache::folder("target/answers"));
    /// assert!(format!("{config:?}").contains("cache: target/answers"));
    /// ```
    config cache(cache: Cache) = Cache::check(cache) {
        variables: ["ALLOY_CACHE"],
    }

    /// Sets the backend that answers commands. The default is [`Backend::real`].
    ///
    /// ```
    /// use alloy_runtime::{Backend, Config};
    ///
    /// let config = Config::new().backend(Backend::real());
    /// assert!(format!("{config:?}").contains("backend: real"));
    /// ```
    config backend(backend: impl Into<Backend>) = Backend::check(backend.into()) {
        variables: ["ALLOY_BACKEND"],
        default: Backend::real(),
    }
}

/// Generates the setter of `options`, the one key that a call sets in parts.
macro_rules! option_setter {
    () => {
        /// Sets one option of the model by Ollama's name for it: `num_ctx`, `seed`, `stop`, `top_k`,
        /// `top_p`, … Options of several layers are merged by name.
        ///
        /// A known option of the wrong type is an error. An option that the route cannot express, or whose
        /// name is not known, is a [`Warning`](crate::Warning). `truncate(true)` lets the server shorten a
        /// prompt that is too long, which is an error otherwise.
        ///
        /// ```
        /// # use alloy_runtime::command;
        /// # #[command("Say hello", model = "ollama:llama3.1")]
        /// # async fn hello() -> String;
        /// # fn main() -> Result<(), alloy_runtime::Error> {
        /// let preview = hello().option("num_ctx", 8192).option("stop", ["END"]).preview()?;
        /// assert!(preview.body.contains(r#""options":{"num_ctx":8192,"stop":["END"]}"#));
        /// # Ok(())
        /// # }
        /// ```
        pub fn option(self, name: &str, value: impl serde::Serialize) -> Self {
            self.set(|layer| layer.option(name, value))
        }
    };
}
pub(crate) use option_setter;
