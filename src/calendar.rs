//! Instants in UTC, as parts and as RFC 3339 writes them.
//!
//! It reads no dates and knows no zone but UTC. Source: "`chrono`-Compatible Low-Level Date Algorithms",
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
}
