use super::*;

#[test]
fn refuses_what_accept_cannot_mean() {
    assert_mistakes(
        &format!("{SIGN}[accept]\n"),
        &[
            (
                "tags = false",
                &[
                    "m.toml:4: `tags`: expected true, a list of values or a table; leave it out to accept nothing",
                ],
            ),
            (
                "tags = \"a\"",
                &[
                    "m.toml:4: `tags`: expected true, a list of values or a table; leave it out to accept nothing",
                ],
            ),
            (
                "tags = []",
                &["m.toml:4: `tags`: an empty list accepts nothing, leave it out"],
            ),
            (
                "tags = {}",
                &["m.toml:4: `tags`: empty, expected min, max, pattern, named, default"],
            ),
            (
                "width = { maxi = 3 }",
                &["m.toml:4: unknown key `maxi`, did you mean `max`?"],
            ),
            (
                "width = { max = \"3\" }",
                &["m.toml:4: `max`: expected a number, found string"],
            ),
            (
                "width = { min = 3, max = 2 }",
                &["m.toml:4: `width`: min is greater than max"],
            ),
            (
                "width = { min = 3, pattern = \"a\" }",
                &[
                    "m.toml:4: `width`: expected one of a range (min, max), a pattern or named choices",
                ],
            ),
            (
                "tags = { pattern = \"(\" }",
                &["m.toml:4: `pattern`: unclosed group"],
            ),
            (
                "tags = { pattern = \"a)|(b\" }",
                &["m.toml:4: `pattern`: unopened group"],
            ),
            (
                "tags = { pattern = \"a{9999}{9999}\" }",
                &["m.toml:4: `pattern`: Compiled regex exceeds size limit of 262144 bytes."],
            ),
            (
                "tags = { pattern = \"[a-z]+\", default = \"A\" }",
                &[
                    "m.toml:4: `default`: not accepted itself: tags: expected text that matches [a-z]+",
                ],
            ),
            (
                "overwrite = [true, \"maybe\"]",
                &["m.toml:4: overwrite: expected true or false"],
            ),
            (
                "tags = [\"{user.username}\"]",
                &["m.toml:4: `tags`: templates are not filled in here"],
            ),
            (
                "eager = { named = {} }",
                &["m.toml:4: `named`: an empty table accepts nothing"],
            ),
            (
                "eager = { named = { a = 1 } }",
                &["m.toml:4: eager: expected a transformation or an array of them"],
            ),
            (
                "eager = { named = { a = \"c_fill\" }, default = \"b\" }",
                &["m.toml:4: `default`: not accepted itself: eager: expected one of \"a\""],
            ),
        ],
    );
}

#[test]
fn refuses_to_accept_what_upload_settles() {
    assert_eq!(
        mistakes(&format!(
            "{SIGN}[upload]\ntags = \"a\"\ncontext = \"alt={{params.public_id}}\"\nfolder = \"x/{{user.objectId}}\"\n[accept]\ntags = true\npublic_id = true"
        )),
        [
            "m.toml:8: `tags`: it is in [upload] too, which is always signed; write it here as { default = … }, or there only",
            "m.toml:9: `public_id`: it fills a template of [upload] and is not sent on by itself, take it out of [accept]",
        ]
    );
}
