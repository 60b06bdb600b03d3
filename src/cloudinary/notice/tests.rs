use serde_json::json;

use super::*;

fn read(body: &Value) -> Vec<String> {
    let shown = |notice: Notice| match notice {
        Notice::Moderated { asset, status, .. } => format!("{asset} {}", status.name()),
        Notice::Renamed { from, to } => format!("{from} -> {to}"),
        Notice::Deleted { asset } => format!("{asset} deleted"),
        Notice::Derived { asset, urls } => format!("{asset} {}", urls.join(" ")),
    };
    notices(body, 7).into_iter().map(shown).collect()
}

/// As they were seen, but for their names and numbers.
#[test]
fn reads_bodies_that_were_seen() {
    let url = "https://res.cloudinary.com/demo/video/upload/sp_full_hd/v1533125278/dog.mp4";
    for (body, expected) in [
        (
            json!({"notification_type": "eager", "eager": [{"transformation": "sp_full_hd/mp4", "bytes": 1055,
                "url": "http://res.cloudinary.com/demo/video/upload/sp_full_hd/v1533125278/dog.mp4", "secure_url": url}],
                "public_id": "dog", "batch_id": "9b11"}),
            &[
                "video/upload/dog https://res.cloudinary.com/demo/video/upload/sp_full_hd/v1533125278/dog.mp4",
            ][..],
        ),
        (
            json!({"moderation_response": {"moderation_confidence": "POSSIBLE"}, "moderation_status": "rejected",
                "moderation_kind": "google_video_moderation", "moderation_updated_at": "2020-05-15T22:32:19Z",
                "public_id": "hot-tub", "uploaded_at": "2020-03-19T22:53:48Z", "version": 1_589_581_905,
                "url": "http://res.cloudinary.com/demo/video/upload/v1589581905/hot-tub.mp4",
                "secure_url": "https://res.cloudinary.com/demo/video/upload/v1589581905/hot-tub.mp4",
                "etag": null, "notification_type": "moderation"}),
            &["video/upload/hot-tub rejected"],
        ),
        (
            json!({"notification_type": "delete", "resources": [{"resource_type": "image", "type": "upload",
                "asset_id": "eb8f", "public_id": "PM/totem/aaaa", "version": 1_618_505_146}]}),
            &["image/upload/PM/totem/aaaa deleted"],
        ),
        (
            json!({"notification_type": "upload", "timestamp": "2021-04-15T16:45:47+00:00", "asset_id": "eb8f",
                "public_id": "PM/totem/aaaa", "version": 1_618_505_146, "width": 300, "height": 400, "format": "png",
                "resource_type": "image", "tags": [], "bytes": 1237, "type": "upload", "placeholder": false,
                "secure_url": "https://res.cloudinary.com/demo/image/upload/v1618505146/PM/totem/aaaa.png"}),
            &[],
        ),
    ] {
        assert_eq!(read(&body), expected, "{body}");
    }
}

#[test]
fn reads_bodies_that_were_described() {
    let url = "https://res.cloudinary.com/demo/video/authenticated/s--x--/c_fill/v1/a/b.mp4";
    for (body, expected) in [
        (
            json!({"notification_type": "moderation", "moderation_status": "rejected", "moderation_kind": "manual",
                "public_id": "a/b", "version": 1, "resource_type": "image", "type": "private"}),
            &["image/private/a/b rejected"][..],
        ),
        (
            json!({"notification_type": "moderation_summary", "moderation_status": "approved", "public_id": "a"}),
            &["image/upload/a approved"],
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
            &["image/upload/a rejected"],
        ),
        (
            json!({"notification_type": "upload", "public_id": "a",
                "moderation": [{"kind": "aws_rek", "status": "approved"}, {"kind": "manual", "status": "queued"}]}),
            &["image/upload/a pending"],
        ),
        (
            json!({"notification_type": "eager", "public_id": "a/b", "batch_id": "x", "eager": [{"secure_url": url}]}),
            &[
                "video/authenticated/a/b https://res.cloudinary.com/demo/video/authenticated/s--x--/c_fill/v1/a/b.mp4",
            ],
        ),
        (
            json!({"notification_type": "rename", "resource_type": "raw", "type": "upload", "from_public_id": "a.txt", "to_public_id": "b/a.txt"}),
            &["raw/upload/a.txt -> raw/upload/b/a.txt"],
        ),
        (
            json!({"notification_type": "delete", "resources": [
                {"resource_type": "image", "type": "upload", "public_id": "a", "version": 1},
                {"resource_type": "video", "type": "upload", "public_id": "b"}]}),
            &["image/upload/a deleted", "video/upload/b deleted"],
        ),
    ] {
        assert_eq!(read(&body), expected, "{body}");
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
        json!({"notification_type": "moderation", "moderation_status": "approved"}),
        json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "../a"}),
        json!({"notification_type": "upload", "public_id": "a"}),
        json!({"notification_type": "eager", "public_id": "a", "eager": []}),
        json!({"notification_type": "rename", "from_public_id": "a", "to_public_id": "a"}),
        json!({"notification_type": "rename", "from_public_id": "a"}),
        json!({"notification_type": "delete", "resources": {"a": 1}}),
        json!({"notification_type": "delete", "resources": [{"resource_type": "audio", "type": "upload", "public_id": "a"}]}),
    ] {
        assert_eq!(read(&body), [""; 0], "{body}");
    }
}

#[test]
fn a_verdict_is_overruled_by_a_later_one_on_the_same_asset_only() {
    let verdict = |more: Value| {
        let mut body = json!({"notification_type": "moderation", "moderation_status": "approved", "public_id": "a"});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        notices(&body, 1_589_581_940).remove(0)
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
