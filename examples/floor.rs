//! The floor of `scripts/bench.sh`: actix-web that reads the body and answers fixed bytes, `?n=` of
//! them, whatever it is asked. What any service on the same HTTP library costs at least. `PORT` is
//! where it listens on loopback.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::web::{self, Bytes, Data, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use anyhow::Context;

/// Bounds both what is read and what can be asked for.
const MAX_BODY: usize = 16 << 20;

async fn answer(request: HttpRequest, body: Bytes, fixed: Data<Bytes>) -> HttpResponse {
    let wanted = request.query_string().strip_prefix("n=");
    let length = wanted.and_then(|n| n.parse().ok()).unwrap_or(body.len());
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HeaderValue::from_static("application/json")))
        .body(fixed.slice(..length.min(MAX_BODY)))
}

#[actix_web::main]
async fn main() -> anyhow::Result<()> {
    let port = std::env::var("PORT").context("PORT is not set")?;
    let port: u16 = port.parse().context("PORT is no port")?;
    let fixed = Data::new(Bytes::from(vec![b' '; MAX_BODY]));
    HttpServer::new(move || {
        App::new()
            .app_data(fixed.clone())
            .app_data(PayloadConfig::new(MAX_BODY))
            .default_service(web::to(answer))
    })
    .workers(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await?;
    Ok(())
}
