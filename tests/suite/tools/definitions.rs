//! Tool definitions that are sent to the model.

use std::collections::BTreeMap;
use std::path::Path;

use alloy_runtime::{ErrorKind, Tool, ask, tool};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::parameters;

fn body(tool: Tool) -> String {
    ask("Go").model("m").tool(tool).preview().unwrap().body
}

fn check(tool: Tool, expected: &Expect) {
    expected.assert_eq(&format!("{:#}\n", parameters(&body(tool))));
}

fn description(tool: Tool) -> String {
    let body: Value = serde_json::from_str(&body(tool)).unwrap();
    let text = &body["tools"][0]["function"]["description"];
    text.as_str().unwrap().to_owned()
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Unit {
    Celsius,
    Kelvin,
}

/// Tells the weather.
///
/// # More
///
/// This is for people.
#[tool]
#[allow(clippy::too_many_arguments, reason = "one of each kind")]
fn weather(
    /// The city,
    /// and nothing else.
    city: &str,
    unit: Unit,
    days: Option<u8>,
    #[tool(default = "en")] language: &str,
    #[tool(default = -1.5)] least: f64,
    near: &[String],
    of: Option<&str>,
    file: Option<&Path>,
) -> String {
    let unit = match unit {
        Unit::Celsius => 'C',
        Unit::Kelvin => 'K',
    };
    format!("{city} {unit} {days:?} {language} {least} {near:?} {of:?} {file:?}")
}

// T1: a parameter is required unless it has a default or is an `Option`.
#[test]
fn parameters_become_properties() {
    check(
        weather::tool(),
        &expect![[r#"
            {
              "type": "object",
              "properties": {
                "city": {
                  "description": "The city, and nothing else.",
                  "type": "string"
                },
                "unit": {
                  "type": "string",
                  "enum": [
                    "celsius",
                    "kelvin"
                  ]
                },
                "days": {
                  "description": "0 to 255",
                  "type": "integer"
                },
                "language": {
                  "description": "\"en\" where it is left out",
                  "type": "string"
                },
                "least": {
                  "description": "-1.5 where it is left out",
                  "type": "number"
                },
                "near": {
                  "type": "array",
                  "items": {
                    "type": "string"
                  }
                },
                "of": {
                  "type": "string"
                },
                "file": {
                  "type": "string"
                }
              },
              "required": [
                "city",
                "unit",
                "near"
              ]
            }
        "#]],
    );
    assert_eq!(description(weather::tool()), "Tells the weather.");
}

#[tool]
fn current_time() {}

// T1: servers expect an object schema even without parameters. The name replaces a missing doc comment.
#[test]
fn a_tool_without_parameters_has_an_empty_object() {
    let expected = json!({"type": "object", "properties": {}});
    assert_eq!(parameters(&body(current_time::tool())), expected);
    assert_eq!(description(current_time::tool()), "Current time");
}

/// Where someone lives.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Address {
    /// With the number.
    #[schemars(length(max = 40))]
    street: String,
    zip: Option<String>,
    #[serde(default)]
    floor: u8,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Node {
    name: String,
    children: Vec<Node>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
enum Shape {
    Circle { radius: f64 },
    Point,
}

/// Stores things.
#[tool]
#[allow(clippy::needless_pass_by_value, reason = "one of each kind")]
fn store(
    home: &Address,
    /// Where the work is.
    work: Option<Address>,
    tree: Node,
    shape: Shape,
    counts: BTreeMap<String, u32>,
    pair: (String, u8),
    any: Value,
) -> bool {
    drop((home, work, tree, shape, counts, pair, any));
    true
}

#[allow(clippy::too_many_lines, reason = "one long expectation")]
// T1: references are inlined because servers drop them, and limits are put into words.
#[test]
fn user_types_are_inlined() {
    check(
        store::tool(),
        &expect![[r#"
            {
              "type": "object",
              "properties": {
                "home": {
                  "description": "Where someone lives.",
                  "type": "object",
                  "properties": {
                    "street": {
                      "description": "With the number.; at most 40 characters",
                      "type": "string"
                    },
                    "zip": {
                      "type": "string"
                    },
                    "floor": {
                      "description": "0 where it is left out; 0 to 255",
                      "type": "integer"
                    }
                  },
                  "required": [
                    "street"
                  ]
                },
                "work": {
                  "description": "Where the work is.",
                  "type": "object",
                  "properties": {
                    "street": {
                      "description": "With the number.; at most 40 characters",
                      "type": "string"
                    },
                    "zip": {
                      "type": "string"
                    },
                    "floor": {
                      "description": "0 where it is left out; 0 to 255",
                      "type": "integer"
                    }
                  },
                  "required": [
                    "street"
                  ]
                },
                "tree": {
                  "type": "object",
                  "properties": {
                    "name": {
                      "type": "string"
                    },
                    "children": {
                      "type": "array",
                      "items": {
                        "type": "object"
                      }
                    }
                  },
                  "required": [
                    "name",
                    "children"
                  ]
                },
                "shape": {
                  "anyOf": [
                    {
                      "type": "string",
                      "enum": [
                        "Point"
                      ]
                    },
                    {
                      "type": "object",
                      "properties": {
                        "Circle": {
                          "type": "object",
                          "properties": {
                            "radius": {
                              "type": "number"
                            }
                          },
                          "required": [
                            "radius"
                          ]
                        }
                      },
                      "required": [
                        "Circle"
                      ]
                    }
                  ]
                },
                "counts": {
                  "description": "{ [key: string]: integer }",
                  "type": "object",
                  "additionalProperties": {
                    "type": "integer"
                  }
                },
                "pair": {
                  "description": "[string, integer]",
                  "type": "array",
                  "items": {
                    "anyOf": [
                      {
                        "type": "string"
                      },
                      {
                        "description": "0 to 255",
                        "type": "integer"
                      }
                    ]
                  }
                },
                "any": {
                  "type": [
                    "object",
                    "array",
                    "string",
                    "number",
                    "boolean",
                    "null"
                  ]
                }
              },
              "required": [
                "home",
                "tree",
                "shape",
                "counts",
                "pair",
                "any"
              ]
            }
        "#]],
    );
}

/// A type that uses another twice, which uses another twice, and so on.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Twice<T> {
    left: T,
    right: T,
}

type Four<T> = Twice<Twice<T>>;
type Sixteen<T> = Four<Four<T>>;

/// A tuple that doubles the type inside it.
#[derive(serde::Deserialize, schemars::JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Pair<T>(T, T);

type FourPairs<T> = Pair<Pair<Pair<Pair<T>>>>;

#[tool]
#[allow(
    clippy::large_types_passed_by_value,
    reason = "only its schema matters"
)]
fn large(
    one: Box<Sixteen<Sixteen<Sixteen<Sixteen<u8>>>>>,
    other: Box<FourPairs<FourPairs<FourPairs<FourPairs<u8>>>>>,
) {
    drop((one, other));
}

// Inlined, each type would have 65,536 leaves.
#[test]
fn huge_types_are_cut() {
    let body = body(large::tool());
    assert!(body.len() < 200_000, "{}", body.len());
}

/// Divides.
#[tool]
#[require(b != 0, "b must not be zero")]
#[require(a > b, "a must be above b.")]
#[ensure(|answer| *answer > 1, "the result is above 1")]
fn divide(a: i64, b: i64) -> alloy_runtime::Result<i64> {
    Ok(a / b)
}

#[test]
fn conditions_are_part_of_the_description() {
    assert_eq!(
        description(divide::tool()),
        "Divides.\nRequires: b must not be zero.\nRequires: a must be above b.\nEnsures: the result is above 1."
    );
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Lookup {
    /// Its name.
    product: String,
    #[serde(default)]
    #[schemars(range(min = 1, max = 5))]
    count: u8,
}

// T7
#[test]
fn the_fields_of_a_struct_are_the_parameters_of_a_closure() {
    let tool = Tool::new("price", "The price.", |lookup: Lookup| {
        format!("{} {}", lookup.product, lookup.count)
    });
    check(
        tool,
        &expect![[r#"
        {
          "type": "object",
          "properties": {
            "product": {
              "description": "Its name.",
              "type": "string"
            },
            "count": {
              "description": "0 where it is left out; 1 to 5",
              "type": "integer"
            }
          },
          "required": [
            "product"
          ]
        }
    "#]],
    );
}

#[test]
fn invalid_tools_are_reported_before_a_request() {
    let check = |name: &str| {
        let tool = Tool::new(name, "", |_: Lookup| 1);
        let error = ask("Go").model("m").tool(tool).preview().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(
            error
                .to_string()
                .contains("is not valid; expected 1 to 64 ASCII letters"),
            "{error}"
        );
    };
    check("");
    check("get weather");
    check("1st");
    check("größe");
    check(&"x".repeat(65));
    let text = Tool::new("echo", "", |text: String| text);
    let error = ask("Go").model("m").tool(text).preview().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the arguments of the tool `echo` are not an object; expected an object, since a model passes arguments by name"
    );
    let tool = Tool::new("get-weather_2", "", |_: Lookup| 1);
    assert!(ask("Go").model("m").tool(tool).preview().is_ok());
}

// T7
#[test]
fn duplicate_tool_names_are_reported_before_a_request() {
    let twice = ask("Go")
        .model("m")
        .tool(super::add::tool())
        .tool(super::add::tool());
    let error = twice.preview().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(
        error.to_string(),
        "two tools are named `add`; expected different names, since a model calls a tool by its name"
    );
}
