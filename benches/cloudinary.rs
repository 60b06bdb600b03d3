//! What the Cloudinary side takes per call. The inputs are those on which the SDKs were measured.

#![allow(clippy::unwrap_used, reason = "a bench stops where it fails")]
#![allow(missing_docs, reason = "criterion's macros write undocumented items")]

use std::hint::black_box;

use cloudinary_parse::cloudinary::account::Account;
use cloudinary_parse::cloudinary::identifier::Identifier;
use cloudinary_parse::cloudinary::signature::sign;
use cloudinary_parse::cloudinary::{delivery_url, transformation, upload};
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::{Map, Value, json};

const URL: &str = "cloudinary://123456789012345:abcdefghijklmnopqrstuvwxyz0@demo";
const IDENTIFIER: &str =
    "image/upload/v1366555348/k3vmeifbepxddbzjuop9.jpg#bf870d3127780f28fbb5a6bc2ac929140513d21c";

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        other => panic!("not an object: {other}"),
    }
}

fn signatures(criterion: &mut Criterion) {
    let account = Account::from_url(URL).unwrap();
    criterion.bench_function("sign three parameters", |bencher| {
        bencher.iter(|| {
            let mut params = [
                ("timestamp", black_box("1366555048")),
                ("tags", "alice"),
                ("eager", "c_fill,g_face,h_100,w_150"),
            ];
            sign(&account, &mut params).unwrap().as_str().to_owned()
        });
    });
    let params =
        json!({"timestamp": 1_366_555_048, "tags": "alice", "eager": "c_fill,g_face,h_100,w_150"});
    let params = object(params);
    criterion.bench_function("sign a request of three parameters", |bencher| {
        bencher.iter_batched(
            || params.clone(),
            |params| upload::sign_request(&account, params).unwrap(),
            criterion::BatchSize::SmallInput,
        );
    });
    let options = json!({"tags": "alice", "eager": {"crop": "fill", "width": 150, "height": 100, "gravity": "face"}});
    let options = object(options);
    criterion.bench_function("sign an upload with an eager transformation", |bencher| {
        bencher.iter(|| upload::sign_upload(&account, black_box(&options), 1_366_555_048).unwrap());
    });
    criterion.bench_function("verify an identifier", |bencher| {
        bencher.iter(|| {
            let identifier = Identifier::parse(black_box(IDENTIFIER)).unwrap();
            identifier
                .verify(&account, identifier.signature.unwrap())
                .unwrap()
        });
    });
}

fn urls(criterion: &mut Criterion) {
    let account = Account::from_url(URL).unwrap();
    let options = json!({"crop": "fill", "width": 150, "height": 100, "gravity": "face"});
    let mut options = object(options);
    criterion.bench_function("write a transformation of four parameters", |bencher| {
        bencher.iter(|| transformation::from_options(black_box(&options), &account.url).unwrap());
    });
    let identifier = Identifier::parse(IDENTIFIER).unwrap();
    let url = |options: &Map<String, Value>| {
        delivery_url::identifier_url(&account, black_box(&identifier), options, 0).unwrap()
    };
    criterion.bench_function("build a URL with four parameters", |bencher| {
        bencher.iter(|| url(black_box(&options)));
    });
    options.insert("sign_url".into(), true.into());
    criterion.bench_function("build a signed URL with four parameters", |bencher| {
        bencher.iter(|| url(black_box(&options)));
    });
}

criterion_group!(benches, signatures, urls);
criterion_main!(benches);
