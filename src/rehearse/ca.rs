//! The throw-away certificate authority of a rehearsal: its key never leaves the process, and each
//! host gets a certificate when it is first spoken to.
//!
//! Turned down: one certificate for all hosts, whose list would have to be known before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

/// The authority, which is also what finds the certificate for a connection.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    made: Mutex<BTreeMap<String, Arc<CertifiedKey>>>,
}

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

impl Authority {
    /// A new authority with a key of its own.
    ///
    /// # Errors
    /// No key could be made.
    pub fn new() -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.distinguished_name.push(DnType::CommonName, "rel rehearsal (throw-away)");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Self { issuer, made: Mutex::default() })
    }

    /// Its certificate, for clients to trust.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn certificate(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = made.get(host) {
            return Some(known.clone());
        }
        let fresh = Arc::new(self.issue(host)?);
        made.insert(host.to_owned(), fresh.clone());
        Some(fresh)
    }

    fn issue(&self, host: &str) -> Option<CertifiedKey> {
        let key = KeyPair::generate().ok()?;
        let mut params = CertificateParams::new([host.to_owned()]).ok()?;
        params.distinguished_name.push(DnType::CommonName, host);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &self.issuer).ok()?;
        let chain = vec![certificate.der().clone(), self.issuer.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let key = aws_lc_rs::sign::any_supported_type(&key).ok()?;
        Some(CertifiedKey::new(chain, key))
    }
}

/// The authority as seen by one connection to `host`: clients that speak to an address and not to a
/// name send none.
#[derive(Debug)]
pub struct For {
    /// The authority.
    pub authority: Arc<Authority>,
    /// The host that the client asked the proxy for.
    pub host: String,
}

impl ResolvesServerCert for For {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.authority.certificate(hello.server_name().unwrap_or(&self.host))
    }
}
