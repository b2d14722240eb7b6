//! Durations as people write them: `500ms`, `30s`, `2m`.

use std::time::Duration;

/// Reads `500ms`, `30s`, `2m` or `1h`; a bare number is seconds. `None` where it is none of them.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "" | "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(parse(text), expected.map(Duration::from_millis), "{text:?}");
        };
        check("500ms", Some(500));
        check("30s", Some(30_000));
        check(" 2m ", Some(120_000));
        check("1h", Some(3_600_000));
        check("45", Some(45_000));
        check("", None);
        check("s", None);
        check("-1s", None);
        check("1.5s", None);
        check("2 m", None);
        check("3d", None);
        check("99999999999999999999s", None);
        check("9999999999999999999h", None);
    }
}
