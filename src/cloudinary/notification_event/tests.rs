use serde_json::{Value, json};

use super::*;

fn read(body: &Value) -> Vec<String> {
    let shown = |event: NotificationEvent| match event {
        NotificationEvent::Moderated {
            asset,
            status,
            whole,
            ..
        } => {
            let of = if whole { "" } else { " by one" };
            format!("{asset} {}{of}", status.name())
        }
        NotificationEvent::Renamed { from, to } => format!("{from} -> {to}"),
        NotificationEvent::Deleted { asset } => format!("{asset} deleted"),
        NotificationEvent::Derived { asset, urls } => format!("{asset} {}", urls.join(" ")),
        NotificationEvent::Overwritten {
            asset,
            version,
            format,
            status,
            urls,
        } => format!(
            "{asset} v{version} {} {} {}",
            format.as_deref().unwrap_or("-"),
            status.map_or("-", Moderation::name),
            urls.len()
        ),
    };
    events(body, 7).into_iter().map(shown).collect()
}

macro_rules! found {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!(
            "../../../tests/fixtures/cloudinary/",
            $name
        )))
        .unwrap()
    };
}

/// `tests/fixtures/cloudinary/README.md` says where they come from.
#[test]
fn reads_bodies_that_were_published() {
    for (body, dated, expected) in [
        (found!("notification-upload.json"), true, &[][..]),
        (
            found!("notification-upload-fixed-folders-2020.json"),
            true,
            &[],
        ),
        (
            found!("notification-rename.json"),
            true,
            &[
                "image/upload/strawberry_milk_splash-qwer129-aslk-srghta -> image/upload/strawberry_milk_splash",
            ],
        ),
        (
            found!("notification-delete.json"),
            true,
            &["image/upload/kids_playing_with_puppy deleted"],
        ),
        (
            found!("notification-moderation-rejected-2020.partial.json"),
            true,
            &["video/upload/hot-tub rejected by one"],
        ),
        (
            found!("notification-eager.body"),
            true,
            &[
                "video/upload/dog https://res.cloudinary.com/demo/video/upload/sp_full_hd/v1533125278/dog.mp4",
            ],
        ),
    ] {
        assert_eq!(read(&body), expected, "{body}");
        assert_eq!(is_dated(&body), dated, "{body}");
    }
}

#[test]
fn reads_nothing_from_bodies_that_change_no_row() {
    let described = found!("described-shapes.json");
    for body in [
        &described["move"],
        &described["upload_async"],
        &described["upload_chunk_not_last"],
        &described["destroy"][0],
        &described["destroy"][1],
    ] {
        let mut body = body.clone();
        assert_eq!(read(&body), [""; 0], "{body}");
        for kind in ["upload", "eager", "moderation", "rename"] {
            body["notification_type"] = json!(kind);
            assert_eq!(read(&body), [""; 0], "{body}");
        }
    }
}

#[test]
fn reads_bodies_that_were_described() {
    let url = "https://res.cloudinary.com/demo/video/authenticated/s--x--/c_fill/v1/a/b.mp4";
    for (body, expected) in [
        (
            json!({"notification_type": "moderation", "moderation_status": "rejected", "moderation_kind": "manual",
                "public_id": "a/b", "version": 1, "resource_type": "image", "type": "private"}),
            &["image/private/a/b rejected by one"][..],
        ),
        (
            json!({"notification_type": "moderation_summary", "moderation_status": "approved", "public_id": "a"}),
            &["*/*/a approved by one"],
        ),
        (
            json!({"notification_type": "moderation_summary", "resources": {
                "a": {"resource_type": "image", "type": "upload", "moderation_status": "rejected"},
                "b": {"type": "private", "moderation": [{"kind": "manual", "status": "approved"}]}}}),
            &["image/upload/a rejected by one", "*/private/b approved"],
        ),
        (
            json!({"notification_type": "upload", "public_id": "a", "resource_type": "image", "type": "upload",
                "moderation": [{"kind": "manual", "status": "pending"}, {"kind": "aws_rek", "status": "approved"}],
                "eager": [{"secure_url": "https://h/1"}, {"status": "failed", "secure_url": "https://h/2"}]}),
            &["image/upload/a pending", "image/upload/a https://h/1"],
        ),
        (
            json!({"notification_type": "upload", "public_id": "a",
                "moderation": [{"kind": "aws_rek", "status": "rejected"}, {"kind": "manual", "status": "aborted"}]}),
            &["*/*/a rejected"],
        ),
        (
            json!({"notification_type": "upload", "public_id": "a", "moderation_status": "approved",
                "moderation": [{"kind": "aws_rek", "status": "approved"}, {"kind": "manual", "status": "queued"}]}),
            &["*/*/a pending"],
        ),
        (
            json!({"notification_type": "eager", "public_id": "a/b", "batch_id": "x", "eager": [{"secure_url": url}]}),
            &[
                "video/authenticated/a/b https://res.cloudinary.com/demo/video/authenticated/s--x--/c_fill/v1/a/b.mp4",
            ],
        ),
        (
            json!({"notification_type": "rename", "resource_type": "raw", "type": "upload", "to_type": "private",
                "from_public_id": "a.txt", "to_public_id": "b/a.txt"}),
            &["raw/upload/a.txt -> raw/private/b/a.txt"],
        ),
        (
            json!({"notification_type": "rename", "from_public_id": "a", "to_public_id": "b"}),
            &["*/*/a -> */*/b"],
        ),
        (
            json!({"notification_type": "delete", "resources": [
                {"resource_type": "image", "type": "upload", "public_id": "a", "version": 1},
                {"resource_type": "video", "type": "upload", "public_id": "b"}]}),
            &["image/upload/a deleted", "video/upload/b deleted"],
        ),
        (
            json!({"notification_type": "delete", "resources": {
                "a": {"resource_type": "image", "type": "upload"}, "b": {"type": "private"}}}),
            &["image/upload/a deleted", "*/private/b deleted"],
        ),
    ] {
        assert_eq!(read(&body), expected, "{body}");
    }
}

#[test]
fn reads_of_an_overwritten_asset_what_is_new() {
    let uploaded = |more: Value| {
        let mut body = json!({"notification_type": "upload", "public_id": "a", "version": 9, "format": "png",
            "resource_type": "image", "type": "upload", "overwritten": true});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        body
    };
    for (more, expected) in [
        (json!({}), &["image/upload/a v9 png - 0"][..]),
        (
            json!({"resource_type": "raw", "format": null}),
            &["raw/upload/a v9 - - 0"],
        ),
        (
            json!({"moderation": [{"status": "pending"}], "eager": [{"secure_url": "https://h/1"}]}),
            &[
                "image/upload/a v9 png pending 1",
                "image/upload/a pending",
                "image/upload/a https://h/1",
            ],
        ),
        (json!({"overwritten": false}), &[]),
        (json!({"overwritten": "true"}), &[]),
        (json!({"version": "9"}), &[]),
        (json!({"type": "fetch"}), &[]),
        (json!({"public_id": "a?b"}), &[]),
    ] {
        let body = uploaded(more);
        assert_eq!(read(&body), expected, "{body}");
    }
}

#[test]
fn takes_from_a_url_only_what_the_body_does_not_name() {
    let url = |path: &str| format!("https://res.cloudinary.com/{path}");
    for (more, expected) in [
        (json!({"type": "private"}), "*/private/a rejected by one"),
        (
            json!({"resource_type": "video"}),
            "video/*/a rejected by one",
        ),
        (
            json!({"secure_url": url("demo/image/private/s--x--/v1/a.jpg")}),
            "image/private/a rejected by one",
        ),
        (
            json!({"url": "http://demo-res.cloudinary.com/video/upload/v1/a.mp4"}),
            "video/upload/a rejected by one",
        ),
        (
            json!({"type": "private", "secure_url": url("demo/image/upload/v1/a.jpg")}),
            "*/private/a rejected by one",
        ),
        (
            json!({"secure_url": url("demo/images/a.jpg")}),
            "*/*/a rejected by one",
        ),
        (json!({"secure_url": 5}), "*/*/a rejected by one"),
    ] {
        let mut body = json!({"notification_type": "moderation", "moderation_status": "rejected", "public_id": "a"});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        assert_eq!(read(&body), [expected], "{body}");
    }
}

#[test]
fn reads_nothing_from_other_or_odd_ones() {
    for body in [
        json!({}),
        json!({"notification_type": 5}),
        json!({"notification_type": "create_folder", "folder_path": "a"}),
        json!({"notification_type": "moderation", "public_id": "a"}),
        json!({"notification_type": "moderation", "public_id": "a", "moderation_status": "odd"}),
        json!({"notification_type": "moderation", "public_id": "a", "moderation": []}),
        json!({"notification_type": "moderation", "moderation_status": "approved"}),
        json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "../a"}),
        json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "a", "type": "fetch"}),
        json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "a", "type": 5}),
        json!({"notification_type": "upload", "public_id": "a"}),
        json!({"notification_type": "eager", "public_id": "a", "eager": []}),
        json!({"notification_type": "rename", "from_public_id": "a", "to_public_id": "a"}),
        json!({"notification_type": "rename", "from_public_id": "a"}),
        json!({"notification_type": "rename", "from_public_id": "a", "to_public_id": "b", "to_type": "odd"}),
        json!({"notification_type": "rename", "from_public_id": "a", "to_public_id": "b?"}),
        json!({"notification_type": "delete", "resources": {"a?": {}}}),
        json!({"notification_type": "delete", "resources": [{"resource_type": "audio", "type": "upload", "public_id": "a"}]}),
        json!({"notification_type": "delete", "resources": [{"resource_type": "image", "type": "upload"}]}),
    ] {
        assert_eq!(read(&body), [""; 0], "{body}");
    }
}

#[test]
fn a_body_without_a_time_may_come_twice() {
    let verdict = json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "a"});
    assert!(!is_dated(&verdict));
    for (key, value) in [
        ("timestamp", json!("2026-01-01T00:00:01+00:00")),
        ("moderation_updated_at", json!("2026-01-01T00:00:01Z")),
        ("request_id", json!("ab")),
        ("batch_id", json!("ab")),
        (
            "notification_context",
            json!({"triggered_at": "2026-01-01T00:00:01Z"}),
        ),
    ] {
        let mut dated = verdict.clone();
        dated[key] = value;
        assert!(is_dated(&dated), "{key}");
        dated[key] = Value::Null;
        assert!(!is_dated(&dated), "{key}");
    }
}

#[test]
fn a_verdict_is_overruled_by_a_later_one_on_the_same_asset_only() {
    let verdict = |more: Value| {
        let mut body = json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "a"});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        events(&body, 1_589_581_940).remove(0)
    };
    // 1589581939
    let first = verdict(json!({"moderation_updated_at": "2020-05-15T22:32:19Z"}));
    let generated = verdict(json!({"timestamp": "2020-05-15T22:32:20+00:00"}));
    let sent = verdict(json!({"timestamp": "soon"}));
    assert!(first.is_overruled_by(&generated));
    assert!(first.is_overruled_by(&sent));
    for (one, other) in [
        (&generated, &first),
        (&generated, &sent),
        (&first, &first),
        (&first, &verdict(json!({"public_id": "b"}))),
        (
            &first,
            &verdict(json!({"type": "private", "resource_type": "image"})),
        ),
    ] {
        assert!(!one.is_overruled_by(other), "{one:?} {other:?}");
    }
}

#[test]
fn several_verdicts_come_to_the_gravest() {
    use Moderation::{Approved, Pending, Rejected};
    for (all, expected) in [
        (&[][..], None),
        (&[Approved, Approved], Some(Approved)),
        (&[Approved, Pending], Some(Pending)),
        (&[Pending, Rejected, Approved], Some(Rejected)),
    ] {
        assert_eq!(Moderation::of_all(all.iter().copied()), expected, "{all:?}");
    }
}

#[test]
fn reads_jobs_that_an_older_version_wrote() {
    let old = r#"{"notice":"moderated","asset":"image/upload/a","status":"approved","at":5}"#;
    let NotificationEvent::Moderated { asset, whole, .. } = serde_json::from_str(old).unwrap()
    else {
        panic!("{old}");
    };
    assert_eq!(
        (asset.to_string().as_str(), whole),
        ("image/upload/a", false)
    );
    let old = r#"{"notice":"renamed","from":"image/upload/a","to":"image/private/b"}"#;
    let event: NotificationEvent = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), old);
}
