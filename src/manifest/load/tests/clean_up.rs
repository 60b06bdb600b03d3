use super::*;
use crate::manifest::CleanUp;

const OPEN: &str = "\"destroy\" without a `max_age` that `grace` is at least as long as: a picture could be attached again just as it is destroyed";

fn clean_up(keys: &str) -> CleanUp {
    loaded(&format!("{PHOTO}{keys}")).classes[0].fields[0]
        .clean_up
        .clone()
}

#[test]
fn reads_what_becomes_of_lost_pictures() {
    let keep = CleanUp {
        on_replace: false,
        on_delete: false,
        grace: Duration::from_hours(24),
    };
    for keys in ["", "on_replace = \"keep\"\non_delete = \"keep\""] {
        assert_eq!(clean_up(keys), keep, "{keys}");
        assert!(!loaded(&format!("{PHOTO}{keys}")).need_queue());
    }
    let keys = "on_replace = \"destroy\"\ngrace = \"2h\"\ndestroy_within = \"app/\"";
    let replaced = CleanUp {
        on_replace: true,
        grace: Duration::from_hours(2),
        ..keep.clone()
    };
    assert_eq!(clean_up(keys), replaced);
    let class = &loaded(&format!("{PHOTO}{keys}")).classes[0];
    assert_eq!(
        (class.destroys_replaced(), class.destroys_deleted()),
        (true, false)
    );
    let keys = "on_delete = \"destroy\"\ndestroy_within = \"\"";
    let deleted = CleanUp {
        on_delete: true,
        ..keep
    };
    assert_eq!(clean_up(keys), deleted);
    assert_eq!(clean_up("grace = \"0s\"").grace, Duration::ZERO);
}

#[test]
fn refuses_to_destroy_without_saying_where() {
    for key in ["on_replace", "on_delete"] {
        assert_eq!(
            mistakes(&format!("{PHOTO}{key} = \"destroy\"")),
            [format!(
                "m.toml:3: `{key}` = \"destroy\" needs `destroy_within`: only assets whose public_id begins so are ever destroyed (\"\" stands for any)"
            )]
        );
    }
}

#[test]
fn refuses_other_values() {
    for (keys, expected) in [
        (
            "on_replace = \"delete\"",
            "m.toml:3: `on_replace`: unknown value `delete`, expected one of keep, destroy",
        ),
        (
            "on_delete = true",
            "m.toml:3: `on_delete`: expected a string, found boolean",
        ),
        (
            "grace = \"0\"",
            "m.toml:3: `grace`: expected a duration such as 500ms, 10s, 2m, 1h or 7d",
        ),
        (
            "grace = 5",
            "m.toml:3: `grace`: expected a string, found integer",
        ),
        (
            "destroy_within = 5",
            "m.toml:3: `destroy_within`: expected a string, found integer",
        ),
    ] {
        assert_eq!(mistakes(&format!("{PHOTO}{keys}")), [expected], "{keys}");
    }
}

#[test]
fn warns_if_a_picture_may_be_attached_after_its_grace() {
    let within = "on_delete = \"destroy\"\ndestroy_within = \"\"";
    for (keys, warns) in [
        ("", true),
        ("grace = \"59m\"\nmax_age = \"1h\"", true),
        ("max_age = \"2d\"", true),
        ("grace = \"1h\"\nmax_age = \"1h\"", false),
        ("max_age = \"24h\"", false),
        ("grace = \"1h\"", false),
    ] {
        let expected = if warns {
            vec![format!("m.toml:3: {OPEN}")]
        } else {
            Vec::new()
        };
        assert_eq!(
            warnings(&format!("{PHOTO}{within}\n{keys}")),
            expected,
            "{keys}"
        );
    }
    let kept = "destroy_within = \"\"\ngrace = \"1h\"\nmax_age = \"2h\"";
    assert_eq!(warnings(&format!("{PHOTO}{kept}")), [""; 0]);
}
