//! TLS on the webhook listener, and certificates that change.

use std::path::PathBuf;

use reqwest::Method;

use crate::command::CloudinaryParse;
use crate::running::{Asked, Running, ask, client};

/// A service with a self-signed certificate of its own.
struct Secured {
    service: CloudinaryParse,
    certificate: String,
}

impl Secured {
    fn new() -> Secured {
        let service = CloudinaryParse::bare()
            .env("CLOUDINARY_URL", "cloudinary://key:secret@demo")
            .env("CLOUDINARY_PARSE_TLS_CERT", "cert.pem")
            .env("CLOUDINARY_PARSE_TLS_KEY", "key.pem")
            .manifest("Photo.toml", "class = \"Photo\"\n[fields.picture]\n");
        let mut secured = Secured {
            service,
            certificate: String::new(),
        };
        secured.renew();
        secured
    }

    /// Writes another certificate with its key.
    fn renew(&mut self) {
        let (certificate, key) = pair();
        std::fs::write(self.file("cert.pem"), &certificate).unwrap();
        std::fs::write(self.file("key.pem"), key).unwrap();
        self.certificate = certificate;
    }

    fn file(&self, name: &str) -> PathBuf {
        self.service.directory().join(name)
    }
}

fn pair() -> (String, String) {
    let names = vec!["127.0.0.1".to_owned()];
    let certified = rcgen::generate_simple_self_signed(names).unwrap();
    (certified.cert.pem(), certified.signing_key.serialize_pem())
}

fn health(running: &Running) -> Asked<'static> {
    Asked {
        method: Method::GET,
        url: format!("{}/health", running.url),
        headers: Vec::new(),
        body: Vec::new(),
    }
}

/// Whether a client that trusts `certificate` alone gets its answer.
fn is_trusted(running: &Running, certificate: &str) -> bool {
    match ask(&client(Some(certificate)), &health(running)) {
        Ok((status, _, body)) => {
            assert_eq!((status.as_u16(), &*body), (200, r#"{"status":"ok"}"#));
            true
        }
        Err(error) => {
            assert!(
                format!("{error:?}").contains("InvalidCertificate"),
                "{error:?}"
            );
            false
        }
    }
}

#[test]
fn serves_https_with_the_configured_certificate_and_nothing_else() {
    let secured = Secured::new();
    let running = Running::start(&secured.service);
    assert!(
        running.url.starts_with("https://127.0.0.1:"),
        "{}",
        running.url
    );
    assert!(is_trusted(&running, &secured.certificate));
    assert!(!is_trusted(&running, &pair().0));
    let mut plain = health(&running);
    plain.url = plain.url.replace("https:", "http:");
    assert!(ask(&client(None), &plain).is_err());
}

#[test]
fn a_changed_certificate_is_served_after_a_hangup() {
    let mut secured = Secured::new();
    let mut running = Running::start(&secured.service);
    let old = secured.certificate.clone();
    secured.renew();
    running.hang_up();
    running.wait_for("certificate loaded");
    assert!(is_trusted(&running, &secured.certificate));
    assert!(!is_trusted(&running, &old));
}

#[test]
fn a_changed_certificate_is_found_without_being_told() {
    let mut secured = Secured::new();
    let mut running = Running::start(&secured.service);
    secured.renew();
    running.wait_for("certificate loaded");
    assert!(is_trusted(&running, &secured.certificate));
}

#[test]
fn a_certificate_that_does_not_fit_its_key_leaves_the_old_one_in_use() {
    let mut secured = Secured::new();
    let mut running = Running::start(&secured.service);
    let old = secured.certificate.clone();
    std::fs::write(secured.file("cert.pem"), pair().0).unwrap();
    running.hang_up();
    running.wait_for("certificate not loaded, the old one stays: CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY: ");
    assert!(is_trusted(&running, &old));
    secured.renew();
    running.hang_up();
    running.wait_for("certificate loaded");
    assert!(is_trusted(&running, &secured.certificate));
}

#[test]
fn serve_does_not_start_with_files_that_are_of_no_use() {
    let Secured {
        service,
        certificate,
    } = Secured::new();
    let service = service
        .env("PARSE_SERVER_WEBHOOK_KEY", "k")
        .env("CLOUDINARY_PARSE_BIND", "127.0.0.1:0");
    let file = |name: &str| service.directory().join(name);
    std::fs::write(file("key.pem"), "no key").unwrap();
    let result = service.run(&["serve"]);
    assert_eq!(
        (result.code, result.error()),
        (
            1,
            "error: CLOUDINARY_PARSE_TLS_KEY: key.pem: holds no private key in PEM form"
        )
    );
    let (_, key) = pair();
    std::fs::write(file("cert.pem"), key).unwrap();
    std::fs::write(file("key.pem"), certificate).unwrap();
    let swapped = "CLOUDINARY_PARSE_TLS_CERT and CLOUDINARY_PARSE_TLS_KEY are swapped: cert.pem holds the private key, key.pem the certificate";
    let result = service.run(&["serve"]);
    assert_eq!(
        (result.code, result.error()),
        (1, &*format!("error: {swapped}"))
    );
    let result = service.run(&["check"]);
    assert_eq!(
        (result.code, &*result.stderr),
        (1, &*format!("{swapped}\n"))
    );
}
