//! HTML character references, which stand between a file name and a link to it beside percent-encoding.
//!
//! What is none is left alone. The full table of named references was turned down: no index writes more than
//! the five that escaping needs.

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
    fn references_are_decoded_once() {
        assert_eq!(references("?a=1&b=2&amp;c=&#43;&#x2B;&amp;lt;"), "?a=1&b=2&c=++&lt;");
        assert_eq!(
            references("&lt;&gt;&quot;&apos;&copy;&#xFFFFFFFF;&#;&"),
            "<>\"'&copy;&#xFFFFFFFF;&#;&"
        );
    }

    proptest! {
        #[test]
        fn decoding_is_total(text in any::<String>(), soup in "[&#;x0-9a-fé]{0,40}") {
            let _ = (references(&text), references(&soup));
        }
    }
}
