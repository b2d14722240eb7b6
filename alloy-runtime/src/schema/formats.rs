//! String formats: patterns for those that a grammar does not know, or checks too loosely, and the check of a value.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns the pattern of a format that only schemars uses: a time or date and time without a zone. No server's grammar
/// knows these two.
pub(super) fn schemars_pattern(format: &str) -> Option<&'static str> {
    match format {
        "partial-time" => Some("^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"),
        "partial-date-time" => Some(
            "^[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$",
        ),
        _ => None,
    }
}

/// Replaces the patterns that schemars writes for integer keys of a map by stricter ones: without leading zeros, and
/// with a limited number of digits, so that every key fits its type. Returns any other pattern unchanged.
pub(super) fn strict_key_pattern(pattern: &str) -> &str {
    match pattern {
        r"^\d+$" => "^(0|[1-9][0-9]{0,18})$",
        r"^-?\d+$" => "^(0|-?[1-9][0-9]{0,17})$",
        other => other,
    }
}

/// A date in the calendar, leap years included. Its year is one that every date library can represent in every zone.
macro_rules! date {
    () => {
        concat!(
            "(",
            "(0[0-9]{2}[1-9]|0[0-9][1-9]0|0[1-9]00|[1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8])",
            "-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))",
            "|(([0-9]{2}(0[48]|[2468][048]|[13579][26]))|(0[48]|[2468][048]|[13579][26])00)-02-29",
            ")"
        )
    };
}

/// A time of day. Leap seconds are excluded, since some libraries reject them.
macro_rules! time {
    () => {
        r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    };
}

/// `Z` or an offset from UTC.
macro_rules! zone {
    () => {
        "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])"
    };
}

/// The years, months and days of a duration. The number of digits is limited so that no library overflows.
macro_rules! days {
    () => {
        "([0-9]{1,4}Y([0-9]{1,4}M)?([0-9]{1,4}D)?|[0-9]{1,4}M([0-9]{1,4}D)?|[0-9]{1,4}D)"
    };
}

/// The hours, minutes and seconds of a duration.
macro_rules! hours {
    () => {
        "T([0-9]{1,4}H([0-9]{1,4}M)?([0-9]{1,5}S)?|[0-9]{1,4}M([0-9]{1,5}S)?|[0-9]{1,5}S)"
    };
}

/// An IPv4 address.
macro_rules! ipv4 {
    () => {
        r"((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    };
}

/// An IPv6 address without an embedded IPv4 address.
macro_rules! ipv6 {
    () => {
        concat!(
            "([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|([0-9a-f]{1,4}:){1,7}:",
            "|([0-9a-f]{1,4}:){1,6}:[0-9a-f]{1,4}|([0-9a-f]{1,4}:){1,5}(:[0-9a-f]{1,4}){1,2}",
            "|([0-9a-f]{1,4}:){1,4}(:[0-9a-f]{1,4}){1,3}|([0-9a-f]{1,4}:){1,3}(:[0-9a-f]{1,4}){1,4}",
            "|([0-9a-f]{1,4}:){1,2}(:[0-9a-f]{1,4}){1,5}|[0-9a-f]{1,4}:(:[0-9a-f]{1,4}){1,6}",
            "|:((:[0-9a-f]{1,4}){1,7}|:)"
        )
    };
}

/// Returns a pattern for `format` whose every match can be parsed by the types that use the format: a date exists in the
/// calendar, a duration does not overflow.
pub(super) fn exact_pattern(format: &str) -> Option<&'static str> {
    Some(match format {
        "date" => concat!("^", date!(), "$"),
        "date-time" => concat!("^", date!(), "T", time!(), zone!(), "$"),
        "time" => concat!("^", time!(), zone!(), "$"),
        "partial-time" => concat!("^", time!(), "$"),
        "partial-date-time" => concat!("^", date!(), "T", time!(), "$"),
        "duration" => concat!(
            "^P(",
            days!(),
            "(",
            hours!(),
            ")?|",
            hours!(),
            "|[0-9]{1,4}W)$"
        ),
        "ipv4" => concat!("^", ipv4!(), "$"),
        "ipv6" => concat!("^(", ipv6!(), ")$"),
        "ip" => concat!("^(", ipv4!(), "|", ipv6!(), ")$"),
        _ => return None,
    })
}

/// Returns `true` if a text has a format, `false` if no parser of the format accepts it, and `None` for a format that is
/// not known.
///
/// A Rust type that parses the format checks it exactly. For any other type, such as a `String`, this check is all there
/// is.
pub(crate) fn is_of_format(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date" => is_date(text),
        "time" | "partial-time" => is_time(text),
        "date-time" | "partial-date-time" => match text.get(..10) {
            Some(date) => {
                let time = text[10..].strip_prefix(['T', 't', ' ']);
                is_date(date) && time.is_some_and(is_time)
            }
            None => false,
        },
        // `P1D` and `-PT1.5S`, and the form of jiff, `1h 30m`.
        "duration" => text.chars().any(|c| c.is_ascii_digit()) && !text.contains([':', '/']),
        "email" | "idn-email" => match text.rsplit_once('@') {
            Some((name, host)) => {
                let is_name = |name: &str| !name.is_empty() && !name.contains(['@', '<', '>', ',']);
                is_name(name) && is_host(host) && !text.contains(char::is_whitespace)
            }
            None => false,
        },
        "uri" | "url" | "iri" => match text.split_once(':') {
            Some((scheme, rest)) => {
                let is_scheme = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
                scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme.chars().all(is_scheme)
                    && !rest.trim_matches('/').is_empty()
                    && !rest.contains(char::is_whitespace)
            }
            None => false,
        },
        "uuid" => {
            let digits = text.trim_start_matches("urn:uuid:");
            let digits = digits.trim_start_matches('{').trim_end_matches('}');
            let count = digits.chars().filter(char::is_ascii_hexdigit).count();
            count == 32 && digits.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        }
        "ip" => text.parse::<IpAddr>().is_ok(),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "hostname" | "idn-hostname" => is_host(text),
        _ => return None,
    })
}

/// Returns `true` if a text is `YYYY-MM-DD`, for a day that some month has.
fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts.as_slice() else {
        return false;
    };
    let days = match *month {
        "02" if is_leap_year(year) => 29,
        "02" => 28,
        "04" | "06" | "09" | "11" => 30,
        _ => 31,
    };
    let is_positive = *month != "00" && *day != "00";
    is_positive && is_number(year, 4, 9999) && is_number(month, 2, 12) && is_number(day, 2, days)
}

fn is_leap_year(year: &str) -> bool {
    let is_multiple = |of: u32| year.parse().is_ok_and(|year: u32| year % of == 0);
    is_multiple(4) && (!is_multiple(100) || is_multiple(400))
}

/// Returns `true` if a text is `HH:MM`, with seconds and a zone or without.
fn is_time(text: &str) -> bool {
    let clock = text.find(|c: char| !c.is_ascii_digit() && c != ':');
    let (clock, rest) = text.split_at(clock.unwrap_or(text.len()));
    let parts: Vec<&str> = clock.split(':').collect();
    let is_clock = match parts.as_slice() {
        [hour, minute, seconds @ ..] => {
            is_number(hour, 2, 23)
                && is_number(minute, 2, 59)
                && seconds.len() <= 1
                && seconds.iter().all(|second| is_number(second, 2, 60))
        }
        _ => false,
    };
    let fraction = rest.strip_prefix(['.', ',']).filter(|_| parts.len() == 3);
    let zone = match fraction {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            Some(zone).filter(|zone| zone.len() < fraction.len())
        }
        None => Some(rest),
    };
    is_clock && zone.is_some_and(|zone| is_zone(zone.strip_prefix(' ').unwrap_or(zone)))
}

/// Returns `true` if a text is a zone, or empty: `Z`, `+01:00`, and the form of jiff, `+01:00[Europe/Berlin]`.
fn is_zone(text: &str) -> bool {
    let (offset, name) = text.split_once('[').unwrap_or((text, "x]"));
    let is_name = |name: &str| {
        let is_part = |c: char| c.is_alphanumeric() || "/_-+".contains(c);
        !name.is_empty() && name.chars().all(is_part)
    };
    let offset = match offset.strip_prefix(['+', '-']) {
        Some(offset) => {
            let (hours, minutes) = offset.split_at(offset.len().min(2));
            let minutes = minutes.strip_prefix(':').unwrap_or(minutes);
            is_number(hours, 2, 23) && (minutes.is_empty() || is_number(minutes, 2, 59))
        }
        None => matches!(offset, "" | "Z" | "z" | "UTC" | "GMT"),
    };
    offset && name.strip_suffix(']').is_some_and(is_name)
}

/// Returns `true` if a text has this number of digits, and a value of at most `max`.
fn is_number(text: &str, digits: usize, max: u32) -> bool {
    text.len() == digits
        && text.chars().all(|c| c.is_ascii_digit())
        && text.parse::<u32>().is_ok_and(|number| number <= max)
}

/// Returns `true` if a text can be a host name. Letters of all scripts are allowed.
fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || "-_".contains(c))
    };
    text.trim_end_matches('.').split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_checked() {
        let check = |format: &str, valid: &[&str], invalid: &[&str]| {
            for text in valid {
                assert_eq!(is_of_format(format, text), Some(true), "{format} {text}");
            }
            for text in invalid.iter().chain(&["", "tomorrow?", "ü"]) {
                assert_eq!(is_of_format(format, text), Some(false), "{format} {text}");
            }
        };
        check(
            "date",
            &["2026-11-29"],
            &[
                "29.11.2026",
                "2026-13-01",
                "2026-1-1",
                "2026-02-29",
                "2026-02-30",
                "1900-02-29",
                "2026-04-31",
                "2026-00-01",
                "2026-01-00",
                "2026-11-29 or so",
            ],
        );
        check("date", &["2024-02-29", "2000-02-29", "2026-12-31"], &[]);
        check(
            "time",
            &["10:30:00Z", "10:30:00.5+01:00", "10:30", "10:30:00 +0100"],
            &[
                "25:00:00",
                "10h30",
                "10:30:00 or so",
                "10:30 a.m.",
                "10:30:00.",
                "10:30:00-10:31:00",
                "10:30.5",
            ],
        );
        check(
            "date-time",
            &[
                "2026-11-29T10:30:00Z",
                "2026-11-29 10:30:00+01:00",
                "2026-11-29T10:30:00+01:00[Europe/Berlin]",
                "2026-11-29T10:30:00.123456Z",
            ],
            &[
                "2026-11-29",
                "2026-11-29T",
                "10:30:00Z",
                "2026-02-30T10:30:00Z",
                "2026-11-29T10:30:00Z (about)",
                "2026-11-29T10:30:00+01:00[",
            ],
        );
        check(
            "partial-date-time",
            &["2026-11-29T10:30:00"],
            &["2026-11-29"],
        );
        check(
            "email",
            &["ann@example.com", "a+b@x"],
            &["ann", "@x", "ann@", "a b@x", "a@b@c", "a@x,b@x", "<a@x"],
        );
        check(
            "uri",
            &["https://example.com/x?y", "mailto:ann@x"],
            &["example.com", "http://", "1:x"],
        );
        check(
            "uuid",
            &[
                "936da01f-9abd-4d9d-80c7-02af85c822a8",
                "936DA01F9ABD4D9D80C702AF85C822A8",
            ],
            &["936da01f"],
        );
        check("ipv4", &["127.0.0.1"], &["127.0.0.256", "::1"]);
        check("ipv6", &["::1"], &["127.0.0.1"]);
        check(
            "duration",
            &["PT1H30M", "P1D", "1h 30m"],
            &["soon", "01:30"],
        );
        assert_eq!(is_of_format("hostname", "example.com"), Some(true));
        assert_eq!(is_of_format("color", "red"), None);
    }
}
