//! Open files: each connection is one.

use log::warn;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process needs besides connections: listeners, the queue's database, calls of its own.
const OTHERS: u64 = 256;

/// Raises the limit of open files to what the system allows, shells and service managers setting it
/// low for old programs' sake, and says how many of `connections` it is enough for.
pub(in crate::server) fn make_room(connections: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let room = files.map_or(connections, |files| fitting(files, connections));
    if room < connections {
        warn!(
            "{room} connections at most instead of {connections}: the limit of open files (ulimit -Hn) allows no more"
        );
    }
    room
}

/// The upper half of the connections takes two descriptors each.
fn fitting(files: u64, connections: usize) -> usize {
    let room = files.saturating_sub(OTHERS) / 3 * 2;
    usize::try_from(room).map_or(connections, |room| connections.min(room.max(1)))
}

#[cfg(test)]
mod tests {
    use super::fitting;

    #[test]
    fn leaves_room_for_other_files() {
        for (files, connections, room) in [
            (20_000, 10_000, 10_000),
            (15_256, 10_000, 10_000),
            (15_000, 10_000, 9_828),
            (1_024, 10_000, 512),
            (1_024, 100, 100),
            (100, 10_000, 1),
            (u64::MAX, 10_000, 10_000),
        ] {
            assert_eq!(fitting(files, connections), room, "{files}, {connections}");
        }
    }
}
