//! Percent-encoding (RFC 3986, 2.1), both ways.
//!
//! Turned down: a crate for it, which asks for a set of letters each time.

/// Escapes everything but the unreserved characters: what comes out is one part of a path.
pub fn encoded(text: &str) -> String {
    let plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let escaped =
        |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escaped).collect()
}

/// Decodes `%XX`; text that would not be UTF-8 afterwards stays as it is.
pub fn decoded(text: &str) -> String {
    let nibble = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let code = match (byte, nibble(bytes.get(at + 1)), nibble(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        decoded.push(code.unwrap_or(*byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_encoded_is_one_part_of_a_path() {
        assert_eq!(encoded("pypi-1.0_~"), "pypi-1.0_~");
        assert_eq!(encoded("a/b ?#é"), "a%2Fb%20%3F%23%C3%A9");
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(decoded("a%2Bb%c3%a9"), "a+bé");
        for text in ["%", "%2", "%zz", "%2B%ff"] {
            assert_eq!(decoded(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_comes_back(text in any::<String>(), soup in "[%0-9a-fé]{0,40}") {
            assert_eq!(decoded(&encoded(&text)), text);
            let _ = decoded(&soup);
        }
    }
}
