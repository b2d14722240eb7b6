//! Validation: limits of a type, enforced where the server did not enforce them.

use alloy_tests::server::{Reply, Server};
use schemars::JsonSchema;
use serde::Deserialize;

use super::{answer, rejects};

// G6
#[tokio::test]
async fn limits_are_enforced_where_the_server_did_not() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    struct Ruled {
        #[schemars(range(min = 0, max = 120))]
        age: i32,
        #[schemars(range(min = 0.5))]
        rate: f64,
        #[schemars(length(min = 3, max = 5))]
        code: String,
        #[schemars(regex(pattern = r"^\d+$"))]
        digits: String,
        #[schemars(length(min = 1))]
        tags: Vec<String>,
    }
    let good = r#"{"age":30,"rate":0.5,"code":"abc","digits":"12","tags":["x"]}"#;
    let server = Server::start([Reply::answer(good)]);
    answer::<Ruled>().host(server.host()).await.unwrap();
    let check = async |from: &str, to: &str, problem: &str| {
        rejects::<Ruled>(&good.replace(from, to), problem).await;
    };
    check(
        "30",
        "130",
        "age: expected an integer from 0 to 120, found 130",
    )
    .await;
    check(
        "0.5",
        "0.4",
        "rate: expected a number of at least 0.5, found 0.4",
    )
    .await;
    check("abc", "ab", "code: expected at least 3 characters, found 2").await;
    check(
        "abc",
        "äöüäöü",
        "code: expected at most 5 characters, found 6",
    )
    .await;
    check(
        "12",
        "1a",
        r#"digits: expected a string that matches ^\d+$, found "1a""#,
    )
    .await;
    check(r#"["x"]"#, "[]", "tags: expected at least 1 item, found 0").await;
}

// G6: a field's limit applies whatever the field's type is.
#[tokio::test]
async fn limits_on_a_field_with_a_named_type_are_enforced() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    struct Persons(u8);
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    struct Name(String);
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    struct Booking {
        #[schemars(extend("minimum" = 1, "maximum" = 6))]
        persons: Persons,
        #[schemars(extend("minLength" = 3))]
        name: Name,
        #[schemars(extend("pattern" = "^[A-Z]+$"))]
        code: Name,
        #[schemars(extend("minimum" = 5))]
        more: Option<Persons>,
    }
    let preview = answer::<Booking>().preview().unwrap();
    assert!(
        preview.messages[0]
            .content
            .contains("\"persons\": integer, // 1 to 6"),
        "{preview:?}"
    );
    let good = r#"{"persons":2,"name":"Ann","code":"AB","more":5}"#;
    let server = Server::start([Reply::answer(good)]);
    answer::<Booking>().host(server.host()).await.unwrap();
    let check = async |from: &str, to: &str, problem: &str| {
        rejects::<Booking>(&good.replace(from, to), problem).await;
    };
    check(
        ":2",
        ":99",
        "persons: expected an integer from 1 to 6, found 99",
    )
    .await;
    check("Ann", "x", "name: expected at least 3 characters, found 1").await;
    check(
        "AB",
        "ab",
        "code: expected a string that matches ^[A-Z]+$, found \"ab\"",
    )
    .await;
    check(
        ":5",
        ":1",
        "more: expected an integer from 5 to 255, found 1",
    )
    .await;
}

// G6: a value that breaks a limit of its variant is not read as another variant.
#[tokio::test]
async fn limits_of_variants_are_enforced() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(untagged)]
    #[allow(dead_code, reason = "rejected")]
    enum Either {
        Counted {
            id: u8,
            #[schemars(range(max = 10))]
            n: u8,
        },
        Noted {
            id: u8,
            note: Option<String>,
        },
    }
    rejects::<Either>(
        r#"{"value":{"id":1,"n":99}}"#,
        "n: expected an integer from 0 to 10, found 99",
    )
    .await;
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    enum Inner {
        Big {
            #[schemars(range(max = 10))]
            x: u8,
        },
        Small {},
        None,
    }
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    struct Outer {
        id: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    rejects::<Outer>(
        r#"{"value":{"id":1,"Big":{"x":99}}}"#,
        "Big.x: expected an integer from 0 to 10, found 99",
    )
    .await;
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    struct Tags {
        #[schemars(length(min = 1))]
        tags: Vec<String>,
        #[serde(default)]
        rate: f64,
    }
    rejects::<Option<Tags>>(
        r#"{"value":{"tags":[]}}"#,
        "tags: expected at least 1 item, found 0",
    )
    .await;
    // An unreadable number elsewhere does not disable the limits.
    #[derive(Debug, Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "rejected")]
    struct Limited {
        #[schemars(range(max = 120))]
        age: u8,
    }
    rejects::<Limited>(
        r#"{"age":250,"junk":1e999}"#,
        "not JSON: number out of range at line 1 column 23",
    )
    .await;
}
