//! `access = { role = "…" }`: whether a caller holds a role.
//!
//! Parse Server is asked with the caller's own session, so that only what the caller may see
//! counts. As there, a role is held by the users in its `users` and by whoever holds a role in its
//! `roles`, over any number of steps.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::warn;
use secrecy::SecretString;

use crate::parse::client::RestError;
use crate::parse::envelope::Envelope;

use super::ParseServer;
use super::refusal::Refusal;

/// How long an answer of Parse Server's is believed: a role that is taken away stops to count after
/// so long at the latest.
const BELIEVED: Duration = Duration::from_secs(30);
/// Answers kept in a generation, of which there are two: some hundred bytes each.
const MOST: usize = 8192;

/// What Parse Server has said lately. No session token is kept, only who holds what.
#[derive(Debug, Default)]
pub struct Roles(Mutex<Answers>);

/// Two generations, of which the older one is dropped as a whole: bounded, without a search for
/// what to drop.
#[derive(Debug, Default)]
struct Answers {
    young: HashMap<Holding, Known>,
    old: HashMap<Holding, Known>,
}

/// A user's id and a role's name.
type Holding = (String, String);

#[derive(Debug, Clone, Copy)]
struct Known {
    held: bool,
    asked: Instant,
}

impl Roles {
    /// Lets a caller through who holds `role`.
    ///
    /// # Errors
    /// A [`Refusal`]: no session, no such role, or nobody to ask.
    pub(super) async fn check(
        &self,
        role: &str,
        parse_server: Option<&ParseServer>,
        envelope: &Envelope<'_>,
    ) -> Result<(), Refusal> {
        let user = envelope.user.as_ref();
        let user = user.and_then(|user| user.object_id().zip(user.session_token()));
        let (user, session) = user.ok_or_else(Refusal::needs_user)?;
        let holding = (user.into_owned(), role.to_owned());
        let asked = Instant::now();
        // A statement of its own: the lock must not be held while Parse Server is asked.
        let known = self.answers().recall(&holding, asked);
        let held = if let Some(held) = known {
            held
        } else {
            let session = SecretString::from(session.into_owned());
            let held = ask(parse_server, &holding, &session).await?;
            self.answers().remember(holding, Known { held, asked });
            held
        };
        if held {
            Ok(())
        } else {
            Err(Refusal::needs_role(role))
        }
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, Answers> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answers {
    fn recall(&self, holding: &Holding, now: Instant) -> Option<bool> {
        let known = self.young.get(holding).or_else(|| self.old.get(holding))?;
        (now.duration_since(known.asked) < BELIEVED).then_some(known.held)
    }

    fn remember(&mut self, holding: Holding, known: Known) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(holding, known);
    }
}

async fn ask(
    parse_server: Option<&ParseServer>,
    (user, role): &Holding,
    session: &SecretString,
) -> Result<bool, Refusal> {
    let parse_server = parse_server.ok_or_else(|| Refusal::role_lookup(role))?;
    climb(parse_server, user, role, session)
        .await
        .map_err(|error| match error {
            // The session ended between Parse Server's check and ours.
            RestError::Refused { code: 209, .. } => Refusal::needs_user(),
            error => {
                warn!("cannot look up who holds the role {role}: {error}");
                Refusal::role_lookup(role)
            }
        })
}

/// From the user's own roles upwards, until `role` is met or nothing new is.
async fn climb(
    parse_server: &ParseServer,
    user: &str,
    role: &str,
    session: &SecretString,
) -> Result<bool, RestError> {
    let mut met = HashSet::new();
    let mut level = parse_server.roles_of_user(user, session).await?;
    loop {
        if level.iter().any(|found| found.name == role) {
            return Ok(true);
        }
        // Roles may hold each other.
        level.retain(|found| met.insert(found.object_id.clone()));
        if level.is_empty() {
            return Ok(false);
        }
        level = parse_server.roles_above(&level, session).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(user: &str) -> Holding {
        (user.to_owned(), "editors".to_owned())
    }

    #[test]
    fn believes_an_answer_for_thirty_seconds_after_the_question() {
        let asked = Instant::now();
        let mut answers = Answers::default();
        for held in [true, false] {
            answers.remember(holding("u1"), Known { held, asked });
            for (after, expected) in [
                (0, Some(held)),
                (29_999, Some(held)),
                (30_000, None),
                (90_000, None),
            ] {
                let now = asked + Duration::from_millis(after);
                assert_eq!(answers.recall(&holding("u1"), now), expected, "{after} ms");
            }
        }
    }

    #[test]
    fn keeps_users_and_roles_apart() {
        let asked = Instant::now();
        let mut answers = Answers::default();
        answers.remember(holding("u1"), Known { held: true, asked });
        assert_eq!(answers.recall(&holding("u2"), asked), None);
        let other = ("u1".to_owned(), "authors".to_owned());
        assert_eq!(answers.recall(&other, asked), None);
    }

    #[test]
    fn keeps_a_bounded_number_of_answers_the_latest_among_them() {
        let asked = Instant::now();
        let mut answers = Answers::default();
        for user in 0..5 * MOST {
            let known = Known { held: true, asked };
            answers.remember(holding(&user.to_string()), known);
            assert!(answers.young.len() + answers.old.len() <= 2 * MOST);
        }
        for recent in 4 * MOST..5 * MOST {
            let holding = holding(&recent.to_string());
            assert_eq!(answers.recall(&holding, asked), Some(true));
        }
        assert_eq!(answers.recall(&holding("0"), asked), None);
    }
}
