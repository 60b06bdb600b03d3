//! What the jobs of one process share.

use arc_swap::ArcSwap;

use crate::queue::failure::RateLimit;
use crate::queue::handle::Queue;
use crate::queue::health::Health;
use crate::queue::plan::Plan;

#[derive(Debug)]
pub(in crate::queue) struct Context {
    pub(in crate::queue) queue: Queue,
    /// The plan in force.
    pub(in crate::queue) plan: ArcSwap<Plan>,
    pub(in crate::queue) rate_limit: RateLimit,
}

impl Context {
    pub(super) fn new(queue: Queue, plan: Plan) -> Self {
        Self {
            queue,
            plan: ArcSwap::from_pointee(plan),
            rate_limit: RateLimit::default(),
        }
    }

    pub(in crate::queue) fn health(&self) -> &Health {
        &self.queue.0.health
    }

    /// The queue's name in the database.
    pub(in crate::queue) fn queue_name(&self) -> &str {
        &self.queue.0.name
    }
}
