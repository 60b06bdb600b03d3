use secrecy::SecretString;

use super::*;
use crate::cloudinary::signature::verify_response;

const NOW: u64 = 1_789_000_000;
const BODY: &str = r#"{"notification_type":"upload","public_id":"x","version":1}"#;

/// Timestamps and what the released SDKs sign them with for [`BODY`].
const AT_NOW: (&str, &str) = ("1789000000", "bc8330e2934ca88c2832a17d5044f970ad93a302");
const AT_MAX_AGE: (&str, &str) = ("1788992800", "cef5501ca91f74226a315d6468f31f315af24a91");
const BEYOND_MAX_AGE: (&str, &str) = ("1788992799", "dac5b9830f67e2219bef7dc6d534c29164b78af9");
const A_MINUTE_AHEAD: (&str, &str) = ("1789000060", "d35353b27730a7f053e627089fcfa285a5fd4b91");
const TWO_HOURS_AHEAD: (&str, &str) = ("1789007200", "4a57c2636c92a9ec6b4bce435c3ff661b5242519");

fn account() -> Account {
    Account::from_url("cloudinary://1234567890:test-secret-abcDEF123@demo-cloud").unwrap()
}

fn notification<'a>((timestamp, signature): (&'a str, &'a str)) -> Notification<'a> {
    Notification {
        body: BODY.as_bytes(),
        timestamp,
        signature,
    }
}

#[test]
fn takes_what_cloudinary_signed_within_the_window() {
    for signed in [AT_NOW, AT_MAX_AGE, A_MINUTE_AHEAD] {
        let verified = notification(signed).verify(&account(), NOW);
        assert_eq!(verified, Ok(SecretInUse::Current), "{signed:?}");
    }
}

#[test]
fn refuses_what_is_too_old_or_in_the_future() {
    for (signed, now, error) in [
        (BEYOND_MAX_AGE, NOW, NotificationError::TooOld),
        (TWO_HOURS_AHEAD, NOW, NotificationError::InTheFuture),
        (AT_NOW, NOW - 301, NotificationError::InTheFuture),
        (AT_NOW, NOW + 7_201, NotificationError::TooOld),
    ] {
        let verified = notification(signed).verify(&account(), now);
        assert_eq!(verified, Err(error), "{signed:?} at {now}");
    }
    assert!(notification(AT_NOW).verify(&account(), NOW - 300).is_ok());
    assert!(notification(AT_NOW).verify(&account(), NOW + 7_200).is_ok());
}

#[test]
fn takes_a_limit_of_the_callers_own() {
    let notification = notification(AT_NOW);
    assert!(notification.verify_within(&account(), NOW + 10, 10).is_ok());
    assert_eq!(
        notification.verify_within(&account(), NOW + 11, 10),
        Err(NotificationError::TooOld)
    );
}

#[test]
fn refuses_timestamps_that_are_not_1_to_12_digits() {
    for timestamp in [
        "",
        "abc",
        "}1789000000",
        " 1789000000",
        "1789000000 ",
        "+1789000000",
        "-1",
        "1789000000.0",
        "1e9",
        "NaN",
        "1_789_000_000",
        "١٧٨٩",
        "0001789000000",
        "01789000000",
        "00",
    ] {
        let verified = notification((timestamp, AT_NOW.1)).verify(&account(), NOW);
        assert_eq!(verified, Err(NotificationError::Timestamp), "{timestamp:?}");
    }
}

#[test]
fn keeps_bytes_from_passing_between_body_and_timestamp() {
    let moved = Notification {
        body: format!("{BODY}1").as_bytes(),
        timestamp: "789000000",
        signature: AT_NOW.1,
    }
    .verify(&account(), NOW);
    assert_eq!(moved, Err(NotificationError::TooOld));
    let moved = Notification {
        body: &BODY.as_bytes()[..BODY.len() - 1],
        timestamp: "}1789000000",
        signature: AT_NOW.1,
    }
    .verify(&account(), NOW);
    assert_eq!(moved, Err(NotificationError::Timestamp));
    // A zero at the end of a body could be one at the beginning of the timestamp.
    let moved = Notification {
        body: BODY.as_bytes(),
        timestamp: "01789000000",
        signature: AT_NOW.1,
    }
    .verify(&account(), NOW);
    assert_eq!(moved, Err(NotificationError::Timestamp));
}

#[test]
fn refuses_other_bodies_and_signatures() {
    let verified = notification((AT_NOW.0, A_MINUTE_AHEAD.1)).verify(&account(), NOW);
    assert_eq!(verified, Err(BadSignature.into()));
    for body in [
        "",
        "{}",
        &BODY.replace('1', "2"),
        &format!("{BODY}\n"),
        &format!("\u{feff}{BODY}"),
    ] {
        let other = Notification {
            body: body.as_bytes(),
            ..notification(AT_NOW)
        };
        assert_eq!(
            other.verify(&account(), NOW),
            Err(BadSignature.into()),
            "{body:?}"
        );
    }
}

#[test]
fn turns_away_by_the_headers_alone_what_no_secret_can_have_made() {
    let upper = AT_NOW.1.to_uppercase();
    let long = AT_NOW.1.repeat(2);
    for signature in ["", "x", &AT_NOW.1[1..], &upper, &long, &"é".repeat(20)] {
        let headers = Headers {
            timestamp: AT_NOW.0,
            signature,
        };
        assert_eq!(
            headers.check(NOW),
            Err(NotificationError::Shape),
            "{signature}"
        );
        let verified = notification((AT_NOW.0, signature)).verify(&account(), NOW);
        assert_eq!(verified, Err(NotificationError::Shape), "{signature}");
    }
    for digits in [40, 64] {
        let headers = Headers {
            timestamp: AT_NOW.0,
            signature: &"0".repeat(digits),
        };
        assert_eq!(headers.check(NOW), Ok(NOW));
        assert_eq!(
            headers.check(NOW + MAX_AGE + 1),
            Err(NotificationError::TooOld)
        );
    }
}

/// The digest of the same text by Python's hashlib.
#[test]
fn tells_the_digest_by_its_length_whatever_the_account_signs_with() {
    const SHA256: &str = "3f0bda56405dc5abe516e3e475db9f8c80ade89fdd33c07931f3c4315e0771fa";
    for algorithm in ["sha1", "sha256"] {
        let url = format!(
            "cloudinary://1234567890:test-secret-abcDEF123@demo-cloud?signature_algorithm={algorithm}"
        );
        let account = Account::from_url(&url).unwrap();
        for signature in [AT_NOW.1, SHA256] {
            let verified = notification((AT_NOW.0, signature)).verify(&account, NOW);
            assert_eq!(
                verified,
                Ok(SecretInUse::Current),
                "{algorithm} {signature}"
            );
        }
    }
}

#[test]
fn a_secret_for_notifications_verifies_nothing_else() {
    let account = Account::from_url("cloudinary://1:new@c")
        .unwrap()
        .with_notification_secret(SecretString::from("test-secret-abcDEF123"));
    let verified = notification(AT_NOW).verify(&account, NOW);
    assert_eq!(verified, Ok(SecretInUse::Current));
    // Of `public_id=folder/sample&version=1571218330`, with the same secret.
    let response = verify_response(
        &account,
        "folder/sample",
        "1571218330",
        "433bfb3d9e1208e5018128660fc1383bfe52c4ff",
    );
    assert_eq!(response, Err(BadSignature));
}

#[test]
fn names_the_key_that_a_body_claims_if_it_can_be_one() {
    let long = "k".repeat(64);
    for key in ["123456789012345", "a_B-9", &long] {
        let body = format!(r#"{{"public_id":"x","signature_key":"{key}"}}"#);
        assert_eq!(claimed_key(body.as_bytes()).as_deref(), Some(key));
    }
    for body in [
        "",
        "[]",
        "{}",
        r#"{"signature_key":""}"#,
        r#"{"signature_key":5}"#,
        r#"{"signature_key":"a b"}"#,
        r#"{"signature_key":"a\nb"}"#,
        r#"{"signature_key":"é"}"#,
        &format!(r#"{{"signature_key":"{long}k"}}"#),
    ] {
        assert_eq!(claimed_key(body.as_bytes()), None, "{body}");
    }
}

#[test]
fn takes_every_secret_and_none_without_one() {
    let rotated = Account::from_url("cloudinary://1:new@c")
        .unwrap()
        .with_previous_secret(SecretString::from("test-secret-abcDEF123"));
    assert_eq!(
        notification(AT_NOW).verify(&rotated, NOW),
        Ok(SecretInUse::Previous)
    );
    let keyless = Account::from_url("cloudinary://1@c").unwrap();
    assert_eq!(
        notification(AT_NOW).verify(&keyless, NOW),
        Err(BadSignature.into())
    );
}

#[test]
fn says_what_is_wrong() {
    for (error, text) in [
        (
            NotificationError::Timestamp,
            "timestamp: expected 1 to 12 digits",
        ),
        (NotificationError::TooOld, "timestamp: too old"),
        (NotificationError::InTheFuture, "timestamp: in the future"),
        (
            NotificationError::Shape,
            "signature: expected 40 or 64 digits of lower-case hex",
        ),
        (NotificationError::Signature(BadSignature), "bad signature"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
