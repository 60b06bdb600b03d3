//! The system's limit of open files. Each connection is one or two.

use log::warn;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files for everything else: listeners, the queue's database, outgoing connections.
const RESERVED: u64 = 256;

/// Raises the limit to what the system allows, because shells and service managers set it low, and
/// says how many of `connections` fit.
pub(in crate::server) fn raise(connections: usize) -> usize {
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
            "at most {room} connections instead of {connections}: the limit of open files (ulimit -Hn) is too low"
        );
    }
    room
}

/// Each connection in the upper half takes two descriptors.
fn fitting(files: u64, connections: usize) -> usize {
    let room = files.saturating_sub(RESERVED) / 3 * 2;
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
