use secrecy::SecretString;

use super::*;

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
        (AT_NOW, NOW - MAX_AHEAD - 1, NotificationError::InTheFuture),
        (AT_NOW, NOW + MAX_AGE + 1, NotificationError::TooOld),
    ] {
        let verified = notification(signed).verify(&account(), now);
        assert_eq!(verified, Err(error), "{signed:?} at {now}");
    }
    assert!(
        notification(AT_NOW)
            .verify(&account(), NOW - MAX_AHEAD)
            .is_ok()
    );
    assert!(
        notification(AT_NOW)
            .verify(&account(), NOW + MAX_AGE)
            .is_ok()
    );
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
    let upper = AT_NOW.1.to_uppercase();
    for signature in ["", "x", &AT_NOW.1[1..], &upper, A_MINUTE_AHEAD.1] {
        let verified = notification((AT_NOW.0, signature)).verify(&account(), NOW);
        assert_eq!(verified, Err(BadSignature.into()), "{signature:?}");
    }
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
        (NotificationError::Signature(BadSignature), "bad signature"),
    ] {
        assert_eq!(error.to_string(), text);
    }
}
