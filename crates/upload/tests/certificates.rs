//! The service must prove its identity before a byte of token or contacts is sent.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod loopback;

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;

use contactmill_upload::{CertificateFault, Ended, Target};
use loopback::{Run, SUCCESS, Server, answer, folder};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A private root.
fn root() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "A private root");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A server with a certificate for a name, valid in these years; issued by the root, or by itself.
fn server(
    name: &str,
    years: (i32, i32),
    issuer: Option<&CertifiedIssuer<'static, KeyPair>>,
) -> Server {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let certificate = match issuer {
        Some(issuer) => params.signed_by(&key, issuer),
        None => params.self_signed(&key),
    };
    presenting(certificate.unwrap().der().clone(), &key)
}

/// A server with a certificate for localhost that it issued itself, and the PEM of that.
fn self_signed(is_ca: IsCa) -> (Server, tempfile::NamedTempFile) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.is_ca = is_ca;
    let certificate = params.self_signed(&key).unwrap();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(certificate.pem().as_bytes()).unwrap();
    (presenting(certificate.der().clone(), &key), file)
}

/// A server with this certificate.
fn presenting(certificate: CertificateDer<'static>, key: &KeyPair) -> Server {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let wrap = move |stream: TcpStream| -> Option<Box<dyn loopback::Stream>> {
        let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        Some(Box::new(StreamOwned::new(connection, stream)))
    };
    Server::wrapped(wrap, |_, _, stream| {
        stream.write_all(&answer(200, "", SUCCESS.as_bytes())).unwrap();
        stream.flush().unwrap();
    })
}

fn upload(server: &Server, host: &str, ca_file: Option<&Path>) -> Ended {
    let made = folder(3, 2);
    let url = format!("https://{host}:{}", server.address.port());
    let mut run = Run::to(&server.url());
    run.target = Target::at(&url).unwrap().with_rate(run.target.rate());
    run.ca_file = ca_file.map(Path::to_owned);
    run.upload(made.path()).0.ended
}

fn written(root: &CertifiedIssuer<'static, KeyPair>) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(root.pem().as_bytes()).unwrap();
    file
}

#[track_caller]
fn check_refused(server: &Server, ended: &Ended, why: &str) {
    let Ended::Certificate(CertificateFault { why: found, is_issuer_unknown }) = ended else {
        panic!("{ended:?}")
    };
    assert!(found.contains(why), "{found}");
    assert_eq!(*is_issuer_unknown, found.contains("has issued it"), "{found}");
    assert!(*server.connections.lock().unwrap() > 0, "nobody came");
    assert!(server.arrived().is_empty(), "something was sent");
}

#[test]
fn a_private_root_that_is_named_is_trusted() {
    let root = root();
    let file = written(&root);
    let server = server("localhost", (2020, 2040), Some(&root));
    assert_eq!(upload(&server, "localhost", Some(file.path())), Ended::Finished);
    assert_eq!(server.arrived().len(), 3);
}

#[test]
fn a_certificate_that_has_expired_is_refused() {
    let root = root();
    let file = written(&root);
    let expired = server("localhost", (2020, 2021), Some(&root));
    let ended = upload(&expired, "localhost", Some(file.path()));
    check_refused(&expired, &ended, "expired");
    let early = server("localhost", (2090, 2091), Some(&root));
    let ended = upload(&early, "localhost", Some(file.path()));
    check_refused(&early, &ended, "not valid yet");
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let root = root();
    let file = written(&root);
    let server = server("api.example.com", (2020, 2040), Some(&root));
    let ended = upload(&server, "localhost", Some(file.path()));
    check_refused(&server, &ended, "another host");
    let ended = upload(&server, "127.0.0.1", Some(file.path()));
    check_refused(&server, &ended, "another host");
}

#[test]
fn a_certificate_from_an_unknown_issuer_is_refused() {
    let root = root();
    let file = written(&root);
    let own = server("localhost", (2020, 2040), None);
    // Neither by the public roots, nor by a private one of somebody else.
    check_refused(&own, &upload(&own, "localhost", None), "nobody who is trusted");
    check_refused(&own, &upload(&own, "localhost", Some(file.path())), "has issued it");
    // A private root that was not named.
    let issued = server("localhost", (2020, 2040), Some(&root));
    check_refused(&issued, &upload(&issued, "localhost", None), "nobody who is trusted");
}

/// As `openssl req -x509` makes them.
#[test]
fn a_self_signed_certificate_of_an_authority_is_refused_with_what_to_do() {
    let (server, file) = self_signed(IsCa::Ca(BasicConstraints::Unconstrained));
    let ended = upload(&server, "localhost", Some(file.path()));
    check_refused(&server, &ended, "basicConstraints CA:FALSE");
    check_refused(&server, &upload(&server, "localhost", None), "certificate authority");
}

#[test]
fn a_self_signed_certificate_of_a_server_is_trusted_where_it_is_named() {
    for is_ca in [IsCa::NoCa, IsCa::ExplicitNoCa] {
        let (server, file) = self_signed(is_ca);
        check_refused(&server, &upload(&server, "localhost", None), "nobody who is trusted");
        assert_eq!(upload(&server, "localhost", Some(file.path())), Ended::Finished);
    }
}

#[test]
fn errors_about_certificates_name_the_file_or_the_hosts() {
    let root = root();
    let file = written(&root);
    let own = server("localhost", (2020, 2040), None);
    let ended = upload(&own, "localhost", Some(file.path()));
    check_refused(&own, &ended, &file.path().display().to_string());
    check_refused(&own, &ended, "or none for the public ones");
    let other = server("api.example.com", (2020, 2040), Some(&root));
    let ended = upload(&other, "localhost", Some(file.path()));
    check_refused(&other, &ended, "for api.example.com, and not for localhost");
}

#[test]
fn a_file_without_certificates_is_an_error_that_says_why() {
    let key = KeyPair::generate().unwrap().serialize_pem();
    let root = root();
    let (pem, der) = (root.pem(), root.der().to_vec());
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (bytes, why) in [
        (&b""[..], "the file is empty"),
        (b" \n", "the file is empty"),
        (b"no PEM at all", "there is no certificate in it; PEM is expected"),
        (b"-----BEGIN CERTIFICATE-----\nxx", "is damaged"),
        (&pem.as_bytes()[..pem.len() / 2], "is damaged"),
        (damaged.as_bytes(), "certificate 1 in it is damaged"),
        (format!("{pem}{damaged}").as_bytes(), "certificate 2 in it is damaged"),
        (key.as_bytes(), "there is a key in it and no certificate"),
        (&der, "this is DER, and PEM is expected"),
    ] {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let error = with_roots(file.path()).unwrap_err().to_string();
        assert!(error.contains(why), "{why}: {error}");
        assert!(error.starts_with(&file.path().display().to_string()), "{error}");
    }
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(format!("{key}{pem}").as_bytes()).unwrap();
    assert!(with_roots(file.path()).is_ok(), "a key beside the certificate is no harm");
    let folder = tempfile::tempdir().unwrap();
    for path in [folder.path().join("nowhere\u{1b}[2J"), folder.path().to_owned()] {
        let error = with_roots(&path).unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "{error:?}");
    }
}

fn with_roots(
    path: &Path,
) -> Result<contactmill_upload::HttpTransport, contactmill_upload::CaFileError> {
    let target = Target::at("https://localhost").unwrap();
    let token = contactmill_upload::Token::read(&b"x"[..], "test").unwrap();
    let timeout = std::time::Duration::from_secs(1);
    contactmill_upload::HttpTransport::new(&target, token, timeout, Some(path))
}
