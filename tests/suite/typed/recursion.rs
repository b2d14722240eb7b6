//! Recursive types: their names in the schema and in the format instructions.

use expect_test::expect;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::{answer, check};

#[test]
fn a_recursive_type_is_named() {
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

// The recursion passes only through a tag or flattened fields.
#[test]
fn merged_recursive_types_keep_their_fields() {
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
    let instructions = |preview: alloy_runtime::Preview| {
        preview.messages[0].content.replace('\n', "\n            ")
    };
    let negative = instructions(answer::<Negative>().preview().unwrap());
    assert!(
        negative.ends_with(&format!("type Expression = {expression}")),
        "{negative}"
    );
    let flattened = instructions(answer::<Flattened>().preview().unwrap());
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
fn equal_and_non_ascii_names_are_made_distinct() {
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
          "wert": integer, // 0 to 255
          "teile": Gr__e[]
        }"#]]
    .assert_eq(&messages[0].content);
}

#[test]
fn a_type_that_is_its_own_variant_has_no_reference_to_itself() {
    #[derive(Deserialize, JsonSchema)]
    #[allow(dead_code, reason = "only its schema matters")]
    struct Link(Option<Box<Link>>);
    let body = answer::<Link>().preview().unwrap().body;
    assert!(!body.contains(r#"{"anyOf":[{"$ref""#), "{body}");
}
