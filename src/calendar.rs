//! Instants in UTC, as parts and as RFC 3339 writes them.
//!
//! It reads no texts and knows no zone but UTC. Source: "`chrono`-Compatible Low-Level Date Algorithms",
//! <https://howardhinnant.github.io/date_algorithms.html>. Turned down: a crate for time, for a few lines of text.

const DAY: u64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const ERA: u64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const BEFORE: u64 = 719_468;

/// Year, month, day, hour, minute and second of an instant, in seconds since 1970.
pub fn parts(unix: u64) -> [u64; 6] {
    let days = unix / DAY + BEFORE;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    // Years begin in March, so that the leap day is their last one.
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    [era * 400 + year + next, month, day, unix / 3_600 % 24, unix / 60 % 60, unix % 60]
}

/// Seconds since 1970 of an instant, given as [`parts`] gives it; `None` if the calendar has none such, or it was before.
pub fn unix(given: [u64; 6]) -> Option<u64> {
    if given.iter().any(|part| *part > 9_999) {
        return None;
    }
    let [year, month, day, hour, minute, second] = given;
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day;
    let days = days.checked_sub(BEFORE + 1)?;
    let unix = ((days * 24 + hour) * 60 + minute) * 60 + second;
    (parts(unix) == given).then_some(unix)
}

/// `2026-01-31`.
pub fn date(unix: u64) -> String {
    let [year, month, day, ..] = parts(unix);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2026-01-02T03:04:05Z`.
pub fn rfc3339(unix: u64) -> String {
    let [.., hour, minute, second] = parts(unix);
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", date(unix))
}

#[cfg(test)]
mod tests {
    #[test]
    fn instants_are_those_of_the_calendar() {
        for (unix, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_709_164_800, "2024-02-29T00:00:00Z"),
            (1_784_073_599, "2026-07-14T23:59:59Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            assert_eq!(super::rfc3339(unix), text, "{unix}");
            assert_eq!(super::date(unix), text[..10], "{unix}");
        }
    }

    #[test]
    fn parts_lead_back_to_their_instant_and_others_to_none() {
        for unix in (0..4_200_000_000).step_by(86_399).chain([951_782_399, 253_402_300_799]) {
            assert_eq!(super::unix(super::parts(unix)), Some(unix));
        }
        for none in [
            [1969, 12, 31, 23, 59, 59],
            [0, 1, 1, 0, 0, 0],
            [2026, 0, 1, 0, 0, 0],
            [2026, 1, 0, 0, 0, 0],
            [2026, 13, 1, 0, 0, 0],
            [2026, 2, 29, 0, 0, 0],
            [2100, 2, 29, 0, 0, 0],
            [2026, 1, 1, 24, 0, 0],
            [2026, 1, 1, 0, 60, 0],
            [2026, 1, 1, 0, 0, 60],
            [u64::MAX, 1, 1, 0, 0, 0],
        ] {
            assert_eq!(super::unix(none), None, "{none:?}");
        }
    }
}
