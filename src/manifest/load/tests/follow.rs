use super::*;
use crate::manifest::Follow;

fn follow(keys: &str) -> Follow {
    loaded(&format!("{PHOTO}{keys}")).classes[0].fields[0]
        .follow
        .clone()
}

#[test]
fn reads_how_rows_follow_notifications() {
    assert_eq!(
        follow("on_reject = \"keep\"\nsync = false"),
        Follow::default()
    );
    assert!(!loaded(PHOTO).need_queue());
    let all = Follow {
        moderation_field: Some("status".to_owned()),
        clear_rejected: true,
        sync: true,
        eager_field: Some("thumbnails".to_owned()),
    };
    let keys = "moderation_field = \"status\"\non_reject = \"clear\"\nsync = true\neager_field = \"thumbnails\"";
    assert_eq!(follow(keys), all);
    assert!(loaded(&format!("{PHOTO}sync = true")).need_queue());
}

#[test]
fn refuses_columns_that_cannot_be_written() {
    for (keys, expected) in [
        (
            "moderation_field = \"picture\"",
            "m.toml:3: `moderation_field`: expected another column than the guarded field itself",
        ),
        (
            "many = true\neager_field = \"x\"",
            "m.toml:4: `eager_field`: one column cannot speak of many pictures: leave it out where `many` is true",
        ),
        (
            "eager_field = \"ACL\"",
            "m.toml:3: `eager_field`: `ACL` cannot hold an identifier: it is one of Parse Server's own fields",
        ),
        (
            "on_reject = \"destroy\"",
            "m.toml:3: `on_reject`: unknown value `destroy`, expected one of keep, clear",
        ),
        ("sync = \"yes\"", "m.toml:3: `sync`: expected true or false"),
    ] {
        assert_eq!(mistakes(&format!("{PHOTO}{keys}")), [expected], "{keys}");
    }
}
