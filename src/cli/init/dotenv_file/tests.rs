use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Vec<(String, String)> {
    dotenv::from_read_iter(text.as_bytes())
        .map(Result::unwrap)
        .collect()
}

proptest! {
    #[test]
    fn a_line_is_read_as_the_value_that_it_was_made_of(value in "[ -~é\n]{1,24}") {
        let line = assignment("NAME", &value);
        prop_assert_eq!(read(&line), [("NAME".to_owned(), value)], "{}", line);
    }
}

#[test]
fn quotes_only_what_has_to_be_quoted() {
    for (value, line) in [
        ("", "N="),
        (
            "cloudinary://1:a-b_c@demo?x=y&z=1",
            "N=cloudinary://1:a-b_c@demo?x=y&z=1",
        ),
        ("two words", "N='two words'"),
        ("a#b", "N='a#b'"),
        ("$HOME", "N='$HOME'"),
        ("it's", "N=\"it's\""),
        ("it's $1 \"\\", "N=\"it's \\$1 \\\"\\\\\""),
    ] {
        assert_eq!(assignment("N", value), line);
    }
}

#[test]
fn listens_where_it_is_called() {
    for (url, bind) in [
        ("http://localhost:8081", Some("127.0.0.1:8081")),
        ("http://127.0.0.1:8081/path", Some("127.0.0.1:8081")),
        ("http://[::1]:8081", Some("[::1]:8081")),
        ("http://cloudinary-parse:8080", Some("0.0.0.0:8080")),
        ("http://cloudinary-parse", None),
        ("https://hooks.example.com:8443", None),
    ] {
        let expected = (bind.map(str::to_owned), Some(url.to_owned()));
        assert_eq!(listener(Some(url)), expected);
    }
    assert_eq!(listener(None), (None, None));
    assert_eq!(listener(Some("http://127.0.0.1:8080")), (None, None));
}
