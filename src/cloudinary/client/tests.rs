use serde_json::{Value, json};
use wiremock::matchers::{any, body_string, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;

async fn cloudinary() -> (MockServer, ApiClient) {
    let server = MockServer::start().await;
    let client = client(&server.uri());
    (server, client)
}

fn client(prefix: &str) -> ApiClient {
    let url = format!("cloudinary://key:secret@demo?upload_prefix={prefix}");
    let account = Account::from_url(&url).unwrap();
    ApiClient::new(&account, Duration::from_millis(300)).unwrap()
}

fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

fn cat() -> Value {
    json!({"public_id": "users/u 1/cat", "format": "jpg", "version": 1_700_000_000, "resource_type": "image",
        "created_at": "2023-11-14T22:13:20Z", "bytes": 120_253, "width": 864, "height": 576, "derived": []})
}

#[tokio::test]
async fn asks_for_one_asset_with_its_public_id_encoded() {
    let (server, client) = cloudinary().await;
    Mock::given(method("GET"))
        .and(path("/v1_1/demo/resources/image/upload/users/u%201/cat"))
        .and(header("authorization", "Basic a2V5OnNlY3JldA=="))
        .respond_with(answer(200, &cat()))
        .expect(1)
        .mount(&server)
        .await;
    let asset = client.asset(ResourceType::Image, DeliveryType::Upload, "users/u 1/cat");
    let asset = asset.await.unwrap().unwrap();
    assert_eq!(asset.format.as_deref(), Some("jpg"));
    assert_eq!(
        (asset.bytes, asset.width, asset.height),
        (Some(120_253), Some(864), Some(576))
    );
    assert_eq!(asset.uploaded_at(), Some(1_700_000_000));
}

#[tokio::test]
async fn a_deleted_asset_is_none_even_if_a_backup_could_restore_it() {
    for gone in [
        answer(
            404,
            &json!({"error": {"message": "Resource not found - x"}}),
        ),
        answer(
            200,
            &json!({"public_id": "x", "bytes": 0, "placeholder": true}),
        ),
    ] {
        let (server, client) = cloudinary().await;
        Mock::given(any()).respond_with(gone).mount(&server).await;
        let asset = client.asset(ResourceType::Raw, DeliveryType::Private, "x");
        assert_eq!(asset.await, Ok(None));
    }
}

#[tokio::test]
async fn asks_for_many_assets_in_one_call() {
    let (server, client) = cloudinary().await;
    Mock::given(path("/v1_1/demo/resources/video/authenticated"))
        .and(query_param("max_results", "100"))
        .respond_with(answer(200, &json!({"resources": [{"public_id": "a&b"}]})))
        .mount(&server)
        .await;
    let ids = ["a&b", "c"];
    let assets = client.assets(ResourceType::Video, DeliveryType::Authenticated, ids);
    assert_eq!(assets.await.unwrap()[0].public_id, "a&b");
    let asked = &server.received_requests().await.unwrap()[0].url;
    let asked: Vec<_> = asked
        .query_pairs()
        .filter(|(name, _)| name == "public_ids[]")
        .collect();
    assert_eq!(asked.iter().map(|(_, id)| &**id).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn lists_page_by_page() {
    let (server, client) = cloudinary().await;
    Mock::given(query_param("prefix", "users/"))
        .and(query_param("next_cursor", "two"))
        .respond_with(answer(200, &json!({"resources": []})))
        .with_priority(1)
        .mount(&server)
        .await;
    Mock::given(query_param("max_results", "500"))
        .respond_with(answer(
            200,
            &json!({"resources": [cat()], "next_cursor": "two"}),
        ))
        .mount(&server)
        .await;
    let list = |cursor| client.list(ResourceType::Image, DeliveryType::Upload, "users/", cursor);
    let first = list(None).await.unwrap();
    assert_eq!(
        (first.assets.len(), first.next_cursor.as_deref()),
        (1, Some("two"))
    );
    let second = list(first.next_cursor.as_deref()).await.unwrap();
    assert_eq!((second.assets.len(), second.next_cursor), (0, None));
}

#[tokio::test]
async fn destroys_with_a_signature_and_clears_the_cdn() {
    // sha1("invalidate=true&public_id=a/b&timestamp=1700000000&type=uploadsecret")
    let form = "invalidate=true&public_id=a%2Fb&timestamp=1700000000&type=upload&api_key=key\
                &signature=SIGNATURE";
    let signature = "8590d88ca4bef1efb28e699ead159f6a01c72ca8";
    for (result, expected) in [("ok", Destroyed::Now), ("not found", Destroyed::Before)] {
        let (server, client) = cloudinary().await;
        Mock::given(method("POST"))
            .and(path("/v1_1/demo/image/destroy"))
            .and(body_string(form.replace("SIGNATURE", signature)))
            .respond_with(answer(200, &json!({"result": result})))
            .mount(&server)
            .await;
        let destroyed = client.destroy(
            ResourceType::Image,
            DeliveryType::Upload,
            "a/b",
            1_700_000_000,
        );
        assert_eq!(destroyed.await, Ok(expected));
    }
}

#[tokio::test]
async fn tells_failures_apart_by_what_to_mend() {
    let message = |text: &str| json!({"error": {"message": text}});
    let limited = answer(420, &message("Rate Limit Exceeded"))
        .insert_header("X-FeatureRateLimit-Reset", "Tue, 14 Nov 2023 23:00:00 GMT");
    for (answer, expected, may_pass) in [
        (
            limited,
            "Cloudinary at API takes no more calls for now: the account's rate limit is reached",
            true,
        ),
        (
            answer(429, &message("slow down")),
            "Cloudinary at API takes no more calls for now: the account's rate limit is reached",
            true,
        ),
        (
            answer(401, &message("unknown api_key")),
            "Cloudinary at API refuses the API key or secret: check CLOUDINARY_URL",
            false,
        ),
        (
            answer(400, &message("Invalid prefix")),
            "Cloudinary at API answered 400 Bad Request: Invalid prefix",
            false,
        ),
        (
            ResponseTemplate::new(502).set_body_string("<html>"),
            "API answered 502 Bad Gateway, and not as Cloudinary does: check upload_prefix in CLOUDINARY_URL",
            true,
        ),
        (
            ResponseTemplate::new(302).insert_header("Location", "http://127.0.0.1:9/"),
            "API answered 302 Found, and not as Cloudinary does: check upload_prefix in CLOUDINARY_URL",
            false,
        ),
        (
            ResponseTemplate::new(200).set_body_string("secret"),
            "API answered 200 OK, and not as Cloudinary does: check upload_prefix in CLOUDINARY_URL",
            false,
        ),
        (
            ResponseTemplate::new(200).set_delay(Duration::from_secs(5)),
            "Cloudinary at API did not answer within 300 ms",
            true,
        ),
    ] {
        let (server, client) = cloudinary().await;
        Mock::given(any()).respond_with(answer).mount(&server).await;
        let error = client.ping().await.unwrap_err();
        assert_eq!(error.to_string().replace(&client.api(), "API"), expected);
        assert_eq!(error.may_pass(), may_pass, "{expected}");
    }
}

#[tokio::test]
async fn says_when_the_rate_limit_ends() {
    let (server, client) = cloudinary().await;
    let limited = ResponseTemplate::new(420)
        .insert_header("X-FeatureRateLimit-Reset", "Tue, 14 Nov 2023 23:00:00 GMT");
    Mock::given(any())
        .respond_with(limited)
        .mount(&server)
        .await;
    let expected = ApiError::RateLimited {
        api: client.api(),
        reset: Some(1_700_002_800),
    };
    assert_eq!(client.ping().await, Err(expected));
}

#[test]
fn an_overwritten_asset_is_as_old_as_its_last_upload() {
    for (asset, expected) in [
        (
            json!({"created_at": "1970-01-01T00:01:40Z", "version": 300}),
            Some(300),
        ),
        (
            json!({"created_at": "1970-01-01T00:01:40Z", "version": 1}),
            Some(100),
        ),
        (json!({"created_at": "1970-01-01T00:01:40Z"}), Some(100)),
        (json!({"created_at": "yesterday", "version": 300}), None),
        (json!({"version": 300}), None),
    ] {
        let mut asset = asset;
        asset["public_id"] = json!("x");
        let asset: Asset = serde_json::from_value(asset).unwrap();
        assert_eq!(asset.uploaded_at(), expected);
    }
}

#[test]
fn an_odd_value_is_an_unknown_one() {
    for odd in [
        json!(null),
        json!(-1),
        json!(4_294_967_295_u64),
        json!(u64::MAX),
        json!(1.5),
        json!("864"),
        json!([]),
        json!({}),
        json!(true),
    ] {
        let asset = json!({"public_id": "x", "format": 5, "bytes": odd, "width": odd, "height": odd,
            "created_at": "1970-01-01T00:01:40Z", "pages": odd, "placeholder": null});
        let asset: Asset = serde_json::from_value(asset).unwrap();
        assert_eq!(
            (&asset.format, asset.bytes, asset.width, asset.height),
            (&None, None, None, None),
            "{odd}"
        );
        assert!(!asset.is_placeholder());
        assert_eq!(asset.uploaded_at(), Some(100));
        // An upload whose version nobody knows may be newer than the first one.
        let asset = json!({"public_id": "x", "version": odd, "created_at": "1970-01-01T00:01:40Z"});
        let asset: Asset = serde_json::from_value(asset).unwrap();
        assert_eq!(
            (asset.version(), asset.uploaded_at()),
            (None, None),
            "{odd}"
        );
        let asset = json!({"public_id": "x", "version": 300, "created_at": odd});
        let asset: Asset = serde_json::from_value(asset).unwrap();
        assert_eq!(
            (asset.version(), asset.uploaded_at()),
            (Some(300), None),
            "{odd}"
        );
    }
    let large = json!({"public_id": "x", "bytes": 4_294_967_296_u64});
    let large: Asset = serde_json::from_value(large).unwrap();
    assert_eq!(large.bytes, Some(4_294_967_296));
}

#[tokio::test]
async fn an_odd_row_does_not_fail_its_page() {
    let pdf =
        include_str!("../../../tests/fixtures/cloudinary/admin-resource-pdf-unknown-pages.json");
    let pdf: Value = serde_json::from_str(pdf).unwrap();
    let (server, client) = cloudinary().await;
    let rows = json!([null, 5, "x", [], {}, {"public_id": null}, {"public_id": "odd", "bytes": null, "width": -1}, pdf]);
    Mock::given(any())
        .respond_with(answer(
            200,
            &json!({ "resources": rows, "next_cursor": null }),
        ))
        .mount(&server)
        .await;
    let (image, upload) = (ResourceType::Image, DeliveryType::Upload);
    let page = client.list(image, upload, "", None).await.unwrap();
    let ids: Vec<_> = page.assets.iter().map(|asset| &*asset.public_id).collect();
    assert_eq!(ids, ["odd", "sample_document"]);
    assert_eq!(page.assets[1].width, Some(1000));
    let asked = client.assets(image, upload, ["odd", "sample_document"]);
    assert_eq!(asked.await.unwrap(), page.assets);
}

#[tokio::test]
async fn a_rejected_asset_is_known_but_neither_listed_nor_confirmed() {
    let page =
        include_str!("../../../tests/fixtures/cloudinary/admin-list-rejected-placeholder.json");
    let (server, client) = cloudinary().await;
    Mock::given(path("/v1_1/demo/resources/video/upload"))
        .respond_with(ResponseTemplate::new(200).set_body_string(page))
        .mount(&server)
        .await;
    let (video, upload) = (ResourceType::Video, DeliveryType::Upload);
    let asked = client.assets(video, upload, ["hot-tub"]).await.unwrap();
    assert_eq!(
        (asked.len(), asked[0].is_placeholder(), asked[0].version()),
        (1, true, Some(1_589_582_125))
    );
    let listed = client.list(video, upload, "", None).await.unwrap();
    assert_eq!(listed.assets, []);
}

#[test]
fn needs_key_secret_and_a_url() {
    for (url, expected) in [
        ("cloudinary://demo", ApiError::Credentials),
        ("cloudinary://key@demo", ApiError::Credentials),
        (
            "cloudinary://key:secret@demo?upload_prefix=api.eu",
            ApiError::Prefix,
        ),
        (
            "cloudinary://key:secret@demo?upload_prefix=ftp://h",
            ApiError::Prefix,
        ),
    ] {
        let account = Account::from_url(url).unwrap();
        let error = ApiClient::new(&account, Duration::from_secs(1)).unwrap_err();
        assert_eq!(error, expected, "{url}");
    }
}

#[test]
fn shows_no_secret() {
    let client = client("http://user:hidden@h");
    assert_eq!(client.api(), "http://user:***@h/v1_1/demo");
    let secret = SecretString::from("marked-secret");
    let client = ApiClient {
        api_secret: secret,
        ..client
    };
    assert!(!format!("{client:?}").contains("marked-secret"));
}
