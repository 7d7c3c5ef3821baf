//! The two encodings that stand between a file name and a link to it.
//!
//! Undoes percent-encoding and HTML character references, leaving alone what is not one. The full
//! table of named references was turned down: no index writes more than the five that escaping
//! needs.

/// Decodes `%XX`; text that would not be UTF-8 afterwards stays as it is.
pub(super) fn percent(text: &str) -> String {
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

/// Decodes the HTML character references that escaping functions write; others stay as they are.
pub(super) fn references(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, reference)) = rest.split_once('&') {
        decoded.push_str(before);
        rest = reference;
        match reference.split_once(';').and_then(|(name, tail)| Some((character(name)?, tail))) {
            Some((c, tail)) => {
                decoded.push(c);
                rest = tail;
            }
            None => decoded.push('&'),
        }
    }
    decoded.push_str(rest);
    decoded
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percent_signs() {
        assert_eq!(percent("a%2Bb%c3%a9"), "a+bé");
        for text in ["%", "%2", "%zz", "%2B%ff"] {
            assert_eq!(percent(text), text);
        }
    }

    #[test]
    fn references_are_decoded_once() {
        assert_eq!(references("?a=1&b=2&amp;c=&#43;&#x2B;&amp;lt;"), "?a=1&b=2&c=++&lt;");
        assert_eq!(
            references("&lt;&gt;&quot;&apos;&copy;&#xFFFFFFFF;&#;&"),
            "<>\"'&copy;&#xFFFFFFFF;&#;&"
        );
    }

    proptest! {
        #[test]
        fn decoding_is_total(text in any::<String>(), soup in "[%&#;x0-9a-fé]{0,40}") {
            let _ = (percent(&text), references(&text));
            let _ = (percent(&soup), references(&soup));
        }
    }
}
