use super::*;

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Twice<T> {
    left: T,
    right: T,
    share: Percent,
    role: Role,
}

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Percent(#[schemars(range(min = 1, max = 100))] u8);

#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
enum Role {
    /// May do all.
    Admin,
    User,
}

type Four<T> = Twice<Twice<T>>;
type Sixteen<T> = Four<Four<T>>;

/// Doubles like [`Twice`], but has no named fields.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "only its schema matters")]
struct Pair<T>(T, T);

type FourPairs<T> = Pair<Pair<Pair<Pair<T>>>>;

// Inlined, the large type would have a million strings.
#[test]
fn types_that_are_too_large_to_inline_become_definitions() {
    let count_strings = |schema: &Schema| {
        let json = schema.to_server_schema().to_string();
        json.matches(r#"{"type":"string"}"#).count()
    };
    let small = Schema::for_type::<Sixteen<String>>();
    assert_eq!((small.definitions.len(), count_strings(&small)), (0, 16));

    let large = Schema::for_type::<Sixteen<Sixteen<Sixteen<Sixteen<Sixteen<String>>>>>>();
    assert!(large.is_object());
    assert_eq!((large.definitions.len(), count_strings(&large)), (19, 2));
    let small = small.to_format_instructions();
    let large = large.to_format_instructions();
    assert!(large.len() < 20_000, "{large}");
    let pairs = Schema::for_type::<FourPairs<FourPairs<FourPairs<FourPairs<String>>>>>();
    assert!(pairs.to_server_schema().to_string().len() < 20_000);
    assert!(pairs.to_format_instructions().len() < 20_000);
    // Both forms describe a field on its own line.
    for comment in [
        "\"share\": integer, // 1 to 100\n",
        "// \"Admin\": May do all.\n",
    ] {
        assert!(small.contains(comment), "{small}");
        assert!(large.contains(comment), "{large}");
    }
}
