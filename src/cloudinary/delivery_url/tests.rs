use serde_json::json;

use super::*;

const NOW: u64 = 1_789_000_000;

fn account(config: &Value) -> Account {
    let mut all = json!({
        "cloud_name": "demo-cloud", "api_key": "1234567890", "api_secret": "test-secret-abcDEF123",
    });
    let (all, config) = (all.as_object_mut().unwrap(), config.as_object().unwrap());
    all.extend(config.clone());
    Account::from_config(all).unwrap()
}

fn built(config: &Value, public_id: &str, options: &Value) -> Result<String, String> {
    let options = options.as_object().unwrap();
    url(&account(config), public_id, options, NOW).map_err(|error| error.to_string())
}

#[track_caller]
fn assert_urls(cases: &[(&str, Value, &str)]) {
    for (public_id, options, expected) in cases {
        let url = built(&json!({}), public_id, options);
        assert_eq!(url.as_deref(), Ok(*expected), "{public_id} {options}");
    }
}

#[test]
fn writes_the_parts_in_order() {
    assert_urls(&[
        (
            "sample",
            json!({}),
            "https://res.cloudinary.com/demo-cloud/image/upload/sample",
        ),
        (
            "dir/test",
            json!({"format": "webp"}),
            "https://res.cloudinary.com/demo-cloud/image/upload/v1/dir/test.webp",
        ),
        (
            "test",
            json!({"format": ""}),
            "https://res.cloudinary.com/demo-cloud/image/upload/test.",
        ),
        (
            "dir/test",
            json!({"version": 0}),
            "https://res.cloudinary.com/demo-cloud/image/upload/v0/dir/test",
        ),
        (
            "dir/test",
            json!({"force_version": false}),
            "https://res.cloudinary.com/demo-cloud/image/upload/dir/test",
        ),
        (
            "v12/sample",
            json!({}),
            "https://res.cloudinary.com/demo-cloud/image/upload/v12/sample",
        ),
        (
            "vid/x",
            json!({"resource_type": "video"}),
            "https://res.cloudinary.com/demo-cloud/video/upload/v1/vid/x",
        ),
        (
            "test",
            json!({"type": "private", "version": "99", "width": 10, "crop": "scale"}),
            "https://res.cloudinary.com/demo-cloud/image/private/c_scale,w_10/v99/test",
        ),
        (
            "test",
            json!({"shorten": true}),
            "https://res.cloudinary.com/demo-cloud/iu/test",
        ),
        (
            "test",
            json!({"use_root_path": true}),
            "https://res.cloudinary.com/demo-cloud/test",
        ),
        (
            "test",
            json!({"url_suffix": "a b", "format": "jpg", "sign_url": true}),
            "https://res.cloudinary.com/demo-cloud/images/s--pElqJwQu--/test/a%20b.jpg",
        ),
        (
            "test",
            json!({"cloud_name": "/rel"}),
            "/res/rel/image/upload/test",
        ),
    ]);
}

#[test]
fn encodes_the_source_once() {
    assert_urls(&[
        (
            "a b&c+d/é",
            json!({}),
            "https://res.cloudinary.com/demo-cloud/image/upload/v1/a%20b%26c%2Bd/%C3%A9",
        ),
        (
            "a%20b%2Fc",
            json!({}),
            "https://res.cloudinary.com/demo-cloud/image/upload/v1/a%20b/c",
        ),
        (
            "l'o(1)!*~",
            json!({}),
            "https://res.cloudinary.com/demo-cloud/image/upload/l'o(1)!*~",
        ),
        (
            "a//b///c",
            json!({}),
            "https://res.cloudinary.com/demo-cloud/image/upload/v1/a/b/c",
        ),
        (
            "https://example.com/ünï?a=b%20c",
            json!({"type": "fetch", "format": "png"}),
            "https://res.cloudinary.com/demo-cloud/image/fetch/f_png/https://example.com/%C3%BCn%C3%AF%3Fa%3Db%2520c",
        ),
        (
            "https://example.com/a b",
            json!({}),
            "https://example.com/a b",
        ),
        (
            "HTTP://example.com/a",
            json!({"width": 5}),
            "HTTP://example.com/a",
        ),
        (
            "http://example.com/a",
            json!({"type": "upload"}),
            "http://example.com/a",
        ),
    ]);
}

#[test]
fn chooses_the_host() {
    for (config, options, expected) in [
        (
            json!({"secure": false}),
            json!({}),
            "http://res.cloudinary.com/demo-cloud",
        ),
        (
            json!({"secure": "false"}),
            json!({"secure": true}),
            "https://res.cloudinary.com/demo-cloud",
        ),
        (
            json!({"private_cdn": true}),
            json!({}),
            "https://demo-cloud-res.cloudinary.com",
        ),
        (
            json!({"private_cdn": true}),
            json!({"private_cdn": false}),
            "https://res.cloudinary.com/demo-cloud",
        ),
        (
            json!({"private_cdn": "true", "secure": false}),
            json!({}),
            "http://demo-cloud-res.cloudinary.com",
        ),
        (
            json!({"secure_distribution": "s.example.com"}),
            json!({}),
            "https://s.example.com/demo-cloud",
        ),
        (
            json!({"secure_distribution": "cloudinary-a.akamaihd.net"}),
            json!({}),
            "https://res.cloudinary.com/demo-cloud",
        ),
        (
            json!({"secure_distribution": "res.cloudinary.com", "private_cdn": true}),
            json!({}),
            "https://res.cloudinary.com/demo-cloud",
        ),
        (
            json!({"cname": "c.example.com"}),
            json!({}),
            "https://res.cloudinary.com/demo-cloud",
        ),
        (
            json!({"cname": "c.example.com"}),
            json!({"secure": false}),
            "http://c.example.com/demo-cloud",
        ),
        (
            json!({"cdn_subdomain": true}),
            json!({}),
            "https://res-2.cloudinary.com/demo-cloud",
        ),
        (
            json!({"cdn_subdomain": true, "secure_cdn_subdomain": false}),
            json!({}),
            "https://res.cloudinary.com/demo-cloud",
        ),
        (
            json!({"cdn_subdomain": true, "private_cdn": true}),
            json!({}),
            "https://demo-cloud-res.cloudinary.com",
        ),
        (
            json!({"secure_cdn_subdomain": true, "private_cdn": true}),
            json!({}),
            "https://demo-cloud-res-2.cloudinary.com",
        ),
        (
            json!({"cdn_subdomain": true}),
            json!({"secure": false}),
            "http://res-2.cloudinary.com/demo-cloud",
        ),
        (
            json!({"cdn_subdomain": true, "cname": "images.example.com"}),
            json!({"secure": false}),
            "http://a2.images.example.com/demo-cloud",
        ),
    ] {
        let url = built(&config, "test", &options);
        assert_eq!(
            url,
            Ok(format!("{expected}/image/upload/test")),
            "{config} {options}"
        );
    }
}

#[test]
fn signs_transformation_and_source_without_the_version() {
    assert_urls(&[
        (
            "v1/couple",
            json!({"crop": "fill", "width": 150, "height": 100, "gravity": "face", "sign_url": true}),
            "https://res.cloudinary.com/demo-cloud/image/upload/s--W8WajHnb--/c_fill,g_face,h_100,w_150/v1/couple",
        ),
        (
            "image.jpg",
            json!({"width": 10, "height": 20, "crop": "crop", "sign_url": true, "long_url_signature": true}),
            "https://res.cloudinary.com/demo-cloud/image/upload/s--23KFgqnf4HcRKtfc-34x_m3ShaEgTOCA--/c_crop,h_20,w_10/image.jpg",
        ),
        (
            "image/private/v9/folder/x.png",
            json!({"sign_url": true, "width": 100, "crop": "fill"}),
            "https://res.cloudinary.com/demo-cloud/image/private/s--sAGZNaKO--/c_fill,w_100/v9/folder/x.png",
        ),
        (
            "beach",
            json!({"transformation": [{"$size": 392, "gravity": "xy_center"}, {"width": 0.14, "$v": "aspect_ratio * 100"}],
                "angle": "hflip", "sign_url": true,
                "underlay": {"text": "a/b, c/d", "font_family": "Open Sans", "font_size": 77}}),
            "https://res.cloudinary.com/demo-cloud/image/upload/s--KFlTFnzX--/$size_392,g_xy_center/$v_ar_mul_100,w_0.14/a_hflip,u_text:Open%20Sans_77:a%252Fb%252C%20c%252Fd/beach",
        ),
    ]);
}

#[test]
fn puts_a_token_in_the_place_of_the_signature() {
    let token = json!({"key": "00112233FF99", "duration": 300, "start_time": 11_111_111});
    let both = json!({"key": "00112233FF99", "duration": 300, "start_time": 11_111_111, "set_url_signature": true});
    assert_urls(&[
        (
            "dir/sämple (1).jpg",
            json!({"sign_url": true, "auth_token": token}),
            "https://res.cloudinary.com/demo-cloud/image/upload/v1/dir/s%C3%A4mple%20(1).jpg?__cld_token__=st=11111111~exp=11111411~hmac=18d15e99521ce35f2d21343bc5177a26a07478ad5dba9f4ffd3c3e7ad93e60db",
        ),
        (
            "dir/sämple (1).jpg",
            json!({"sign_url": true, "auth_token": both}),
            "https://res.cloudinary.com/demo-cloud/image/upload/s--_W6WOfIf--/v1/dir/s%C3%A4mple%20%281%29.jpg?__cld_token__=st=11111111~exp=11111411~hmac=0979c71d38da5e820cb45bfdc1bcaebe01bbc9c27c2f7659bd02ffd2c9a4b3b2",
        ),
        (
            "sample.jpg",
            json!({"auth_token": token}),
            "https://res.cloudinary.com/demo-cloud/image/upload/sample.jpg",
        ),
        (
            "sample.jpg",
            json!({"sign_url": true, "auth_token": false, "type": "authenticated"}),
            "https://res.cloudinary.com/demo-cloud/image/authenticated/s--STNXXZM9--/sample.jpg",
        ),
    ]);
}

#[test]
fn delivers_stored_identifiers_of_every_resource_type() {
    let account = account(&json!({}));
    for (text, options, path) in [
        (
            "image/upload/v12/cat.jpg",
            json!({}),
            "image/upload/v12/cat.jpg",
        ),
        (
            "image/upload/v12/users/u1/cat",
            json!({"width": 5}),
            "image/upload/w_5/v12/users/u1/cat",
        ),
        (
            "image/upload/v12/cat.jpg",
            json!({"format": "png"}),
            "image/upload/v12/cat.png",
        ),
        (
            "video/upload/v12/a/clip.mov",
            json!({"format": "mp4"}),
            "video/upload/v12/a/clip.mp4",
        ),
        (
            "raw/upload/v12/doc.pdf",
            json!({"format": "png"}),
            "raw/upload/v12/doc.pdf",
        ),
        (
            "image/private/v9/x.png",
            json!({"type": "upload", "version": 3, "resource_type": "raw"}),
            "image/private/v9/x.png",
        ),
        (
            "image/upload/v1/http:/x.jpg",
            json!({}),
            "image/upload/v1/http:/x.jpg",
        ),
        (
            "image/upload/v1/a b+é.jpg",
            json!({}),
            "image/upload/v1/a%20b%2B%C3%A9.jpg",
        ),
    ] {
        let identifier = Identifier::parse(text).unwrap();
        let url = identifier_url(&account, &identifier, options.as_object().unwrap(), NOW);
        assert_eq!(
            url,
            Ok(format!("https://res.cloudinary.com/demo-cloud/{path}")),
            "{text} {options}"
        );
    }
    assert_urls(&[(
        "video/upload/v12/a/clip.mov",
        json!({"type": "private"}),
        "https://res.cloudinary.com/demo-cloud/video/upload/v12/a/clip.mov",
    )]);
}

#[test]
fn refuses_what_no_url_can_say() {
    let suffix = "url_suffix: expected only for images of type upload, private or authenticated and for videos and raw files of type upload";
    let root = "use_root_path: expected only for images of type upload";
    let encoding = "public_id: expected each % to be followed by two hex digits, UTF-8 in all";
    for (public_id, options, message) in [
        ("a", json!({"cloud_name": ""}), "cloud_name: missing"),
        (
            "a",
            json!({"sign_url": true, "api_secret": ""}),
            "api_secret: missing, a signed URL needs it",
        ),
        (
            "a",
            json!({"sign_url": true, "api_secret": null}),
            "api_secret: missing, a signed URL needs it",
        ),
        (
            "a",
            json!({"sign_url": true, "signature_algorithm": "md5"}),
            "signature_algorithm: expected sha1 or sha256",
        ),
        (
            "a",
            json!({"url_suffix": "b.c"}),
            "url_suffix: expected text without . and /",
        ),
        (
            "a",
            json!({"url_suffix": "b/c"}),
            "url_suffix: expected text without . and /",
        ),
        ("a", json!({"url_suffix": "b", "type": "fetch"}), suffix),
        (
            "a",
            json!({"url_suffix": "b", "type": "private", "resource_type": "video"}),
            suffix,
        ),
        (
            "a",
            json!({"use_root_path": true, "resource_type": "raw"}),
            root,
        ),
        ("a", json!({"use_root_path": true, "type": "private"}), root),
        ("100%", json!({}), encoding),
        ("a%zz", json!({}), encoding),
        ("a%E9", json!({}), encoding),
        ("a", json!({"type": 5}), "type: expected text"),
        (
            "a",
            json!({"version": []}),
            "version: expected text or a number",
        ),
        (
            "a",
            json!({"format": true}),
            "format: expected text or a number",
        ),
        (
            "a",
            json!({"radius": []}),
            "radius: expected one to four corners",
        ),
        (
            "http://x.com/a",
            json!({"radius": []}),
            "radius: expected one to four corners",
        ),
        (
            "a",
            json!({"sign_url": true, "auth_token": {"key": "AB"}}),
            "auth_token.expiration: expected it or a duration, in seconds",
        ),
        (
            "a",
            json!({"sign_url": true, "auth_token": {"duration": 5}}),
            "auth_token.key: expected an even number of hex digits",
        ),
    ] {
        let error = built(&json!({}), public_id, &options);
        assert_eq!(error, Err(message.to_owned()), "{public_id} {options}");
    }
}

#[test]
fn checks_options_strictly() {
    for (options, message) in [
        (
            json!({"widht": 1}),
            "widht: not a URL option, did you mean \"width\"?",
        ),
        (
            json!({"sign_urls": true}),
            "sign_urls: not a URL option, did you mean \"sign_url\"?",
        ),
        (json!({"analytics": true}), "analytics: not a URL option"),
        (json!({"secure": "false"}), "secure: expected true or false"),
        (json!({"sign_url": 1}), "sign_url: expected true or false"),
        (json!({"cname": true}), "cname: expected text"),
        (json!({"format": []}), "format: expected text or a number"),
        (
            json!({"url_suffix": "a.b"}),
            "url_suffix: expected text without . and /",
        ),
        (
            json!({"url_suffix": 5}),
            "url_suffix: expected text without . and /",
        ),
        (
            json!({"signature_algorithm": "md5"}),
            "signature_algorithm: expected sha1 or sha256",
        ),
        (
            json!({"auth_token": true}),
            "auth_token: expected an object or false",
        ),
        (
            json!({"auth_token": {"durations": 5}}),
            "auth_token.durations: not a token option, did you mean \"duration\"?",
        ),
        (
            json!({"overlay": {"public_id": "a", "tpye": "private"}}),
            "overlay.tpye: not a layer option, did you mean \"type\"?",
        ),
        (
            json!({"radius": []}),
            "radius: expected one to four corners",
        ),
    ] {
        let error = check_url_options(options.as_object().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), message, "{options}");
    }
    let good = json!({
        "crop": "fill", "width": 150, "$a": 1, "format": "png", "sign_url": true, "secure": null,
        "auth_token": {"key": "AB", "duration": 5}, "transformation": ["a"],
    });
    assert_eq!(check_url_options(good.as_object().unwrap()), Ok(()));
}
