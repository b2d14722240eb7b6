//! The check of a text against its format.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns `true` if a text has a format, `false` if no parser of the format accepts it, and `None` for a format that is
/// not known.
///
/// A Rust type that parses the format checks it exactly. For any other type, such as a `String`, this check is all there
/// is.
pub(crate) fn is_of_format(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date" => is_date(text),
        "time" => is_time(text) && has_zone(text),
        "partial-time" => is_time(text),
        "date-time" | "partial-date-time" => match text.split_at_checked(10) {
            Some((date, rest)) => {
                let time = rest.strip_prefix(['T', 't', ' ']).unwrap_or_default();
                is_date(date) && is_time(time) && (format != "date-time" || has_zone(time))
            }
            None => false,
        },
        "duration" => is_duration(text),
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
                // One letter is the drive of a path.
                let is_scheme = scheme.len() > 1
                    && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                    && scheme.chars().all(is_scheme);
                let has_host = match scheme {
                    "http" | "https" | "ftp" | "ws" | "wss" => {
                        let host = rest.strip_prefix("//").unwrap_or_default();
                        host.starts_with(|c: char| !"/?#:@".contains(c))
                    }
                    _ => !rest.trim_matches('/').is_empty(),
                };
                is_scheme && has_host && !rest.contains(char::is_whitespace)
            }
            None => false,
        },
        "uuid" => {
            let digits = text.trim_start_matches("urn:uuid:");
            let braced = digits
                .strip_prefix('{')
                .and_then(|rest| rest.strip_suffix('}'));
            let parts: Vec<&str> = braced.unwrap_or(digits).split('-').collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            let is_hex = |part: &&str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
            matches!(lengths.as_slice(), [32] | [8, 4, 4, 4, 12]) && parts.iter().all(is_hex)
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
    let is_multiple = |of: u32| year.parse().is_ok_and(|year: u32| year.is_multiple_of(of));
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

/// Returns `true` if a time names its zone.
fn has_zone(time: &str) -> bool {
    time.contains(['Z', 'z', '+', '-', '[']) || time.ends_with("UTC") || time.ends_with("GMT")
}

/// Returns `true` for `P1DT2H` and `-PT1.5S`, and for the form of jiff: `1h 30m`, `2 days ago`.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 26] = [
        "y", "yr", "yrs", "year", "years", "mo", "mos", "month", "months", "w", "wk", "week",
        "weeks", "d", "day", "days", "h", "hr", "hrs", "hour", "hours", "m", "min", "mins", "s",
        "ms",
    ];
    const LONG_UNITS: [&str; 8] = [
        "minute", "minutes", "sec", "secs", "second", "seconds", "us", "ns",
    ];
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (is_iso, parts) = match unsigned.strip_prefix(['P', 'p']) {
        Some(parts) => (true, parts),
        None => (false, unsigned.strip_suffix("ago").unwrap_or(unsigned)),
    };
    let mut rest = parts.trim();
    let mut count = 0;
    while !rest.is_empty() {
        rest = rest.trim_start_matches([' ', ',']);
        if is_iso {
            rest = rest.strip_prefix(['T', 't']).unwrap_or(rest);
        }
        let digits = rest.len()
            - rest
                .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
                .len();
        let (number, after) = rest.split_at(digits);
        let after = if is_iso { after } else { after.trim_start() };
        let letters = after.len() - after.trim_start_matches(char::is_alphabetic).len();
        let letters = if is_iso { letters.min(1) } else { letters };
        let unit = after[..letters].to_lowercase();
        let is_unit = UNITS.contains(&unit.as_str()) || LONG_UNITS.contains(&unit.as_str());
        if !number.starts_with(|c: char| c.is_ascii_digit()) || !is_unit {
            return false;
        }
        count += 1;
        rest = &after[letters..];
    }
    count > 0
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
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || "-_".contains(c))
    };
    let text = text.strip_suffix('.').unwrap_or(text);
    text.len() <= 253 && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: &str, valid: &[&str], invalid: &[&str]) {
        for text in valid {
            assert_eq!(is_of_format(format, text), Some(true), "{format} {text}");
        }
        for text in invalid.iter().chain(&["", "tomorrow?"]) {
            assert_eq!(is_of_format(format, text), Some(false), "{format} {text}");
        }
    }

    #[test]
    fn times_and_dates_are_checked() {
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
            &["10:30:00Z", "10:30:00.5+01:00", "10:30Z", "10:30:00 +0100"],
            &[
                "10:30",
                "10:30:00",
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
                "2026-11-29T10:30:00",
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
    }

    #[test]
    fn addresses_and_identifiers_are_checked() {
        check(
            "email",
            &["ann@example.com", "a+b@x"],
            &["ann", "@x", "ann@", "a b@x", "a@b@c", "a@x,b@x", "<a@x"],
        );
        check(
            "uri",
            &[
                "https://example.com/x?y",
                "mailto:ann@x",
                "urn:a:b",
                "file:///x",
            ],
            &[
                "example.com",
                "http://",
                "1:x",
                "http:///x",
                "http:x",
                "C:\\x",
                "a:b",
            ],
        );
        check(
            "uuid",
            &[
                "936da01f-9abd-4d9d-80c7-02af85c822a8",
                "936DA01F9ABD4D9D80C702AF85C822A8",
            ],
            &[
                "936da01f",
                "0-0-0-0-0",
                "{936DA01F9ABD4D9D80C702AF85C822A8",
                &"-".repeat(36),
            ],
        );
        check("ipv4", &["127.0.0.1"], &["127.0.0.256", "::1"]);
        check("ipv6", &["::1"], &["127.0.0.1"]);
        check(
            "duration",
            &[
                "PT1H30M",
                "P1D",
                "1h 30m",
                "-PT1.5S",
                "2 days ago",
                "P1Y2M3DT4H",
                "90 minutes",
            ],
            &[
                "soon",
                "01:30",
                "2024-01-01",
                "5 apples",
                "room 5",
                "P",
                "PT",
                "5",
            ],
        );
        check(
            "hostname",
            &["example.com", "münchen.de", "a.b."],
            &["-a.com", "a-.com", "a..b", "a b", &"a".repeat(64)],
        );
        check("partial-time", &["10:30:00", "10:30"], &["10h"]);
        assert_eq!(is_of_format("color", "red"), None);
    }
}
