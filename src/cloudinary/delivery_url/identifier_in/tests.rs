use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::*;
use crate::cloudinary::delivery_url::identifier_url;

fn account(query: &str) -> Account {
    Account::from_url(&format!("cloudinary://key:secret@demo{query}")).unwrap()
}

#[track_caller]
fn found(url: &str) -> String {
    let found = identifier_in(&account(""), url).unwrap_or_else(|error| panic!("{url}: {error}"));
    found
        .identifier()
        .unwrap_or_else(|| format!("unversioned {}", found.at("0")))
}

#[test]
fn reads_every_form_of_a_delivery_url() {
    for (path, identifier) in [
        ("image/upload/v1/x.jpg", "image/upload/v1/x.jpg"),
        ("image/upload/v1/x", "image/upload/v1/x"),
        ("video/private/v12/a/b.mp4", "video/private/v12/a/b.mp4"),
        (
            "raw/authenticated/v12/a/b.tar.gz",
            "raw/authenticated/v12/a/b.tar.gz",
        ),
        (
            "image/upload/s--AbCd_-12--/v1/x.jpg",
            "image/upload/v1/x.jpg",
        ),
        (
            "image/authenticated/s--0123456789012345678901234567890_--/c_fill,w_10/v1/x.jpg",
            "image/authenticated/v1/x.jpg",
        ),
        (
            "image/upload/c_fill,h_1,w_1/e_sepia/t_thumb/v1/a/x.jpg",
            "image/upload/v1/a/x.jpg",
        ),
        (
            "image/upload/$w_10/if_w_gt_5/w_$w/if_end/v1/x.jpg",
            "image/upload/v1/x.jpg",
        ),
        (
            "image/upload/l_text:Arial_20:a%252Fb,co_red/v1/x.jpg",
            "image/upload/v1/x.jpg",
        ),
        ("image/upload/v1/v2/x.jpg", "image/upload/v1/v2/x.jpg"),
        ("image/upload/v1/w_10/x.jpg", "image/upload/v1/w_10/x.jpg"),
        (
            "image/upload/v1/users%2Fu1/a%20b%C3%A9.jpg",
            "image/upload/v1/users/u1/a bé.jpg",
        ),
        ("image/upload/v1/x.jpg?_a=BAMA#top", "image/upload/v1/x.jpg"),
        ("iu/v1/x.jpg", "image/upload/v1/x.jpg"),
        ("v1/x.jpg", "image/upload/v1/x.jpg"),
        ("images/v1/a/x/for-search.jpg", "image/upload/v1/a/x.jpg"),
        ("images/w_10/v1/x/for-search", "image/upload/v1/x"),
        ("private_images/v1/x/y.jpg", "image/private/v1/x.jpg"),
        (
            "authenticated_images/s--AbCd_-12--/v1/x/y.jpg",
            "image/authenticated/v1/x.jpg",
        ),
        ("videos/v1/x/y.mp4", "video/upload/v1/x.mp4"),
        ("files/v1/a.pdf/y", "raw/upload/v1/a.pdf"),
        ("image/upload/x.jpg", "unversioned image/upload/v0/x.jpg"),
        (
            "image/upload/w_10/users/v1/x.jpg",
            "unversioned image/upload/v0/users/v1/x.jpg",
        ),
        (
            "image/upload/my_folder/x.jpg",
            "unversioned image/upload/v0/my_folder/x.jpg",
        ),
        ("x.jpg", "unversioned image/upload/v0/x.jpg"),
    ] {
        let url = format!("https://res.cloudinary.com/demo/{path}");
        assert_eq!(found(&url), identifier, "{url}");
    }
}

#[test]
fn knows_the_hosts_of_the_account() {
    for (query, url) in [
        ("", "http://res.cloudinary.com/demo/image/upload/v1/x.jpg"),
        ("", "//res.cloudinary.com/demo/image/upload/v1/x.jpg"),
        (
            "",
            " HTTPS://RES.Cloudinary.com/demo/image/upload/v1/x.jpg\n",
        ),
        (
            "",
            "https://res-5.cloudinary.com/demo/image/upload/v1/x.jpg",
        ),
        (
            "",
            "https://cloudinary-a.akamaihd.net/demo/image/upload/v1/x.jpg",
        ),
        ("", "https://demo-res.cloudinary.com/image/upload/v1/x.jpg"),
        ("", "http://demo-res-2.cloudinary.com/image/upload/v1/x.jpg"),
        (
            "?private_cdn=true",
            "https://res.cloudinary.com/demo/image/upload/v1/x.jpg",
        ),
        (
            "?cname=i.example.com",
            "http://i.example.com/demo/image/upload/v1/x.jpg",
        ),
        (
            "?cname=i.example.com",
            "http://a3.i.example.com/image/upload/v1/x.jpg",
        ),
        (
            "/i.example.com",
            "https://i.example.com/image/upload/v1/x.jpg",
        ),
        (
            "/i.example.com",
            "https://i.example.com/demo/image/upload/v1/x.jpg",
        ),
    ] {
        let found = identifier_in(&account(query), url).unwrap();
        assert_eq!(
            found.identifier().as_deref(),
            Some("image/upload/v1/x.jpg"),
            "{url}"
        );
    }
}

#[test]
fn reads_no_url_from_elsewhere() {
    let path = "image/upload/v1/x.jpg";
    for beginning in [
        "",
        "ftp://res.cloudinary.com/demo/",
        "see https://res.cloudinary.com/demo/",
    ] {
        let found = identifier_in(&account(""), &format!("{beginning}{path}"));
        assert_eq!(found, Err(NoIdentifier::NotUrl), "{beginning}");
    }
    for beginning in [
        "res.cloudinary.com/other/",
        "res.cloudinary.com/demo2/",
        "res.cloudinary.com/",
        "res-6.cloudinary.com/demo/",
        "other-res.cloudinary.com/",
        "res.cloudinary.com.example.com/demo/",
        "user@res.cloudinary.com/demo/",
        "i.example.com/demo/",
    ] {
        let found = identifier_in(&account(""), &format!("https://{beginning}{path}"));
        assert_eq!(found, Err(NoIdentifier::OtherAccount), "{beginning}");
    }
}

#[test]
fn reads_nothing_that_an_identifier_cannot_name() {
    use IdentifierError as Bad;
    use NoIdentifier::{Encoding, OtherAccount, Suffix};
    let bad = NoIdentifier::Identifier;
    for (path, expected) in [
        ("", OtherAccount),
        ("/image/fetch/https://h/x.jpg", bad(Bad::DeliveryType)),
        ("/image/list/tag.json", bad(Bad::DeliveryType)),
        ("/image/upload", bad(Bad::MissingPart)),
        ("/image/upload/v1/", bad(Bad::Segment)),
        (
            "/image/upload/v1/a%3Fb.jpg",
            bad(Bad::ForbiddenCharacter('?')),
        ),
        (
            "/image/upload/v1/a%23b.jpg",
            bad(Bad::ForbiddenCharacter('#')),
        ),
        ("/image/upload/v1/a%23", bad(Bad::EmptySignature)),
        (
            "/image/upload/v1/a%252Fb.jpg",
            bad(Bad::ForbiddenCharacter('%')),
        ),
        ("/image/upload/v1/a//b.jpg", bad(Bad::Segment)),
        ("/image/upload/v1/../b.jpg", bad(Bad::Segment)),
        ("/image/upload/v1/a.b-c", bad(Bad::Format)),
        ("/image/upload/v1/100%.jpg", Encoding),
        ("/image/upload/v1/%E9.jpg", Encoding),
        ("/images/v1/x.jpg", Suffix),
        ("/files/v1/a/x.pdf", Suffix),
    ] {
        let url = format!("https://res.cloudinary.com/demo{path}");
        assert_eq!(identifier_in(&account(""), &url), Err(expected), "{url}");
    }
}

proptest! {
    #[test]
    fn finds_the_identifier_that_a_url_was_built_from(
        kind in select(vec!["image/upload", "image/private", "video/upload", "video/authenticated", "raw/upload"]),
        version in 0u64..1_000_000_000_000,
        folders in "([a-zé][a-z0-9_ ,'(+]{0,5}/){0,2}",
        name in r"[a-z🙂][a-z0-9_:;~@-]{0,5}",
        format in "(\\.[a-z]{1,4})?",
        query in select(vec!["", "?private_cdn=true", "?secure=false&cname=i.example.com&cdn_subdomain=true",
            "/i.example.com", "?shorten=true", "?use_root_path=true", "?cdn_subdomain=true", "?sign_url=true",
            "?sign_url=true&long_url_signature=true"]),
        options in select(vec![json!({}), json!({"width": 10, "crop": "fill"}), json!({"sign_url": true}),
            json!({"transformation": [{"width": 10}, {"effect": "sepia"}]}), json!({"url_suffix": "a-name"}),
            json!({"overlay": {"text": "a, b/c", "font_family": "Arial", "font_size": 9}})]),
    ) {
        let text = format!("{kind}/v{version}/{folders}{name}{format}");
        // A suffix under the root path cannot be told from a file in a folder.
        prop_assume!(query != "?use_root_path=true" || options.get("url_suffix").is_none());
        prop_assume!(Identifier::parse(&text).is_ok());
        let account = account(query);
        let identifier = Identifier::parse(&text).unwrap();
        // Some kinds take no suffix or no root path.
        if let Ok(url) = identifier_url(&account, &identifier, options.as_object().unwrap(), 0) {
            let found = identifier_in(&account, &url).map(|found| found.identifier());
            prop_assert_eq!(found, Ok(Some(text)), "{}", url);
        }
    }

    #[test]
    fn takes_any_text(text in r"(https?://|//)?(res\.cloudinary\.com|i)?/?(demo/)?(\PC|[/%v_,.#?]){0,30}") {
        if let Ok(found) = identifier_in(&account(""), &text) {
            let at = found.at("1");
            let identifier = Identifier::parse(&at).unwrap();
            prop_assert_eq!((identifier.public_id, identifier.signature), (&*found.public_id, None));
        }
    }
}
