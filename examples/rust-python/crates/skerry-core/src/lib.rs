//! Heights of tides between high and low water, by the rule of twelfths.

/// The part of the range, in twelfths, by which the water has risen after each hour from low water.
const RISEN: [u32; 7] = [0, 1, 3, 6, 9, 11, 12];

/// The height of the water so many hours after low water, in the unit of both heights; hours after the sixth
/// count as the sixth.
///
/// ```
/// assert_eq!(skerry_core::height(1.0, 4.0, 3), 2.5);
/// ```
#[must_use]
pub fn height(low: f64, high: f64, hours: usize) -> f64 {
    let risen = RISEN[hours.min(6)];
    low + (high - low) * f64::from(risen) / 12.0
}

#[cfg(test)]
mod tests {
    use super::height;

    #[test]
    fn it_rises_from_low_to_high_water() {
        let heights: Vec<f64> = (0..8).map(|hours| height(0.0, 12.0, hours)).collect();
        assert_eq!(heights, [0.0, 1.0, 3.0, 6.0, 9.0, 11.0, 12.0, 12.0]);
    }
}
