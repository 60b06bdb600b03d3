//! How much memory an audit of very many rows takes. `AUDIT_ROWS` says how many, `AUDIT_MEMORY_MB`
//! how much is allowed.

use std::fs;
use std::io::Write as _;
use std::net::TcpListener;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Value, json};

use crate::command::CloudinaryParse;
use crate::parse_server::{APPLICATION_ID, MASTER_KEY};

const ORPHANS: usize = 1_000;

#[derive(Clone, Copy)]
struct Size {
    rows: usize,
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Rows and assets made up as they are asked for: Parse Server under `/parse`, Cloudinary under
/// `/v1_1`.
async fn answer(request: HttpRequest, size: web::Data<Size>) -> HttpResponse {
    type Pairs = Vec<(String, String)>;
    let query = web::Query::<Pairs>::from_query(request.query_string())
        .unwrap()
        .into_inner();
    let param = |name: &str| {
        query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    };
    let asset = |n: usize| {
        json!({"public_id": format!("app/{n:010}"), "format": "jpg", "version": 1_700_000_000, "bytes": 1,
            "created_at": "2023-11-14T22:13:20Z"})
    };
    let photo = || json!({"className": "Photo", "fields": {"picture": {"type": "String"}}});
    HttpResponse::Ok().json(match request.path() {
        "/parse/serverInfo" => json!({"parseServerVersion": "9.10.0"}),
        "/parse/classes/Photo" if param("count").is_some() => json!({"results": [], "count": size.rows}),
        "/parse/schemas/Photo" => photo(),
        "/parse/schemas" => json!({"results": [photo()]}),
        "/parse/aggregate/Photo" => {
            let stages: Value = serde_json::from_str(param("pipeline").unwrap()).unwrap();
            let after = &stages[0]["$match"]["objectId"]["$gt"];
            let first = after.as_str().map_or(0, |id| id.parse::<usize>().unwrap() + 1);
            let rows = (first..size.rows.min(first + 1000)).map(|n| {
                json!({"objectId": format!("{n:010}"), "picture": format!("image/upload/v1700000000/app/{n:010}.jpg")})
            });
            json!({"results": rows.collect::<Vec<_>>()})
        }
        "/v1_1/demo/resources/image/upload" if param("prefix").is_some() => {
            let first = param("next_cursor").map_or(0, |cursor| cursor.parse().unwrap());
            let end = (size.rows + ORPHANS).min(first + 500);
            let assets: Vec<_> = (first..end).map(asset).collect();
            let next = (end < size.rows + ORPHANS).then(|| end.to_string());
            json!({"resources": assets, "next_cursor": next})
        }
        "/v1_1/demo/resources/image/upload" => {
            let asked = query.iter().filter(|(key, _)| key == "public_ids[]");
            let assets: Vec<_> = asked.map(|(_, id)| json!({"public_id": id})).collect();
            json!({"resources": assets})
        }
        _ => json!({"status": "ok"}),
    })
}

fn serve(size: Size) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let size = web::Data::new(size);
            let app = move || {
                App::new()
                    .app_data(size.clone())
                    .default_service(web::to(answer))
            };
            HttpServer::new(app)
                .workers(1)
                .listen(listener)
                .unwrap()
                .run()
                .await
        })
    });
    format!("http://{address}")
}

/// The most memory that a process has taken until it ended, in KiB.
fn peak_of(child: &mut Child) -> u64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        peak = peak.max(kib.unwrap_or(0));
        std::thread::sleep(Duration::from_millis(50));
    }
    peak
}

#[test]
#[ignore = "takes minutes"]
fn takes_as_much_memory_for_a_million_rows_as_for_a_few() {
    let size = Size {
        rows: number("AUDIT_ROWS", 1_000_000),
    };
    let server = serve(size);
    let command = CloudinaryParse::bare()
        .manifest(
            "Photo.toml",
            "class = \"Photo\"\n[fields.picture]\nfolder = \"app\"\n",
        )
        .env(
            "CLOUDINARY_URL",
            &format!("cloudinary://key:secret@demo?upload_prefix={server}"),
        )
        .env("PARSE_SERVER_URL", &format!("{server}/parse"))
        .env("PARSE_SERVER_APPLICATION_ID", APPLICATION_ID)
        .env("PARSE_SERVER_MASTER_KEY", MASTER_KEY);
    let out = command.directory().join("findings");
    let started = Instant::now();
    let mut child = command
        .process()
        .args(["audit", "--json"])
        .stdout(fs::File::create(&out).unwrap())
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let peak = peak_of(&mut child);
    assert!(child.wait().unwrap().success());
    let seconds = started.elapsed().as_secs();
    let report = format!("{} rows: {peak} KiB at most, {seconds} s\n", size.rows);
    std::io::stderr().write_all(report.as_bytes()).unwrap();
    let text = fs::read_to_string(out).unwrap();
    assert_eq!(text.lines().count(), ORPHANS + 1);
    let sums: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(sums["summary"]["rows"], size.rows);
    assert_eq!(sums["summary"]["missing_assets"], 0);
    assert!(
        peak < number("AUDIT_MEMORY_MB", 64) as u64 * 1024,
        "{peak} KiB"
    );
}
