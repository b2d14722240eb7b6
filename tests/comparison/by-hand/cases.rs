//! Benchmark cases by hand, optimized for exactly these requests: texts are borrowed from the received bytes, and
//! constant parts are encoded once.

use std::borrow::Cow;

use measure::{CHUNK, CHUNKS, DIVISION, Protocol, QUESTION, TEXT, Task};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

const SCHEMA: &str = r#"{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":255}},"required":["name","age"],"additionalProperties":false}"#;
const TOOLS: &str = r#"[{"type":"function","function":{"name":"divide","description":"Divides a by b.","parameters":{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"}},"required":["a","b"]}}}]"#;

#[derive(Deserialize)]
struct User {
    name: String,
    age: u8,
}

#[derive(Deserialize)]
struct Division {
    a: i64,
    b: i64,
}

#[derive(Serialize)]
struct Body<'a> {
    model: &'a str,
    messages: &'a [Message<'a>],
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<&'a RawValue>,
}

#[derive(Default, Serialize)]
struct Message<'a> {
    role: &'a str,
    content: Cow<'a, str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    tool_calls: &'a [Call<'a>],
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Deserialize)]
struct NativeReply<'a> {
    #[serde(borrow)]
    message: Answer<'a>,
    done: bool,
}

#[derive(Deserialize)]
struct OpenAiReply<'a> {
    #[serde(borrow)]
    choices: [Choice<'a>; 1],
}

#[derive(Deserialize)]
struct Choice<'a> {
    // A streamed chunk uses the name `delta`.
    #[serde(borrow, alias = "delta")]
    message: Answer<'a>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    content: Cow<'a, str>,
    #[serde(borrow, default)]
    tool_calls: Vec<Call<'a>>,
}

#[derive(Deserialize, Serialize)]
struct Call<'a> {
    id: &'a str,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize, Serialize)]
struct Function<'a> {
    name: &'a str,
    #[serde(borrow)]
    arguments: &'a RawValue,
}

impl<'a> Body<'a> {
    fn new(messages: &'a [Message<'a>]) -> Self {
        Self {
            model: "llama3.1",
            messages,
            stream: false,
            format: None,
            response_format: None,
            tools: None,
        }
    }
}

struct Client {
    http: reqwest::Client,
    url: reqwest::Url,
    protocol: Protocol,
    schema: Box<RawValue>,
    tools: Box<RawValue>,
}

impl Client {
    fn new(task: &Task) -> Self {
        let raw = |text: String| RawValue::from_string(text).unwrap();
        let (path, schema) = match task.protocol {
            Protocol::Native => ("api/chat", SCHEMA.to_owned()),
            Protocol::OpenAi => (
                "v1/chat/completions",
                format!(
                    r#"{{"type":"json_schema","json_schema":{{"name":"User","strict":true,"schema":{SCHEMA}}}}}"#
                ),
            ),
        };
        Self {
            http: reqwest::Client::new(),
            url: format!("http://{}/{path}", task.host).parse().unwrap(),
            protocol: task.protocol,
            schema: raw(schema),
            tools: raw(TOOLS.to_owned()),
        }
    }

    async fn send(&self, body: &Body<'_>) -> reqwest::Response {
        let request = self.http.post(self.url.clone()).json(body);
        request.send().await.unwrap().error_for_status().unwrap()
    }

    fn read<'a>(&self, bytes: &'a [u8]) -> Answer<'a> {
        match self.protocol {
            Protocol::Native => {
                let reply: NativeReply<'_> = serde_json::from_slice(bytes).unwrap();
                assert!(reply.done);
                reply.message
            }
            Protocol::OpenAi => {
                let reply: OpenAiReply<'_> = serde_json::from_slice(bytes).unwrap();
                let [choice] = reply.choices;
                choice.message
            }
        }
    }

    async fn text(&self) {
        let messages = [user(QUESTION)];
        let bytes = self.send(&Body::new(&messages)).await.bytes().await;
        let text = self.read(&bytes.unwrap()).content.into_owned();
        assert!(text.starts_with("Jupiter"));
    }

    async fn typed(&self) {
        let messages = [user(TEXT)];
        let mut body = Body::new(&messages);
        match self.protocol {
            Protocol::Native => body.format = Some(&self.schema),
            Protocol::OpenAi => body.response_format = Some(&self.schema),
        }
        let bytes = self.send(&body).await.bytes().await.unwrap();
        let user: User = serde_json::from_str(&self.read(&bytes).content).unwrap();
        assert_eq!((user.name.as_str(), user.age), ("Jason", 25));
    }

    async fn stream(&self) {
        let messages = [user(QUESTION)];
        let mut body = Body::new(&messages);
        body.stream = true;
        let mut response = self.send(&body).await;
        let (mut bytes, mut done) = (0, false);
        let mut buffer = Vec::new();
        while let Some(chunk) = response.chunk().await.unwrap() {
            buffer.extend_from_slice(&chunk);
            let mut start = 0;
            while let Some(length) = memchr::memchr(b'\n', &buffer[start..]) {
                let line = &buffer[start..start + length];
                start += length + 1;
                match self.protocol {
                    Protocol::Native => {
                        let line: NativeReply<'_> = serde_json::from_slice(line).unwrap();
                        bytes += line.message.content.len();
                        done |= line.done;
                    }
                    Protocol::OpenAi => match line.strip_prefix(b"data: ") {
                        None => {}
                        Some(b"[DONE]") => done = true,
                        // The chunk with the token counts has no choice.
                        Some(data) => {
                            if let Ok(event) = serde_json::from_slice::<OpenAiReply<'_>>(data) {
                                bytes += event.choices[0].message.content.len();
                            }
                        }
                    },
                }
            }
            buffer.drain(..start);
        }
        assert!(done);
        assert_eq!(bytes, CHUNKS * CHUNK.len());
    }

    async fn tools(&self) {
        let mut messages = vec![user(DIVISION)];
        let mut body = Body::new(&messages);
        body.tools = Some(&self.tools);
        let asked = self.send(&body).await.bytes().await.unwrap();
        let answer = self.read(&asked);
        messages.push(Message {
            role: "assistant",
            tool_calls: &answer.tool_calls,
            ..Message::default()
        });
        for call in &answer.tool_calls {
            assert_eq!(call.function.name, "divide");
            let Division { a, b } = match self.protocol {
                Protocol::Native => serde_json::from_str(call.function.arguments.get()).unwrap(),
                // The arguments are a string that contains JSON.
                Protocol::OpenAi => {
                    let text: String = serde_json::from_str(call.function.arguments.get()).unwrap();
                    serde_json::from_str(&text).unwrap()
                }
            };
            messages.push(Message {
                role: "tool",
                content: (a / b).to_string().into(),
                tool_call_id: Some(call.id),
                ..Message::default()
            });
        }
        let mut body = Body::new(&messages);
        body.tools = Some(&self.tools);
        let answered = self.send(&body).await.bytes().await.unwrap();
        assert!(self.read(&answered).content.contains("42"));
    }
}

fn user(content: &str) -> Message<'_> {
    Message {
        role: "user",
        content: content.into(),
        ..Message::default()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let task = Task::given();
    let client = Client::new(&task);
    match task.case.as_str() {
        "text" => task.measure(async || client.text().await).await,
        "typed" => task.measure(async || client.typed().await).await,
        "stream" => task.measure(async || client.stream().await).await,
        _ => task.measure(async || client.tools().await).await,
    }
}
