use serde_json::{Value, json};

use super::*;
use crate::cloudinary::notification_event::Subject;
use crate::queue::doubles::{Doubles, answer};

const PHOTO: &str = "class = \"Photo\"\n[fields.picture]\nsync = true\n";

fn asset(shown: &Value) -> Asset {
    serde_json::from_value(shown.clone()).unwrap()
}

/// The status that holds; `None`: the verdict fails.
fn status(one: &One) -> Option<Moderation> {
    match one {
        One::Holds(status) => *status,
        One::MayCome | One::Fails => None,
    }
}

#[test]
fn one_of_several_moderations_approves_nothing_that_another_has_not() {
    use Moderation::{Approved, Pending, Rejected};
    let plain = json!({"public_id": "a"});
    let pending = json!({"public_id": "a", "moderation_status": "pending"});
    let rejected =
        json!({"public_id": "a", "moderation": [{"status": "approved"}, {"status": "rejected"}]});
    let approved = json!({"public_id": "a", "moderation": [{"status": "approved"}]});
    let placeholder = json!({"public_id": "a", "placeholder": true});
    let rejected_placeholder =
        json!({"public_id": "a", "placeholder": true, "moderation_status": "rejected"});
    for (told, whole, shown, expected) in [
        (Approved, false, &plain, Some(Approved)),
        (Approved, false, &pending, Some(Pending)),
        (Approved, false, &rejected, Some(Rejected)),
        (Approved, false, &approved, Some(Approved)),
        (Approved, true, &pending, Some(Approved)),
        (Rejected, false, &pending, Some(Rejected)),
        (Rejected, false, &approved, Some(Rejected)),
        (Pending, false, &approved, Some(Pending)),
        (Approved, false, &placeholder, None),
        (Approved, true, &placeholder, None),
        (Pending, false, &placeholder, None),
        (Rejected, false, &placeholder, Some(Rejected)),
        (Approved, false, &rejected_placeholder, Some(Rejected)),
    ] {
        let found = status(&verdict(told, whole, Some(&asset(shown))));
        assert_eq!(found, expected, "{told:?} {whole} {shown}");
        assert_eq!(status(&verdict(told, whole, None)), None);
    }
}

/// What is known of a notice about `image/upload/a`, and what Cloudinary was asked for it.
async fn known(notice: &NotificationEvent, there: &[&str]) -> (Proof, Vec<String>) {
    let doubles = Doubles::start().await;
    for id in there {
        let shown = json!({"public_id": id, "version": 1, "bytes": 9});
        let path = format!("/resources/image/upload/{id}");
        doubles
            .cloudinary_answers("GET", &path, answer(200, shown))
            .await;
    }
    let candidates = HashSet::from(["image/upload/a".parse().unwrap()]);
    let proof = prove(notice, &candidates, &doubles.plan(PHOTO)).await;
    (proof.unwrap(), doubles.asked_of_cloudinary().await)
}

fn subject(text: &str) -> Subject {
    text.parse().unwrap()
}

fn moderated(asset: &str, status: Moderation, whole: bool) -> NotificationEvent {
    NotificationEvent::Moderated {
        asset: subject(asset),
        status,
        at: 1,
        whole,
    }
}

fn holds(status: Option<Moderation>) -> Proof {
    Proof::Of(Proved {
        asset: "image/upload/a".parse().unwrap(),
        status,
    })
}

const OTHERWISE: Proof = Proof::Not("Cloudinary says otherwise by now");

#[tokio::test]
async fn cloudinary_is_asked_about_a_verdict_that_is_partial() {
    use Moderation::{Approved, Rejected};
    let (named, unnamed) = ("image/upload/a", "*/*/a");
    for (asset, status, whole, asked) in [
        (named, Approved, true, 0),
        (named, Rejected, false, 0),
        (named, Rejected, true, 0),
        (named, Approved, false, 1),
        (unnamed, Approved, true, 1),
        (unnamed, Rejected, false, 1),
    ] {
        let notice = moderated(asset, status, whole);
        let (proof, calls) = known(&notice, &["a"]).await;
        assert_eq!(proof, holds(Some(status)), "{asset} {status:?} {whole}");
        assert_eq!(calls.len(), asked, "{asset} {status:?} {whole}");
        let expected = if asked == 0 {
            holds(Some(status))
        } else {
            OTHERWISE
        };
        assert_eq!(known(&notice, &[]).await.0, expected);
    }
}

#[tokio::test]
async fn transformations_of_an_asset_that_is_named_need_no_proof() {
    let derived = |asset| NotificationEvent::Derived {
        asset: subject(asset),
        urls: Vec::new(),
    };
    let named = known(&derived("image/upload/a"), &[]).await;
    assert_eq!(named, (holds(None), Vec::new()));
    assert_eq!(known(&derived("*/*/a"), &["a"]).await.0, holds(None));
    assert_eq!(known(&derived("*/*/a"), &[]).await.0, OTHERWISE);
}

#[tokio::test]
async fn a_rename_holds_once_the_new_name_is_there_and_the_old_one_is_not() {
    let renamed = NotificationEvent::Renamed {
        from: subject("image/upload/a"),
        to: subject("image/upload/b"),
    };
    for (there, expected) in [
        (&["b"][..], holds(None)),
        (&["a", "b"], OTHERWISE),
        (&["a"], OTHERWISE),
        (&[], Proof::NotYet),
    ] {
        assert_eq!(known(&renamed, there).await.0, expected, "{there:?}");
    }
}

#[tokio::test]
async fn a_deletion_holds_while_cloudinary_has_no_such_asset() {
    let deleted = NotificationEvent::Deleted {
        asset: subject("image/upload/a"),
    };
    assert_eq!(known(&deleted, &[]).await.0, holds(None));
    assert_eq!(known(&deleted, &["a"]).await.0, OTHERWISE);
}

#[tokio::test]
async fn a_claim_that_holds_for_two_assets_holds_for_none() {
    let doubles = Doubles::start().await;
    for kind in ["image", "video"] {
        let path = format!("/resources/{kind}/upload/a");
        let shown = answer(200, json!({"public_id": "a", "version": 1, "bytes": 9}));
        doubles.cloudinary_answers("GET", &path, shown).await;
    }
    let names = ["image/upload/a", "video/upload/a"];
    let candidates = names.map(|name| name.parse().unwrap()).into();
    let notice = moderated("*/upload/a", Moderation::Approved, true);
    let proof = prove(&notice, &candidates, &doubles.plan(PHOTO)).await;
    let expected = Proof::Not("it could be meant for several assets");
    assert_eq!(proof, Ok(expected));
}
