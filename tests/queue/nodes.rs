//! Several nodes on one PostgreSQL.

use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use serde_json::json;

use crate::postgres::{Cable, Postgres};
use crate::service::{Service, Setup};
use crate::world::{World, wait};

const JOBS: usize = 60;

#[test]
fn two_nodes_never_do_a_job_twice_at_the_same_time() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let world = World::new();
    world.state().delay = Duration::from_millis(300);
    let setup = Setup::photo(&world).env("CLOUDINARY_PARSE_QUEUE", &postgres.url());
    let nodes = [setup.start(), setup.start()];
    for number in 0..JOBS {
        world.asset(&format!("image/upload/app/{number}"));
        // Two jobs for each asset, one by each node: a save that was repeated.
        for node in &nodes {
            node.replaced(
                "1",
                &json!(format!("image/upload/v1/app/{number}.jpg")),
                &json!(null),
            );
        }
    }
    world.wait_for_destroyed(JOBS, Duration::from_secs(90));
    let tries = |outcome: &str| -> f64 {
        let name = format!("cloudinary_parse_queue_tries_total{{outcome=\"{outcome}\"}} ");
        nodes.iter().map(|node| node.metric(&name)).sum()
    };
    wait(Duration::from_mins(1), || no_jobs(&setup));
    assert_eq!(world.state().overlaps, 0);
    assert_eq!(world.state().calls.len(), JOBS);
    assert!(tries("destroyed") >= 1.0);
}

/// What the design allows from a node's end to the last of its jobs.
const STAND_IN: Duration = Duration::from_secs(110);

/// As many jobs as a node does at once.
const AT_ONCE: usize = 4;

#[test]
fn a_node_that_dies_or_stalls_in_the_middle_is_stood_in_for() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let world = World::new();
    world.state().delay = Duration::from_secs(4);
    let setup = Setup::photo(&world).env("CLOUDINARY_PARSE_QUEUE", &postgres.url());
    let stalls = setup.start();
    lose(&world, &stalls, 0..AT_ONCE);
    wait_for_calls(&world, AT_ONCE);
    signal(stalls.id(), "STOP");
    let dies = setup.start();
    lose(&world, &dies, AT_ONCE..2 * AT_ONCE);
    wait_for_calls(&world, 2 * AT_ONCE);
    dies.kill();
    let stands_in = setup.start();
    wait(STAND_IN, || no_jobs(&setup));
    assert_eq!(world.destroyed().len(), 2 * AT_ONCE);
    signal(stalls.id(), "CONT");
    drop(stands_in);
    // Whatever it had in hand when it was stopped, it works on as before.
    lose(&world, &stalls, 2 * AT_ONCE..2 * AT_ONCE + 1);
    world.wait_for_destroyed(2 * AT_ONCE + 1, Duration::from_mins(1));
    wait(Duration::from_mins(1), || no_jobs(&setup));
    assert_eq!(world.state().overlaps, 0);
}

#[test]
fn a_node_that_goes_on_after_a_stall_destroys_nothing_that_is_attached_again() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let (world, setup) = counts_slowly(&postgres, 8);
    let stalls = setup.start();
    attached_again_while_counted(&world, &stalls, || signal(stalls.id(), "STOP"));
    let stands_in = setup.start();
    wait(STAND_IN, || no_jobs(&setup));
    drop(stands_in);
    signal(stalls.id(), "CONT");
    lose(&world, &stalls, AT_ONCE..AT_ONCE + 1);
    world.wait_for_destroyed(1, Duration::from_mins(1));
    wait(Duration::from_mins(1), || no_jobs(&setup));
    assert_eq!(world.state().calls, [format!("image/upload/app/{AT_ONCE}")]);
}

#[test]
fn a_node_that_is_cut_off_from_the_queue_is_stood_in_for_and_destroys_nothing() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    let cable = Cable::to(&postgres);
    // So fast that nothing is counted twice: only the lock that is lost keeps the assets.
    let (world, setup) = counts_slowly(&postgres, 4);
    let cut_off = Setup::photo(&world)
        .env("CLOUDINARY_PARSE_QUEUE", &cable.url())
        .start();
    attached_again_while_counted(&world, &cut_off, || cable.cut());
    let gave_up = || cut_off.log().contains("queue: CLOUDINARY_PARSE_QUEUE: ");
    wait(Duration::from_secs(30), gave_up);
    let _stands_in = setup.start();
    wait(STAND_IN, || no_jobs(&setup));
    assert_eq!(world.state().calls, Vec::<String>::new());
}

#[test]
fn a_node_whose_lock_is_gone_destroys_nothing_by_what_it_counted_under_it() {
    let Some(postgres) = Postgres::start() else {
        return;
    };
    // As above. The database takes everything else that the node asks for.
    let (world, setup) = counts_slowly(&postgres, 4);
    let node = setup.start();
    attached_again_while_counted(&world, &node, || {
        assert_eq!(postgres.end_locking_sessions(), 1);
    });
    wait(STAND_IN, || no_jobs(&setup));
    assert!(node.log().contains("broken off: "));
    assert_eq!(world.state().calls, Vec::<String>::new());
}

/// Parse Server answers what rows there are after a while, with what there was when it was asked.
fn counts_slowly(postgres: &Postgres, seconds: u64) -> (World, Setup) {
    let world = World::new();
    // A class without a row may have no columns yet: nothing is asked about it.
    world.row("Photo", "z", json!({"picture": "image/upload/v1/z.jpg"}));
    world.state().parse_delay = Duration::from_secs(seconds);
    let setup = Setup::photo(&world).env("CLOUDINARY_PARSE_QUEUE", &postgres.url());
    (world, setup)
}

/// Something happens to a node while it waits for its counts; then everything that it counts is
/// attached again.
fn attached_again_while_counted(world: &World, node: &Service, happens: impl FnOnce()) {
    lose(world, node, 0..AT_ONCE);
    wait(Duration::from_secs(20), || world.state().counts >= 1);
    happens();
    for number in 0..AT_ONCE {
        let picture = format!("image/upload/v2/app/{number}.jpg");
        world.row("Photo", &number.to_string(), json!({"picture": picture}));
    }
    world.state().parse_delay = Duration::ZERO;
}

/// Assets that rows of Photo held until now.
fn lose(world: &World, node: &Service, numbers: Range<usize>) {
    for number in numbers {
        world.asset(&format!("image/upload/app/{number}"));
        let picture = json!(format!("image/upload/v1/app/{number}.jpg"));
        node.replaced("1", &picture, &json!(null));
    }
}

fn wait_for_calls(world: &World, count: usize) {
    wait(STAND_IN, || world.state().calls.len() >= count);
}

fn no_jobs(setup: &Setup) -> bool {
    setup.run(&["cleanup", "list"]).stdout == b"no jobs\n"
}

fn signal(process: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(status.unwrap().success());
}
