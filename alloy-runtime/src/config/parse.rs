//! Parsing of values that people write into variables.

use std::time::Duration;

/// Parses a duration like [`duration_with_unit`]; a number without a unit is seconds.
pub(super) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    match text.parse() {
        Ok(seconds) if !text.starts_with('+') => Some(Duration::from_secs(seconds)),
        _ => duration_with_unit(text),
    }
}

/// Parses `500ms`, `30s`, `2m` or `1h`, or a sum with the largest unit first, such as `1h30m`. The attribute has the
/// same rules.
pub(super) fn duration_with_unit(text: &str) -> Option<Duration> {
    let is_digit = |c: char| c.is_ascii_digit();
    let (mut rest, mut total, mut larger) = (text.trim(), 0_u64, u64::MAX);
    while !rest.is_empty() {
        let (number, from) = rest.split_at(rest.find(|c| !is_digit(c))?);
        let (unit, after) = from.split_at(from.find(is_digit).unwrap_or(from.len()));
        let unit = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        let millis = number.parse::<u64>().ok()?.checked_mul(unit)?;
        total = total.checked_add(millis).filter(|_| unit < larger)?;
        (rest, larger) = (after, unit);
    }
    (larger < u64::MAX).then(|| Duration::from_millis(total))
}

/// Parses `true`, `1`, `yes` and `on`, or `false`, `0`, `no` and `off`, ignoring case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_or_are_seconds() {
        let check = |text: &str, expected: Option<u64>| {
            assert_eq!(
                duration(text),
                expected.map(Duration::from_millis),
                "{text:?}"
            );
        };
        check("500ms", Some(500));
        check("30s", Some(30_000));
        check(" 2m ", Some(120_000));
        check("1h", Some(3_600_000));
        check("45", Some(45_000));
        check("1h30m", Some(5_400_000));
        check("1m1s500ms", Some(61_500));
        check("30m1h", None);
        check("1s1s", None);
        check("1h30", None);
        check("+1", None);
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
