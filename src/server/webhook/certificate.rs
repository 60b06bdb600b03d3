//! The webhook listener's certificate, which may be renewed while the service runs.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file of the chain.
    #[error("CLOUDINARY_PARSE_TLS_CERT: {}: {cause}", path.display())]
    Chain {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: PemError,
    },
    /// The file of the key.
    #[error("CLOUDINARY_PARSE_TLS_KEY: {}: {cause}", path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: PemError,
    },
    /// Each holds what the other should.
    #[error(
        "CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY are swapped: {} holds the private key, {} the certificate",
        chain.display(), key.display()
    )]
    Swapped {
        /// The file of the chain.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// They cannot be used together.
    #[error("CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY: {0}")]
    Pair(rustls::Error),
}

/// What is wrong with a PEM file.
#[derive(Debug, thiserror::Error)]
pub enum PemError {
    /// It cannot be read.
    #[error(transparent)]
    File(#[from] io::Error),
    /// It holds something else.
    #[error(transparent)]
    Pem(#[from] pem::Error),
    /// It holds no PEM section of the kind that is needed.
    #[error("holds no {0} in PEM form")]
    Lacks(&'static str),
}

/// Chain and key, read again when their files change.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    in_use: ArcSwap<CertifiedKey>,
    /// What the files held when they were last looked at.
    seen: Mutex<Option<Fingerprint>>,
}

type Fingerprint = [u8; 32];

impl Certificate {
    /// Reads the `chain` of certificates, the server's own first, and its private `key`.
    ///
    /// # Errors
    /// A file that cannot be read, has no such PEM section, or does not match the other.
    pub fn load(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        let pems = Pems::read(chain, key)?;
        Ok(Certificate {
            in_use: ArcSwap::new(Arc::new(pems.certified_key(chain, key)?)),
            seen: Mutex::new(Some(pems.fingerprint())),
            chain: chain.to_owned(),
            key: key.to_owned(),
        })
    }

    /// Reads the files again. `true` if they have changed and new connections get another
    /// certificate.
    ///
    /// # Errors
    /// The files have changed and cannot be used, perhaps because only one was replaced yet. The
    /// certificate in use stays. Each such state is reported once.
    pub fn renew(&self) -> Result<bool, CertificateError> {
        let pems = Pems::read(&self.chain, &self.key);
        let fingerprint = pems.as_ref().ok().map(Pems::fingerprint);
        let mut seen = self.seen.lock();
        if *seen == fingerprint {
            return Ok(false);
        }
        *seen = fingerprint;
        let certified = pems?.certified_key(&self.chain, &self.key)?;
        self.in_use.store(Arc::new(certified));
        Ok(true)
    }

    /// The listener's configuration, for as long as it lives.
    pub fn server_config(self: Arc<Self>) -> ServerConfig {
        ServerConfig::builder()
            .with_no_client_auth()
            .with_cert_resolver(self)
    }
}

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.in_use.load_full())
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate of {}", self.chain.display())
    }
}

/// Both files' contents.
struct Pems {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Pems {
    fn read(chain: &Path, key: &Path) -> Result<Self, CertificateError> {
        Ok(Pems {
            chain: std::fs::read(chain).map_err(|error| chain_error(chain, error))?,
            key: std::fs::read(key).map_err(|error| key_error(key, error))?,
        })
    }

    fn fingerprint(&self) -> Fingerprint {
        let halves = [Sha256::digest(&self.chain), Sha256::digest(&self.key)];
        Sha256::digest(halves.concat()).into()
    }

    fn certified_key(&self, chain: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
        if is_key(&self.chain) && has_certificate(&self.key) {
            return Err(CertificateError::Swapped {
                chain: chain.to_owned(),
                key: key.to_owned(),
            });
        }
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&self.chain)
            .collect::<Result<_, _>>()
            .map_err(|error| chain_error(chain, error))?;
        if certificates.is_empty() {
            return Err(chain_error(chain, PemError::Lacks("certificate")));
        }
        let private = PrivateKeyDer::from_pem_slice(&self.key);
        let private = private.map_err(|error| match error {
            pem::Error::NoItemsFound => key_error(key, PemError::Lacks("private key")),
            error => key_error(key, error),
        })?;
        let provider = ring::default_provider();
        CertifiedKey::from_der(certificates, private, &provider).map_err(CertificateError::Pair)
    }
}

/// Whether a file holds a private key and no certificate.
fn is_key(pem: &[u8]) -> bool {
    PrivateKeyDer::from_pem_slice(pem).is_ok() && !has_certificate(pem)
}

fn has_certificate(pem: &[u8]) -> bool {
    CertificateDer::from_pem_slice(pem).is_ok()
}

fn chain_error(path: &Path, cause: impl Into<PemError>) -> CertificateError {
    CertificateError::Chain {
        path: path.to_owned(),
        cause: cause.into(),
    }
}

fn key_error(path: &Path, cause: impl Into<PemError>) -> CertificateError {
    CertificateError::Key {
        path: path.to_owned(),
        cause: cause.into(),
    }
}

#[cfg(test)]
mod tests;
