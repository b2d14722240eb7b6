//! The function `strftime_now` of chat templates.

use minijinja::{Error as TemplateError, ErrorKind as TemplateErrorKind};

const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// Formats a time as Python's `strftime` does, in UTC: the standard library does not know the local time zone.
/// `seconds` are those since 1970.
///
/// # Errors
///
/// The format has a code that is not supported.
pub(in crate::embedded) fn strftime(format: &str, seconds: u64) -> Result<String, TemplateError> {
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil_date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    // The first day of 1970 was a Thursday.
    let weekday = (days + 4) % 7;
    let day_of_year = days - first_day(year) + 1;
    let name = |names: &[&'static str], at: u64| {
        let at = usize::try_from(at).unwrap_or(0);
        names.get(at).copied().unwrap_or_default()
    };
    let short = |name: &str| name.chars().take(3).collect::<String>();
    let mut output = String::new();
    let mut characters = format.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            output.push(c);
            continue;
        }
        let mut code = characters.next();
        // `%-d` has no leading zero.
        let is_short = code == Some('-');
        if is_short {
            code = characters.next();
        }
        let two = |number: u64| match is_short {
            true => number.to_string(),
            false => format!("{number:02}"),
        };
        let hour_of_twelve = (hour + 11) % 12 + 1;
        let formatted = match code {
            Some('Y') => year.to_string(),
            Some('y') => two(year % 100),
            Some('m') => two(month),
            Some('d') => two(day),
            Some('e') => format!("{day:>2}"),
            Some('H') => two(hour),
            Some('I') => two(hour_of_twelve),
            Some('M') => two(minute),
            Some('S') => two(second),
            Some('f') => "000000".to_owned(),
            Some('j') if is_short => day_of_year.to_string(),
            Some('j') => format!("{day_of_year:03}"),
            Some('p') => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            Some('A') => name(&WEEKDAYS, weekday).to_owned(),
            Some('a') => short(name(&WEEKDAYS, weekday)),
            Some('B') => name(&MONTHS, month - 1).to_owned(),
            Some('b' | 'h') => short(name(&MONTHS, month - 1)),
            Some('w') => weekday.to_string(),
            Some('u') => ((weekday + 6) % 7 + 1).to_string(),
            Some('F') => format!("{year}-{month:02}-{day:02}"),
            Some('D' | 'x') => format!("{month:02}/{day:02}/{:02}", year % 100),
            Some('T' | 'X') => format!("{hour:02}:{minute:02}:{second:02}"),
            Some('R') => format!("{hour:02}:{minute:02}"),
            Some('s') => seconds.to_string(),
            Some('Z') => "UTC".to_owned(),
            Some('z') => "+0000".to_owned(),
            Some('%') => "%".to_owned(),
            code => {
                let code: String = code.into_iter().collect();
                return Err(TemplateError::new(
                    TemplateErrorKind::UnknownFunction,
                    format!("`strftime_now` with the code `%{code}`"),
                ));
            }
        };
        output.push_str(&formatted);
    }
    Ok(output)
}

fn is_leap_year(year: u64) -> bool {
    (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400)
}

/// Returns the number of days from 1970 to the beginning of a year.
fn first_day(year: u64) -> u64 {
    let before = year - 1;
    let leap_days = |year: u64| year / 4 - year / 100 + year / 400;
    (year - 1970) * 365 + leap_days(before) - leap_days(1969)
}

/// Returns year, month and day of a number of days since 1970.
fn civil_date(days: u64) -> (u64, u64, u64) {
    // The quotient is exact or one too small, as 365.25 days are a little more than a year.
    let mut year = 1970 + days * 4 / 1461;
    while first_day(year + 1) <= days {
        year += 1;
    }
    while first_day(year) > days {
        year -= 1;
    }
    let mut day = days - first_day(year);
    for month in 1..=12 {
        let length = match month {
            2 if is_leap_year(year) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if day < length {
            return (year, month, day + 1);
        }
        day -= length;
    }
    (year, 12, 31)
}
