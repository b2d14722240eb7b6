//! Types that contain themselves: how they are named, in the schema and in the form.

use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{answer, check};

#[test]
fn a_type_that_contains_itself_is_named() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Node {
        name: String,
        children: Vec<Node>,
    }
    let node = json!({
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
        },
        "required": ["name", "children"],
        "additionalProperties": false,
    });
    let mut root = node.clone();
    root["$defs"] = json!({ "Node": node });
    check::<Node>(
        &expect![[r#"
            Answer with JSON only, in this form:
            Node

            type Node = {
              "name": string,
              "children": Node[]
            }"#]],
        &root,
    );
}

/// A type that contains itself only by way of a tag or of flattened fields.
#[test]
fn what_is_merged_with_itself_keeps_its_fields() {
    #[derive(Deserialize, JsonSchema)]
    #[serde(tag = "kind")]
    #[allow(dead_code, reason = "only its schema matters")]
    enum Expression {
        Negative(Negative),
        Literal { value: i32 },
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Negative {
        of: Box<Expression>,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Flattened {
        name: String,
        #[serde(flatten)]
        rest: Negative,
    }
    let expression = r#"{
              "kind": "Negative",
              "of": Expression
            } | {
              "kind": "Literal",
              "value": integer
            }"#;
    let form = |preview: alloy_runtime::Preview| {
        preview.messages[0].content.replace('\n', "\n            ")
    };
    let negative = form(answer::<Negative>().preview().unwrap());
    assert!(
        negative.ends_with(&format!("type Expression = {expression}")),
        "{negative}"
    );
    let flattened = form(answer::<Flattened>().preview().unwrap());
    assert!(
        flattened.ends_with(&format!("type Expression = {expression}")),
        "{flattened}"
    );
    let tagged = answer::<Expression>().preview().unwrap().body;
    assert!(
        tagged.contains(r##""of":{"$ref":"#/$defs/Expression"}"##),
        "{tagged}"
    );
}

#[test]
fn names_that_are_alike_or_no_ascii_are_kept_apart() {
    mod other {
        #[derive(serde::Deserialize, schemars::JsonSchema)]
        #[allow(dead_code, reason = "only its schema matters")]
        pub(super) struct Tree {
            leaf: bool,
            others: Vec<Tree>,
        }
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Größe {
        wert: u8,
        teile: Vec<Größe>,
    }
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Tree {
        other: other::Tree,
        mine: Vec<Tree>,
        size: Größe,
        empty: Empty,
    }
    #[derive(Deserialize, JsonSchema)]
    struct Empty {}
    let messages = answer::<Tree>().preview().unwrap().messages;
    expect![[r#"
        Answer with JSON only, in this form:
        Tree

        type Tree = {
          "other": Tree2,
          "mine": Tree[],
          "size": Gr__e,
          "empty": {}
        }

        type Tree2 = {
          "leaf": boolean,
          "others": Tree2[]
        }

        type Gr__e = {
          "wert": integer,
          "teile": Gr__e[]
        }"#]]
    .assert_eq(&messages[0].content);
}

#[test]
fn a_type_that_is_its_own_alternative_is_not_named_in_itself() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Link(Option<Box<Link>>);
    let body = answer::<Link>().preview().unwrap().body;
    assert!(!body.contains(r#"{"anyOf":[{"$ref""#), "{body}");
}
