//! Formats of texts, as patterns, where a grammar does not know them or knows them too loosely.

/// A pattern for a format that no server's grammar knows: schemars has two of its own, for times that tell no zone.
pub(super) fn of_schemars(format: &str) -> Option<&'static str> {
    match format {
        "partial-time" => Some("^([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"),
        "partial-date-time" => Some(
            "^[0-9]{4}-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$",
        ),
        _ => None,
    }
}

/// The pattern of a map's keys, where that is one of schemars' for numbers: as those are read, without zeros before
/// them, and not without end.
pub(super) fn of_keys(pattern: &str) -> &str {
    match pattern {
        r"^\d+$" => "^(0|[1-9][0-9]{0,18})$",
        r"^-?\d+$" => "^(0|-?[1-9][0-9]{0,17})$",
        other => other,
    }
}

/// Months with their days, leap years included. The years are those that every library of dates has room for, in
/// every zone.
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

/// A time of day. Leap seconds are left out: some libraries refuse them.
macro_rules! time {
    () => {
        r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?"
    };
}

macro_rules! zone {
    () => {
        "(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])"
    };
}

/// Years to days of a span; no number is so large that a library could not hold it.
macro_rules! days {
    () => {
        "([0-9]{1,4}Y([0-9]{1,4}M)?([0-9]{1,4}D)?|[0-9]{1,4}M([0-9]{1,4}D)?|[0-9]{1,4}D)"
    };
}

/// Hours to seconds of a span.
macro_rules! hours {
    () => {
        "T([0-9]{1,4}H([0-9]{1,4}M)?([0-9]{1,5}S)?|[0-9]{1,4}M([0-9]{1,5}S)?|[0-9]{1,5}S)"
    };
}

macro_rules! ipv4 {
    () => {
        r"((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    };
}

/// Without an IPv4 address in it.
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

/// A pattern for a format of which each text is one that the types with that format read: a day that is in the
/// calendar, a span that does not overflow.
pub(super) fn exact(format: &str) -> Option<&'static str> {
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
