//! Values returned by typed commands.

use alloy_runtime::{Output, command};
use alloy_tests::server::{Reply, Server};
use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{User, answer};
use crate::ROUTES;

// G1 G3: the whole request, byte for byte.
#[tokio::test]
async fn a_struct_is_requested_and_read() {
    #[command("Extract: {text}", model = "ollama:llama3.1", system = "Be exact.")]
    async fn extract(text: &str) -> User;

    let server = Server::start([Reply::answer("{\"name\": \"Jason\",\n \"age\": 25}")]);
    let user = extract("Jason is 25 years old")
        .host(server.host())
        .await
        .unwrap();
    assert_eq!(
        user,
        User {
            name: "Jason".into(),
            age: 25
        }
    );
    expect![[r#"{"model":"llama3.1","messages":[{"role":"system","content":"Be exact.\n\nAnswer with JSON only, in this form:\n{\n  \"name\": string,\n  \"age\": integer // 0 to 255\n}"},{"role":"user","content":"Extract: Jason is 25 years old"}],"stream":false,"format":{"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":255}},"required":["name","age"],"additionalProperties":false},"truncate":false}"#]]
    .assert_eq(&server.request().body);
}

// G1
#[tokio::test]
async fn values_of_every_shape_are_read() {
    async fn read<T: Output + PartialEq + std::fmt::Debug>(json: &str) -> T {
        let server = Server::start([Reply::answer(json), Reply::answer(json)]);
        let [native, compatible] = ROUTES.map(|api| answer::<T>().api(api).host(server.host()));
        let value = native.await.unwrap();
        assert_eq!(compatible.await.unwrap(), value);
        value
    }
    assert!((read::<f64>(r#"{"value":49.99}"#).await - 49.99).abs() < f64::EPSILON);
    assert!(read::<bool>(r#"{"value":true}"#).await);
    assert_eq!(read::<Option<u8>>(r#"{"value":null}"#).await, None);
    assert_eq!(
        read::<(u8, String)>(r#"{"value":[1,"a"]}"#).await,
        (1, "a".to_owned())
    );
    assert_eq!(
        read::<Value>(r#"{"anything":[1]}"#).await,
        json!({"anything": [1]})
    );
    let map = read::<std::collections::BTreeMap<String, u8>>(r#"{"a":1}"#).await;
    assert_eq!(map["a"], 1);
    let users =
        read::<Vec<User>>(r#"{"value":[{"name":"Jason","age":25},{"name":"Tom","age":41}]}"#).await;
    assert_eq!(users[1].name, "Tom");
    #[derive(Debug, PartialEq, Deserialize, JsonSchema)]
    struct UserList {
        users: Vec<User>,
    }
    let list =
        read::<UserList>(r#"{"users":[{"name":"Jason","age":25},{"name":"Tom","age":41}]}"#).await;
    assert_eq!(list.users[0].age, 25);
}

// G1
#[tokio::test]
async fn an_optional_field_may_be_absent_null_or_present() {
    #[derive(Debug, Deserialize, JsonSchema)]
    struct Person {
        #[allow(dead_code, reason = "only the other field is looked at")]
        name: String,
        bio: Option<String>,
    }
    let check = async |json: &str, expected: Option<&str>| {
        let server = Server::start([Reply::answer(json)]);
        let person: Person = answer().host(server.host()).await.unwrap();
        assert_eq!(person.bio.as_deref(), expected, "{json}");
    };
    check(r#"{"name":"Ann"}"#, None).await;
    check(r#"{"name":"Ann","bio":null}"#, None).await;
    check(
        r#"{"name":"Ann","bio":"Loves trains."}"#,
        Some("Loves trains."),
    )
    .await;
}
