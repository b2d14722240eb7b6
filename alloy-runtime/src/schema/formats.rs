//! String formats: patterns for those that a grammar does not know, or checks too loosely, and the check of a value.

mod check;

pub(crate) use self::check::is_of_format;

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
