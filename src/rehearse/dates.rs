//! Instants in forms that only services write: the date of HTTP, and that of certificates.

use crate::calendar::parts;

/// `Fri, 02 Jan 2026 03:04:05 GMT` (RFC 9110, 5.6.7).
pub(super) fn http(unix: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = unix / 86_400;
    let [year, month, day, hour, minute, second] = parts(unix);
    let weekday =
        DAYS.iter().zip(0..).find(|(_, number)| *number == days % 7).map_or("", |(name, _)| name);
    let month =
        MONTHS.iter().zip(1..).find(|(_, number)| *number == month).map_or("", |(name, _)| name);
    format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

/// `260102030405Z` (X.690, `UTCTime`).
pub(super) fn utc(unix: u64) -> String {
    let [year, month, day, hour, minute, second] = parts(unix);
    format!("{:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z", year % 100)
}

#[cfg(test)]
mod tests {
    #[test]
    fn instants_are_written_in_both_forms() {
        for (unix, header) in [
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_784_073_599, "Tue, 14 Jul 2026 23:59:59 GMT"),
        ] {
            assert_eq!(super::http(unix), header);
        }
        assert_eq!(super::utc(951_782_400), "000229000000Z");
    }
}
