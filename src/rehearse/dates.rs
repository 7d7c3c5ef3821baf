//! Instants in the forms that services write: RFC 3339 in JSON, the date of HTTP, and that of
//! certificates.
//!
//! It reads no dates and knows no zone but UTC. Turned down: a crate for time, for two lines of text.

/// `2026-01-02T03:04:05Z`.
pub fn rfc3339(unix: u64) -> String {
    let (year, month, day) = civil(unix / 86_400);
    let (hour, minute, second) = clock(unix);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `Fri, 02 Jan 2026 03:04:05 GMT` (RFC 9110, 5.6.7).
pub(super) fn http(unix: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = unix / 86_400;
    let (year, month, day) = civil(days);
    let (hour, minute, second) = clock(unix);
    let weekday =
        DAYS.iter().zip(0..).find(|(_, number)| *number == days % 7).map_or("", |(name, _)| name);
    let month =
        MONTHS.iter().zip(1..).find(|(_, number)| *number == month).map_or("", |(name, _)| name);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// `260102030405Z` (X.690, `UTCTime`).
pub(super) fn utc(unix: u64) -> String {
    let (year, month, day) = civil(unix / 86_400);
    let (hour, minute, second) = clock(unix);
    format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z", year % 100)
}

fn clock(unix: u64) -> (u64, u64, u64) {
    (unix / 3_600 % 24, unix / 60 % 60, unix % 60)
}

/// Year, month and day of a day since 1970. Years begin in March here, so that the leap day is the
/// last of a year; eras have 400 years.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    #[test]
    fn instants_are_written_in_both_forms() {
        for (unix, json, header) in [
            (4_107_542_400, "2100-03-01T00:00:00Z", "Mon, 01 Mar 2100 00:00:00 GMT"),
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_784_073_599, "2026-07-14T23:59:59Z", "Tue, 14 Jul 2026 23:59:59 GMT"),
        ] {
            assert_eq!(super::rfc3339(unix), json);
            assert_eq!(super::http(unix), header);
        }
        assert_eq!(super::utc(951_782_400), "000229000000Z");
    }
}
