//! Schemas and format instructions.

use alloy_runtime::{Message, command};
use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{User, answer, check};

#[test]
fn format_instructions_describe_every_kind_of_type() {
    /// A person with an account.
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Account {
        /// full name
        name: String,
        age: u8,
        role: Role,
        email: Option<String>,
        tags: Vec<String>,
        scores: std::collections::BTreeMap<String, f64>,
        address: Address,
        /// where the bills go,
        /// if elsewhere
        billing: Option<Address>,
        roles: Vec<Role>,
        point: (i32, String),
        #[serde(default)]
        active: bool,
        note: Option<Role>,
        any: Value,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Role {
        Admin,
        User,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Address {
        street: String,
        city: String,
    }
    let role = json!({"type": "string", "enum": ["admin", "user"]});
    let address = json!({
        "type": "object",
        "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        "required": ["street", "city"],
        "additionalProperties": false,
    });
    check::<Account>(
        &expect![[r#"
            Answer with JSON only, in this form:
            {
              "name": string, // full name
              "age": integer, // 0 to 255
              "role": "admin" | "user",
              "email": string | null,
              "tags": string[],
              "scores": { [key: string]: number },
              "address": {
                "street": string,
                "city": string
              },
              "billing": {
                "street": string,
                "city": string
              } | null, // where the bills go, if elsewhere
              "roles": ("admin" | "user")[],
              "point": [integer, string],
              "active": boolean,
              "note": "admin" | "user" | null,
              "any": any
            }"#]],
        &json!({
            "description": "A person with an account.",
            "type": "object",
            "properties": {
                "name": {"description": "full name", "type": "string"},
                "age": {"type": "integer", "minimum": 0, "maximum": 255},
                "role": role,
                "email": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                "tags": {"type": "array", "items": {"type": "string"}},
                "scores": {"type": "object", "additionalProperties": {"type": "number"}},
                "address": address,
                "billing": {
                    "description": "where the bills go, if elsewhere",
                    "anyOf": [address, {"type": "null"}],
                },
                "roles": {"type": "array", "items": role},
                "point": {
                    "type": "array",
                    "prefixItems": [{"type": "integer"}, {"type": "string"}],
                    "minItems": 2,
                    "maxItems": 2,
                },
                "active": {"type": "boolean"},
                "note": {"anyOf": [role, {"type": "null"}]},
                "any": {"type": ["object", "array", "string", "number", "boolean", "null"]},
            },
            "required": [
                "name", "age", "role", "email", "tags", "scores", "address", "billing", "roles", "point",
                "active", "note", "any",
            ],
            "additionalProperties": false,
        }),
    );
}

#[test]
fn limits_are_written_as_comments() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Limits {
        /// in years
        #[schemars(range(min = 0, max = 120))]
        age: u8,
        #[schemars(range(min = 18))]
        adult: u8,
        #[schemars(range(max = 10))]
        rating: u32,
        #[schemars(range(min = 0.5))]
        weight: f64,
        #[schemars(length(min = 1))]
        tags: Vec<String>,
        #[schemars(length(min = 3, max = 20))]
        name: Option<String>,
        #[schemars(length(equal = 2), regex(pattern = r"^[A-Z]{2}$"))]
        country: String,
        #[schemars(regex(pattern = r"\d+"))]
        digits: String,
        letter: char,
    }
    let text = |more: Value| {
        let mut schema = json!({"type": "string"});
        let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) else {
            unreachable!()
        };
        schema.extend(more);
        Value::Object(schema.clone())
    };
    check::<Limits>(
        &expect![[r#"
            Answer with JSON only, in this form:
            {
              "age": integer, // in years; 0 to 120
              "adult": integer, // 18 to 255
              "rating": integer, // 0 to 10
              "weight": number, // at least 0.5
              "tags": string[], // at least 1 item
              "name": string | null, // 3 to 20 characters
              "country": string, // exactly 2 characters; matches ^[A-Z]{2}$
              "digits": string, // matches \d+
              "letter": string // exactly 1 character
            }"#]],
        &json!({
            "type": "object",
            "properties": {
                "age": {"description": "in years", "type": "integer", "minimum": 0, "maximum": 120},
                "adult": {"type": "integer", "minimum": 18, "maximum": 255},
                "rating": {"type": "integer", "minimum": 0, "maximum": 10},
                "weight": {"type": "number", "minimum": 0.5},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "name": {"anyOf": [text(json!({"minLength": 3, "maxLength": 20})), {"type": "null"}]},
                "country": text(json!({"minLength": 2, "maxLength": 2, "pattern": "^[A-Z]{2}$"})),
                // The server cannot build a grammar from this pattern.
                "digits": text(json!({})),
                "letter": text(json!({"minLength": 1, "maxLength": 1})),
            },
            "required": ["age", "adult", "rating", "weight", "tags", "name", "country", "digits", "letter"],
            "additionalProperties": false,
        }),
    );
}

#[test]
fn docs_of_list_items_and_variants_reach_the_model() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Label {
        /// Invoices and payments.
        Billing,
        /// Passwords and access.
        Account,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Step {
        /// Wait for so many seconds.
        Wait(u32),
        /// Say it aloud.
        Say {
            words: String,
        },
        Stop,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Numbered {
        number: u8,
        #[serde(flatten)]
        step: Tagged,
    }
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Tagged {
        /// Left or right.
        Turn { left: bool },
        /// No further.
        Halt,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Plan {
        labels: Vec<Label>,
        step: Step,
        numbered: Numbered,
        #[schemars(length(max = 3), inner(length(min = 2)))]
        words: Vec<String>,
    }
    let messages = answer::<Plan>().preview().unwrap().messages;
    expect![[r#"
        Answer with JSON only, in this form:
        {
          "labels": ("billing" | "account")[], // "billing": Invoices and payments.; "account": Passwords and access.
          "step": "Stop" | {
            "Wait": integer
          } | {
            "Say": {
              "words": string
            }
          }, // "Wait": Wait for so many seconds.; "Say": Say it aloud.
          "numbered": {
            "number": integer, // 0 to 255
            "kind": "Turn",
            "left": boolean
          } | {
            "number": integer, // 0 to 255
            "kind": "Halt"
          }, // "Turn": Left or right.; "Halt": No further.
          "words": string[] // at most 3 items; each at least 2 characters
        }"#]]
    .assert_eq(&messages[0].content);
}

#[test]
fn fields_of_a_flattened_option_are_not_required() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Inner {
        street: String,
        note: Option<String>,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Outer {
        name: String,
        #[serde(default)]
        count: u8,
        #[serde(flatten)]
        inner: Option<Inner>,
    }
    let body: Value = serde_json::from_str(&answer::<Outer>().preview().unwrap().body).unwrap();
    assert_eq!(body["format"]["required"], json!(["name", "count", "note"]));
}

#[test]
fn other_types_than_objects_are_wrapped() {
    /// How a ticket is handled.
    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Queue {
        /// Invoices and payments.
        Billing,
        Technical,
    }
    let wrapped = |value: Value| {
        json!({
            "type": "object",
            "properties": {"value": value},
            "required": ["value"],
            "additionalProperties": false,
        })
    };
    check::<f64>(
        &expect![[r#"
            Answer with JSON only, in this form:
            {
              "value": number
            }"#]],
        &wrapped(json!({"type": "number"})),
    );
    check::<Vec<User>>(
        &expect![[r#"
            Answer with JSON only, in this form:
            {
              "value": {
                "name": string,
                "age": integer // 0 to 255
              }[]
            }"#]],
        &wrapped(json!({"type": "array", "items": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "age": {"type": "integer", "minimum": 0, "maximum": 255},
            },
            "required": ["name", "age"],
            "additionalProperties": false,
        }})),
    );
    // schemars lists variants without a doc comment first.
    check::<Queue>(
        &expect![[r#"
            Answer with JSON only, in this form:
            {
              "value": "technical" | "billing" // How a ticket is handled.; "billing": Invoices and payments.
            }"#]],
        &wrapped(json!({
            "description": "How a ticket is handled.",
            "type": "string",
            "enum": ["technical", "billing"],
        })),
    );
}

#[test]
fn any_json_uses_json_mode() {
    check::<Value>(
        &expect![[r"
            Answer with JSON only, in this form:
            any"]],
        &json!("json"),
    );
}

// D7
#[test]
fn two_commands_share_one_type() {
    #[command("Extract the user", model = "m")]
    async fn one() -> User;
    #[command("Invent a user", model = "m")]
    async fn two() -> User;
    let system = |messages: Vec<Message>| messages[0].content.clone();
    assert_eq!(
        system(one().preview().unwrap().messages),
        system(two().preview().unwrap().messages)
    );
}
