//! Every kind of output type: the schema and the format instructions that are sent, which answers are read
//! and as what, and which are rejected with which error.
//!
//! `types.expected` holds the results. `UPDATE_EXPECT=1 cargo test` rewrites it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt::{Debug, Write as _};
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::time::Duration;

use alloy_runtime::{ErrorKind, Output, command};
use alloy_tests::server::{Reply, Server};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use expect_test::expect_file;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ROUTES;

/// Visitor of the table.
pub(crate) trait Visit {
    async fn row<T: Output + Debug>(&mut self, reads: &[&str], refuses: &[&str]);
}

/// Visits the rows of the table: a type, answers that are accepted, and answers that are rejected.
#[rustfmt::skip]
pub(crate) async fn each(visit: &mut impl Visit) {
    // Scalars.
    visit.row::<bool>(&[r#"{"value":true}"#, "false"], &[r#"{"value":"maybe"}"#, r#"{"value":1}"#, "{}"]).await;
    visit.row::<u8>(&[r#"{"value":25}"#, r#"{"value":"25"}"#], &[r#"{"value":256}"#, r#"{"value":-1}"#, r#"{"value":3.9}"#]).await;
    visit.row::<i64>(&[r#"{"value":-9223372036854775808}"#], &[r#"{"value":9223372036854775808}"#, r#"{"value":1e30}"#]).await;
    visit.row::<u64>(&[r#"{"value":18446744073709551615}"#], &[r#"{"value":18446744073709551616}"#]).await;
    visit.row::<u128>(&[r#"{"value":7}"#], &[r#"{"value":-7}"#]).await;
    visit.row::<NonZeroU8>(&[r#"{"value":7}"#], &[r#"{"value":0}"#]).await;
    visit.row::<f64>(&[r#"{"value":0.5}"#, r#"{"value":2}"#], &[r#"{"value":"a half"}"#, r#"{"value":[0.5]}"#]).await;
    visit.row::<f32>(&[r#"{"value":0.5}"#], &[r#"{"value":null}"#]).await;
    visit.row::<char>(&[r#"{"value":"é"}"#], &[r#"{"value":"ab"}"#, r#"{"value":""}"#]).await;
    visit.row::<Cow<'static, str>>(&[r#"{"value":"text"}"#], &[r#"{"value":7}"#, r#"{"value":["text"]}"#]).await;
    visit.row::<Box<str>>(&[r#"{"value":"text"}"#], &[r#"{"value":null}"#]).await;
    visit.row::<IpAddr>(&[r#"{"value":"127.0.0.1"}"#], &[r#"{"value":"localhost"}"#]).await;
    visit.row::<Duration>(&[r#"{"secs":3,"nanos":5}"#], &[r#"{"secs":3}"#]).await;

    // Options, lists, sets, maps, tuples.
    visit.row::<Option<u8>>(&[r#"{"value":null}"#, r#"{"value":7}"#, "null"], &[r#"{"value":"seven"}"#, "{}"]).await;
    visit.row::<Option<User>>(&[r#"{"value":null}"#, r#"{"value":{"name":"Jason","age":25}}"#], &[r#"{"value":{"name":"Jason"}}"#, r#"{"value":{}}"#]).await;
    visit.row::<Vec<User>>(&[r#"{"value":[]}"#, r#"[{"name":"Jason","age":25}]"#], &[r#"{"value":[{"name":"Jason","age":25},{"name":"Ann"}]}"#, r#"{"value":{"name":"Jason","age":25}}"#]).await;
    visit.row::<VecDeque<Box<u8>>>(&[r#"{"value":[1,2]}"#], &[r#"{"value":[1,null]}"#]).await;
    visit.row::<Vec<Vec<f64>>>(&[r#"{"value":[[1,2],[]]}"#], &[r#"{"value":[[1,"x"]]}"#, r#"{"value":[1]}"#]).await;
    visit.row::<[u8; 3]>(&[r#"{"value":[1,2,3]}"#], &[r#"{"value":[1,2]}"#, r#"{"value":[1,2,3,4]}"#]).await;
    visit.row::<BTreeSet<String>>(&[r#"{"value":["b","a","b"]}"#], &[r#"{"value":{"a":1}}"#]).await;
    visit.row::<HashMap<String, u8>>(&[r#"{"a":1}"#, "{}"], &[r#"{"a":"one"}"#, "[]"]).await;
    visit.row::<BTreeMap<u32, bool>>(&[r#"{"7":true}"#], &[r#"{"seven":true}"#, r#"{"7":7}"#]).await;
    visit.row::<BTreeMap<String, Vec<User>>>(&[r#"{"team":[{"name":"Jason","age":25}]}"#], &[r#"{"team":[{"name":7,"age":25}]}"#]).await;
    visit.row::<(u8, String)>(&[r#"{"value":[7,"a"]}"#], &[r#"{"value":["a",7]}"#, r#"{"value":[7]}"#]).await;

    // Structs.
    visit.row::<User>(&[r#"{"name":"Jason","age":25}"#, r#"{"name":"Jason","age":25,"city":"Oslo"}"#], &[r#"{"name":"Jason"}"#, r#"{"name":"Jason","age":"twenty"}"#, r#"["Jason",25]"#]).await;
    visit.row::<Box<User>>(&[r#"{"name":"Jason","age":25}"#], &[r#"{"name":null,"age":25}"#]).await;
    visit.row::<Age>(&[r#"{"value":25}"#], &[r#"{"value":"old"}"#]).await;
    visit.row::<Point>(&[r#"{"value":[1.5,2]}"#], &[r#"{"value":{"x":1.5,"y":2}}"#]).await;
    visit.row::<Nothing>(&[r#"{"value":null}"#], &[r#"{"value":7}"#]).await;
    visit.row::<Page<User>>(&[r#"{"items":[],"next":null}"#, r#"{"items":[]}"#], &[r#"{"items":[{}]}"#]).await;
    visit.row::<Attributed>(
        &[
            r#"{"fullName":"Jason","count":2,"street":"Main","city":null}"#,
            r#"{"name":"Jason","street":"Main"}"#,
        ],
        &[r#"{"count":2,"street":"Main"}"#, r#"{"fullName":"Jason","count":2}"#],
    ).await;
    visit.row::<Strict>(&[r#"{"name":"Jason"}"#, r#"{"name":"Jason","more":1}"#], &[r#"{"more":1}"#]).await;
    visit.row::<Limits>(
        &[r##"{"age":30,"rate":0.5,"code":"AB-1","tags":["x"],"color":"#ff0000"}"##],
        &[
            r##"{"age":130,"rate":0.5,"code":"AB-1","tags":["x"],"color":"#ff0000"}"##,
            r##"{"age":30,"rate":0,"code":"AB-1","tags":["x"],"color":"#ff0000"}"##,
            r##"{"age":30,"rate":0.5,"code":"A","tags":["x"],"color":"#ff0000"}"##,
            r##"{"age":30,"rate":0.5,"code":"AB-1","tags":[],"color":"#ff0000"}"##,
            r#"{"age":30,"rate":0.5,"code":"AB-1","tags":["x"],"color":"red"}"#,
        ],
    ).await;

    // Types that contain themselves.
    visit.row::<Tree>(&[r#"{"label":"a","children":[{"label":"b","children":[]}]}"#], &[r#"{"label":"a","children":[{"label":"b"}]}"#]).await;
    visit.row::<Json>(&[r#"{"value":{"list":[{"text":"a"},"empty"]}}"#], &[r#"{"value":{"list":[{"text":7}]}}"#]).await;

    // Enums.
    visit.row::<Mood>(&[r#"{"value":"very_good"}"#, "bad"], &[r#"{"value":"fine"}"#, r#"{"value":["bad"]}"#]).await;
    visit.row::<Shape>(&[r#"{"value":{"circle":{"radius":2}}}"#, r#"{"value":{"named":"x"}}"#, r#"{"value":"empty"}"#], &[r#"{"value":{"circle":{"radius":"big"}}}"#, r#"{"value":{"square":1}}"#]).await;
    visit.row::<Event>(&[r#"{"value":{"type":"click","x":1}}"#, r#"{"value":{"type":"quit"}}"#], &[r#"{"value":{"type":"click"}}"#, r#"{"value":{"x":1}}"#, r#"{"value":{"type":"jump"}}"#]).await;
    visit.row::<Message>(&[r#"{"value":{"kind":"text","body":"hi"}}"#, r#"{"value":{"kind":"ping"}}"#], &[r#"{"value":{"kind":"text","body":7}}"#]).await;
    visit.row::<Id>(&[r#"{"value":7}"#, r#"{"value":"a7"}"#, r#"{"value":{"part":1,"of":2}}"#], &[r#"{"value":true}"#, r#"{"value":{"part":1}}"#]).await;
    visit.row::<Vec<Option<Mood>>>(&[r#"{"value":["bad",null]}"#], &[r#"{"value":["bad","awful"]}"#]).await;
    visit.row::<Answer>(&[r#"{"value":"yes"}"#], &[r#"{"value":"maybe"}"#]).await;

    // Dates.
    visit.row::<NaiveDate>(&[r#"{"value":"2026-11-21"}"#], &[r#"{"value":"21.11.2026"}"#, r#"{"value":"2026-13-01"}"#]).await;
    visit.row::<NaiveTime>(&[r#"{"value":"14:30:00"}"#], &[r#"{"value":"half past two"}"#]).await;
    visit.row::<DateTime<Utc>>(&[r#"{"value":"2026-11-21T14:30:00Z"}"#], &[r#"{"value":"2026-11-21"}"#]).await;
    visit.row::<jiff::civil::Date>(&[r#"{"value":"2026-11-21"}"#], &[r#"{"value":"tomorrow"}"#]).await;
    visit.row::<jiff::civil::DateTime>(&[r#"{"value":"2026-11-21T14:30:00"}"#], &[r#"{"value":"2026-11-21T25:00:00"}"#]).await;
    visit.row::<jiff::Timestamp>(&[r#"{"value":"2026-11-21T14:30:00Z"}"#], &[r#"{"value":"2026-11-21"}"#]).await;
    visit.row::<Meeting>(&[r#"{"day":"2026-11-21","start":"14:30:00","end":null}"#], &[r#"{"day":"today","start":"14:30:00","end":null}"#]).await;

    // Any JSON.
    visit.row::<Value>(&[r#"{"a":[1,null]}"#, "7"], &["no JSON"]).await;
    visit.row::<Map<String, Value>>(&[r#"{"a":1}"#], &["[1]"]).await;
    visit.row::<Vec<Value>>(&[r#"{"value":[1,"a",{}]}"#], &[r#"{"value":"a"}"#]).await;
    visit.row::<Tagged>(&[r#"{"name":"a","extra":1,"more":"x"}"#], &[r#"{"extra":1}"#]).await;
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct User {
    name: String,
    age: u8,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Age(u8);

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Point(f64, f64);

#[derive(Debug, Deserialize, JsonSchema)]
struct Nothing;

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Page<T> {
    items: Vec<T>,
    next: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[allow(dead_code, reason = "only printed")]
struct Attributed {
    #[serde(alias = "name")]
    full_name: String,
    #[serde(default)]
    count: u8,
    #[serde(skip)]
    hidden: u8,
    #[serde(flatten)]
    address: Address,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Address {
    /// street and number
    street: String,
    city: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "only printed")]
struct Strict {
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Limits {
    #[schemars(range(min = 0, max = 120))]
    age: i32,
    #[schemars(extend("exclusiveMinimum" = 0), range(max = 1.0))]
    rate: f64,
    #[schemars(length(min = 3, max = 8))]
    code: String,
    #[schemars(length(min = 1, max = 5), inner(length(max = 20)))]
    tags: Vec<String>,
    #[schemars(regex(pattern = "^#[0-9a-f]{6}$"))]
    color: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Tree {
    label: String,
    children: Vec<Tree>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only printed")]
enum Json {
    Empty,
    Text(String),
    List(Vec<Json>),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Mood {
    /// happy, or pleased
    VeryGood,
    Bad,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only printed")]
enum Shape {
    Circle { radius: f64 },
    Named(String),
    Empty,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase")]
#[allow(dead_code, reason = "only printed")]
enum Event {
    /// The mouse was clicked.
    Click {
        x: i32,
    },
    Quit,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", content = "body", rename_all = "lowercase")]
#[allow(dead_code, reason = "only printed")]
enum Message {
    Text(String),
    Ping,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only printed")]
enum Id {
    Number(u32),
    Text(String),
    Part { part: u8, of: u8 },
}

#[derive(Debug, Deserialize, JsonSchema)]
enum Answer {
    #[serde(rename = "yes")]
    Yes,
    #[serde(rename = "no")]
    No,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Meeting {
    day: jiff::civil::Date,
    start: NaiveTime,
    /// if it has one
    end: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[allow(dead_code, reason = "only printed")]
struct Tagged {
    name: String,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[command("Answer", model = "m")]
async fn answer<T: Output>() -> T;

/// Prints the table.
#[derive(Default)]
struct Listing(String);

impl Visit for Listing {
    async fn row<T: Output + Debug>(&mut self, reads: &[&str], refuses: &[&str]) {
        let short = |name: &str| {
            let parts = name.split_inclusive(|c: char| !c.is_alphanumeric() && !"_:".contains(c));
            let last = parts.map(|part| part.rsplit("::").next().unwrap().to_owned());
            last.collect::<String>().replace("'_, ", "")
        };
        let name = short(std::any::type_name::<T>());
        let preview = answer::<T>().preview().unwrap();
        let (_, text) = preview.messages[0].content.split_once('\n').unwrap();
        let body: Value = serde_json::from_str(&preview.body).unwrap();
        let out = &mut self.0;
        writeln!(out, "# {name}\n\n{text}\n\nformat   {}", body["format"]).unwrap();
        for text in reads {
            let mut shown = Vec::new();
            for api in ROUTES {
                let server = Server::start([Reply::answer(text)]);
                let command = answer::<T>().api(api).host(server.host());
                let outcome = command.outcome().await;
                let outcome = outcome.unwrap_or_else(|error| panic!("{name}: {text}: {error}"));
                let repairs: Vec<_> = outcome
                    .repairs
                    .iter()
                    .map(|repair| format!("; {repair}"))
                    .collect();
                shown.push(format!("{:?}{}", outcome.value, repairs.concat()));
            }
            assert_eq!(shown[0], shown[1], "the routes read different values");
            writeln!(out, "reads    {text}\n         {}", shown[0]).unwrap();
        }
        for text in refuses {
            let mut shown = Vec::new();
            for api in ROUTES {
                let server = Server::start([Reply::answer(text)]);
                let command = answer::<T>().api(api).auto_finalize_missing_output(false);
                let error = match command.host(server.host()).await {
                    Ok(value) => panic!("{name}: {text} was read as {value:?}"),
                    Err(error) => error,
                };
                let kind = error.kind();
                assert_eq!(kind, ErrorKind::InvalidOutput, "{name}: {text}: {error}");
                shown.push(error.to_string());
            }
            assert_eq!(shown[0], shown[1], "the routes report different errors");
            writeln!(out, "refuses  {text}\n         {}", shown[0]).unwrap();
        }
        out.push('\n');
    }
}

// G2 G5 G6
#[tokio::test]
async fn every_kind_of_type_is_described_read_and_rejected() {
    let mut listing = Listing::default();
    each(&mut listing).await;
    expect_file!["types.expected"].assert_eq(&listing.0);
}
