//! TLS of the service: certificate and key from files, which can be read anew while it runs.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use connector_runtime::ExposeSecret as _;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{self, ServerConfig};

use super::config::TlsFiles;
use crate::outside;

/// The certificate that is served now, and where the next comes from.
pub(super) struct Tls {
    files: TlsFiles,
    current: RwLock<Arc<ServerConfig>>,
}

/// Why there is no TLS. It holds nothing of the key.
#[derive(Debug)]
pub(super) enum TlsError {
    /// A file is no PEM, or cannot be read.
    File(std::path::PathBuf, pem::Error),
    /// Certificate and key do not fit each other, or are of no kind that is known.
    Unfit(rustls::Error),
}

impl fmt::Display for TlsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, pem::Error::Io(error)) => {
                write!(out, "the TLS file {} cannot be read: {error}", path.display())
            }
            Self::File(path, _) => {
                write!(out, "the TLS file {} does not hold what it should in PEM", path.display())
            }
            Self::Unfit(error) => write!(out, "certificate and key cannot be used: {error}"),
        }
    }
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// See [`TlsError`].
    pub(super) fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let current = RwLock::new(read(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files anew; connections from now on see what is in them.
    ///
    /// # Errors
    /// See [`TlsError`]; then everything stays as it is.
    pub(super) fn reload(&self) -> Result<(), TlsError> {
        let next = read(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = next;
        Ok(())
    }

    /// What agrees on TLS with a client.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner)).into()
    }
}

fn read(files: &TlsFiles) -> Result<Arc<ServerConfig>, TlsError> {
    let of_certificate = |error| TlsError::File(files.certificate.clone(), error);
    let text = outside::file(&files.certificate).map_err(|error| of_certificate(pem::Error::Io(error)))?;
    let chain = CertificateDer::pem_slice_iter(text.expose_secret().as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(of_certificate)?;
    if chain.is_empty() {
        return Err(of_certificate(pem::Error::NoItemsFound));
    }
    let of_key = |error| TlsError::File(files.key.clone(), error);
    let text = outside::file(&files.key).map_err(|error| of_key(pem::Error::Io(error)))?;
    let key = PrivateKeyDer::from_pem_slice(text.expose_secret().as_bytes()).map_err(of_key)?;
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(TlsError::Unfit)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key).map_err(TlsError::Unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}
