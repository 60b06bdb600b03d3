//! `kill -9` at any point.

use std::time::Duration;

use serde_json::json;

use crate::service::Setup;
use crate::world::World;

#[test]
fn a_hundred_kills_lose_no_job_and_destroy_nothing_that_is_referred_to() {
    let world = World::new();
    let setup = Setup::photo(&world);
    let mut accepted = Vec::new();
    let mut seed: u64 = 88_172_645_463_325_252;
    for round in 0..100 {
        let service = setup.start();
        for number in 0..3 {
            let name = format!("app/{round}-{number}");
            world.asset(&format!("image/upload/{name}"));
            let identifier = format!("image/upload/v1/{name}.jpg");
            if number == 0 {
                world.row("Photo", &name, json!({"picture": identifier}));
            }
            let body = json!({
                "object": {"objectId": "1"},
                "original": {"objectId": "1", "picture": identifier},
            });
            if service.try_hook("/triggers/Photo/afterSave", &body) == Some((200, "{}".to_owned()))
            {
                accepted.push((name, number != 0));
            }
        }
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        std::thread::sleep(Duration::from_millis(seed % 250));
        service.kill();
    }
    assert_eq!(accepted.len(), 300);
    let free: Vec<_> = accepted.iter().filter(|(_, free)| *free).collect();
    let _service = setup.start();
    world.wait_for_destroyed(free.len(), Duration::from_secs(110));
    let state = world.state();
    for (name, free) in &accepted {
        let there = state.assets.contains(&format!("image/upload/{name}"));
        assert_eq!(there, !free, "{name}");
    }
    let called = state
        .calls
        .iter()
        .filter(|name| name.ends_with("-0"))
        .count();
    assert_eq!(called, 0);
}
