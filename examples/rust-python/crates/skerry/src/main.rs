//! `skerry LOW HIGH HOURS` tells how high the water stands.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match told(&words) {
        Some(height) => {
            println!("{height:.2}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("usage: skerry LOW HIGH HOURS");
            ExitCode::from(2)
        }
    }
}

fn told(words: &[String]) -> Option<f64> {
    let [low, high, hours] = words else {
        return None;
    };
    Some(skerry_core::height(
        low.parse().ok()?,
        high.parse().ok()?,
        hours.parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn three_numbers_are_a_height_and_nothing_else_is() {
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(told(&words("1 4 3")), Some(2.5));
        assert_eq!(told(&words("1 4")), None);
        assert_eq!(told(&words("1 4 soon")), None);
    }
}
