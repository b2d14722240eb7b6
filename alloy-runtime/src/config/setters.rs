//! The setters that a call and a `Config` share.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use super::{Host, Layer, Text, value};
use crate::error::Error;

/// Writes a public setter a key. The type has a method
/// `set(self, impl FnOnce(&mut Layer) -> Result<(), Error>) -> Self`.
macro_rules! setters {
    () => {
        /// The model: `ollama:NAME`, `ollama/NAME`, `local:NAME`, or just `NAME`; `openai:NAME` for
        /// another Chat Completions server; with the feature `embedded`, `gguf:PATH` for a model file.
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
        pub fn model(self, model: impl Into<String>) -> Self {
            self.set(|layer| layer.set_model(model.into()))
        }

        /// The system text, which stands above the prompt. It replaces that of weaker layers, the
        /// attribute's included; an empty one takes it away. It is sent as it is: placeholders are for
        /// the attribute.
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
        pub fn system(self, system: impl Into<String>) -> Self {
            self.set(|layer| {
                layer.system = Some($crate::config::Text::Owned(system.into()));
                Ok(())
            })
        }

        /// How freely the model chooses its words, from 0 (always the likeliest) to 2. Unset, the
        /// model's own default holds; on `openai_chat` Ollama takes 1.
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
        pub fn temperature(self, temperature: f64) -> Self {
            self.set(|layer| layer.set_temperature(temperature))
        }

        /// The most tokens an answer may take, at least 1, thinking included. An answer that reaches
        /// it is an error of kind [`Truncated`](crate::ErrorKind::Truncated), which carries the text
        /// so far.
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
        pub fn max_tokens(self, max_tokens: u32) -> Self {
            self.set(|layer| layer.set_max_tokens(max_tokens))
        }

        /// How many answers a command asks for before it gives up on one that is not valid: at least,
        /// and by default, 1. The follow-up of
        /// [`auto_finalize_missing_output`](Self::auto_finalize_missing_output) comes on top: with it,
        /// `retry(3)` asks at most four times.
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
        pub fn retry(self, answers: u32) -> Self {
            self.set(|layer| layer.set_retry(answers))
        }

        /// Whether the model is asked once more, and told why, where its answer is missing or not
        /// valid. On by default.
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
        pub fn auto_finalize_missing_output(self, on: bool) -> Self {
            self.set(|layer| {
                layer.auto_finalize_missing_output = Some(on);
                Ok(())
            })
        }

        /// How long everything may take, from the first poll to the value. Unset, the command waits
        /// as long as the server works: the first call of a model loads it, which can take minutes.
        ///
        /// ```
        /// # use std::time::Duration;
        /// # use alloy_runtime::command;
        /// # #[command("Say hello", model = "ollama:llama3.1")]
        /// # async fn hello() -> String;
        /// # fn main() -> Result<(), alloy_runtime::Error> {
        /// let preview = hello().timeout(Duration::from_secs(90)).preview()?;
        /// assert_eq!(preview.settings.get("timeout").as_deref(), Some("90s"));
        /// # Ok(())
        /// # }
        /// ```
        pub fn timeout(self, timeout: Duration) -> Self {
            self.set(|layer| layer.set_timeout(timeout))
        }

        /// How long opening a connection may take. The default is 10 s.
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
        pub fn connect_timeout(self, timeout: Duration) -> Self {
            self.set(|layer| layer.set_connect_timeout(timeout))
        }

        /// How long a reply may be silent once its head has come. The default is 5 minutes. Before
        /// that a model may load for as long as `timeout` allows.
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
        pub fn idle_timeout(self, timeout: Duration) -> Self {
            self.set(|layer| layer.set_idle_timeout(timeout))
        }

        /// How many responses with tool calls a command may take before it gives up; 0 is none. The default
        /// is 10.
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
        pub fn max_tool_turns(self, turns: u32) -> Self {
            self.set(|layer| {
                layer.max_tool_turns = Some(turns);
                Ok(())
            })
        }

        /// How many tools of one response run at a time, at least 1. The default is 8.
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
        pub fn parallel_tools_max(self, tools: u32) -> Self {
            self.set(|layer| layer.set_parallel_tools_max(tools))
        }

        /// Whether, and how much, the model thinks before it answers: `true`, `false` or a level.
        /// Unset, the model decides. A model that cannot think is an error of kind
        /// [`Capability`](crate::ErrorKind::Capability), unless this is `false`.
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
        pub fn think(self, think: impl Into<Think>) -> Self {
            self.set(|layer| {
                layer.think = Some(think.into());
                Ok(())
            })
        }

        /// One option of the model, under Ollama's name for it: `num_ctx`, `seed`, `stop`, `top_k`,
        /// `top_p`, … Options of several layers are merged, name by name.
        ///
        /// A known option of the wrong type is an error; one that the route cannot express, or that
        /// nobody knows, is a [`Warning`](crate::Warning). `truncate(true)` lets the server cut a
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
        pub fn option(self, name: &str, value: impl Serialize) -> Self {
            self.set(|layer| layer.set_option(name, value))
        }

        /// How long the server keeps the model in memory after this call. Unset, the server decides:
        /// 5 minutes, if nobody told it otherwise.
        ///
        /// ```
        /// # use alloy_runtime::{KeepAlive, command};
        /// # #[command("Say hello", model = "ollama:llama3.1")]
        /// # async fn hello() -> String;
        /// # fn main() -> Result<(), alloy_runtime::Error> {
        /// let preview = hello().keep_alive(KeepAlive::Forever).preview()?;
        /// assert!(preview.body.contains(r#""keep_alive":-1"#));
        /// # Ok(())
        /// # }
        /// ```
        pub fn keep_alive(self, keep_alive: impl Into<KeepAlive>) -> Self {
            self.set(|layer| {
                layer.keep_alive = Some(keep_alive.into());
                Ok(())
            })
        }

        /// Whether the system message tells the model the form of a typed answer. On by default: the
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
        pub fn schema_in_prompt(self, show: bool) -> Self {
            self.set(|layer| {
                layer.schema_in_prompt = Some(show);
                Ok(())
            })
        }

        /// The protocol that Ollama's models are spoken to in. Unset, the model's name decides: those
        /// that contain `gpt-oss` take `openai_chat`, all others `native`.
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
        pub fn api(self, api: Api) -> Self {
            self.set(|layer| {
                layer.api = Some(api);
                Ok(())
            })
        }

        /// The server's address, as in `OLLAMA_HOST`: `gpu-box`, `127.0.0.1:11434`,
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
        pub fn host(self, host: impl AsRef<str>) -> Self {
            self.set(|layer| layer.set_host(host.as_ref()))
        }

        /// Asks `decide` what becomes of each rejected answer, one that is missing or not valid: to ask
        /// again ([`Decision::Retry`](crate::Decision::Retry)), to stop, or what the settings say. It is
        /// called before anything else happens, on the task that awaits the command: keep it short. A
        /// call's function takes the place of a weaker layer's.
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
        pub fn on_invalid(
            self,
            decide: impl Fn(&$crate::config::InvalidAnswer<'_>) -> $crate::config::Decision
            + Send
            + Sync
            + 'static,
        ) -> Self {
            self.set(|layer| {
                layer.on_invalid = Some($crate::config::OnInvalid::new(decide));
                Ok(())
            })
        }

        /// Tells `hear` before each further answer and each further send, with its reason. It is called on
        /// the task that awaits the command: keep it short. A call's function takes the place of a weaker
        /// layer's.
        ///
        /// ```no_run
        /// use alloy_runtime::{Config, configure};
        ///
        /// # fn main() -> Result<(), alloy_runtime::Error> {
        /// configure(Config::new().on_retry(|next| {
        ///     eprintln!("{}: answer {}, send {}: {}", next.command, next.attempt, next.send, next.error);
        /// }))?;
        /// # Ok(())
        /// # }
        /// ```
        pub fn on_retry(
            self,
            hear: impl Fn(&$crate::config::NextTry<'_>) + Send + Sync + 'static,
        ) -> Self {
            self.set(|layer| {
                layer.on_retry = Some($crate::config::OnRetry::new(hear));
                Ok(())
            })
        }
    };
}
pub(crate) use setters;

/// What the setters do that can go wrong.
impl Layer {
    pub(crate) fn set_model(&mut self, model: String) -> Result<(), Error> {
        value::model("the model", &model, "Name one in `.model(…)`.")?;
        self.model = Some(Text::Owned(model));
        Ok(())
    }

    pub(crate) fn set_temperature(&mut self, value: f64) -> Result<(), Error> {
        let checked = value::temperature("temperature", value, "`.temperature(…)`")?;
        self.temperature = Some(checked);
        Ok(())
    }

    pub(crate) fn set_max_tokens(&mut self, value: u32) -> Result<(), Error> {
        self.max_tokens = Some(value::count("max_tokens", value, "`.max_tokens(…)`")?);
        Ok(())
    }

    pub(crate) fn set_retry(&mut self, value: u32) -> Result<(), Error> {
        self.retry = Some(value::count("retry", value, "`.retry(…)`")?);
        Ok(())
    }

    pub(crate) fn set_parallel_tools_max(&mut self, value: u32) -> Result<(), Error> {
        let checked = value::count("parallel_tools_max", value, "`.parallel_tools_max(…)`")?;
        self.parallel_tools_max = Some(checked);
        Ok(())
    }

    pub(crate) fn set_timeout(&mut self, value: Duration) -> Result<(), Error> {
        self.timeout = Some(value::duration("timeout", value, "`.timeout(…)`")?);
        Ok(())
    }

    pub(crate) fn set_connect_timeout(&mut self, value: Duration) -> Result<(), Error> {
        let checked = value::duration("connect_timeout", value, "`.connect_timeout(…)`")?;
        self.connect_timeout = Some(checked);
        Ok(())
    }

    pub(crate) fn set_idle_timeout(&mut self, value: Duration) -> Result<(), Error> {
        let checked = value::duration("idle_timeout", value, "`.idle_timeout(…)`")?;
        self.idle_timeout = Some(checked);
        Ok(())
    }

    pub(crate) fn set_option(&mut self, name: &str, value: impl Serialize) -> Result<(), Error> {
        self.options.set(name, value)
    }

    pub(crate) fn set_host(&mut self, host: &str) -> Result<(), Error> {
        self.host = Some(Arc::new(Host::parse("the host", host)?));
        Ok(())
    }
}
