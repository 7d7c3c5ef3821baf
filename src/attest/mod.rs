//! Attestations: the formats in which a run's identity signs what it says of a file.
//!
//! Pure: no request is made here. Signing is `session`; who sends what where is `remote::sigstore`.
//! `read` takes in what others wrote, `verify` says whether it holds, and for whom (`identity`).
//! Turned down: a signing library with a client of its own, which would go past the one door, and
//! fetch a certificate for each file.

pub mod facts;
mod forms;
pub mod identity;
pub mod read;
pub mod session;
pub mod statement;
pub mod verify;

pub use forms::{attestation, bundle};

/// Media type of a statement within an envelope (in-toto attestation framework, envelope layer).
pub const PAYLOAD: &str = "application/vnd.in-toto+json";

/// Base64 with padding, as all of these formats have it.
fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// The bytes of a base64 text.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).ok()
}

/// A text in armour, in lines of 64 (RFC 7468).
fn pem(label: &str, der: &[u8]) -> String {
    let text = base64(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        lines.push(line.to_owned());
        rest = more;
    }
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}

/// The first armoured text with this label.
fn from_pem(label: &str, text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    from_base64(&body.split_whitespace().collect::<String>())
}

/// Lower-case hexadecimal digits.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    text.len().is_multiple_of(2).then(|| (0..text.len()).step_by(2).map(byte).collect()).flatten()
}
