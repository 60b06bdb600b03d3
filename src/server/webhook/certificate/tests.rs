use tempfile::TempDir;

use super::*;

/// Files of a certificate.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        let files = Files(TempDir::new().unwrap());
        let (chain, key) = pair();
        files.write(&chain, &key);
        files
    }

    fn write(&self, chain: &str, key: &str) {
        std::fs::write(self.chain(), chain).unwrap();
        std::fs::write(self.key(), key).unwrap();
    }

    fn chain(&self) -> PathBuf {
        self.0.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.0.path().join("key.pem")
    }

    fn load(&self) -> Result<Certificate, CertificateError> {
        Certificate::load(&self.chain(), &self.key())
    }

    /// A message without the folder, which differs each time.
    fn text(&self, error: &CertificateError) -> String {
        let folder = format!("{}/", self.0.path().display());
        error.to_string().replace(&folder, "")
    }
}

fn pair() -> (String, String) {
    let names = vec!["localhost".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names).unwrap();
    (certified.cert.pem(), certified.signing_key.serialize_pem())
}

fn in_use(certificate: &Certificate) -> Vec<u8> {
    certificate.in_use.load().cert[0].to_vec()
}

#[test]
fn changed_files_are_used_from_then_on() {
    let files = Files::new();
    let certificate = files.load().unwrap();
    let first = in_use(&certificate);
    assert!(!certificate.renew().unwrap());
    let (chain, key) = pair();
    files.write(&chain, &key);
    assert!(certificate.renew().unwrap());
    assert_ne!(in_use(&certificate), first);
    assert!(!certificate.renew().unwrap());
}

#[test]
fn files_that_are_of_no_use_leave_the_certificate_and_are_reported_once() {
    let files = Files::new();
    let certificate = files.load().unwrap();
    let first = in_use(&certificate);
    let (chain, key) = pair();
    std::fs::write(files.chain(), &chain).unwrap();
    let error = certificate.renew().unwrap_err();
    assert!(matches!(error, CertificateError::Pair(_)), "{error}");
    assert!(!certificate.renew().unwrap());
    std::fs::remove_file(files.chain()).unwrap();
    let error = certificate.renew().unwrap_err();
    assert!(matches!(error, CertificateError::Chain { .. }), "{error}");
    assert!(!certificate.renew().unwrap());
    assert_eq!(in_use(&certificate), first);
    files.write(&chain, &key);
    assert!(certificate.renew().unwrap());
    assert_ne!(in_use(&certificate), first);
}

#[test]
fn says_which_file_is_wrong_and_how() {
    let (chain, key) = pair();
    let (_, other_key) = pair();
    for (chain, key, expected) in [
        (
            "",
            &*key,
            "CLOUDINARY_PARSE_TLS_CERT: cert.pem: holds no certificate in PEM form",
        ),
        (
            &*key,
            &*key,
            "CLOUDINARY_PARSE_TLS_CERT: cert.pem: holds no certificate in PEM form",
        ),
        (
            &*chain,
            "",
            "CLOUDINARY_PARSE_TLS_KEY: key.pem: holds no private key in PEM form",
        ),
        (
            &*chain,
            &*chain,
            "CLOUDINARY_PARSE_TLS_KEY: key.pem: holds no private key in PEM form",
        ),
        (
            &*key,
            &*chain,
            "CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY are swapped: cert.pem holds the private key, key.pem the certificate",
        ),
        (
            &*key,
            &*format!("{chain}{key}"),
            "CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY are swapped: cert.pem holds the private key, key.pem the certificate",
        ),
        (
            &*key,
            "",
            "CLOUDINARY_PARSE_TLS_CERT: cert.pem: holds no certificate in PEM form",
        ),
        (
            &*chain,
            &*other_key,
            "CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY: keys may not be consistent: KeyMismatch",
        ),
    ] {
        let files = Files::new();
        files.write(chain, key);
        assert_eq!(files.text(&files.load().unwrap_err()), expected);
    }
    let files = Files::new();
    files.write(&format!("{chain}{key}"), &format!("{chain}{key}"));
    assert!(files.load().is_ok(), "both in one file");
    std::fs::remove_file(files.key()).unwrap();
    let text = files.text(&files.load().unwrap_err());
    assert!(
        text.starts_with("CLOUDINARY_PARSE_TLS_KEY: key.pem: No such file"),
        "{text}"
    );
}
