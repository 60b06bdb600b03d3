//! What a caller chose of an `[accept]` table.

use std::ptr;

use serde_json::Value;

use crate::manifest::Accepted;
use crate::parse::json::{JsonKind, JsonText, Member};

use super::refusal::Refusal;

/// What a caller sent for one entry of an `[accept]` table.
pub(super) struct Sent<'m> {
    pub name: &'m str,
    pub accepted: &'m Accepted,
    pub value: Value,
}

impl Sent<'_> {
    /// The value to use for it.
    pub(super) fn choose(&self) -> Result<&Value, Refusal> {
        let chosen = self.accepted.choose(self.name, &self.value);
        chosen.map_err(Refusal::of_parameter)
    }
}

/// An `[accept]` table and how refusals speak of it.
#[derive(Clone, Copy)]
pub(super) struct Table<'m> {
    pub accept: &'m [(String, Accepted)],
    /// Stands before a name in refusals.
    pub path: &'static str,
    /// Follows "not accepted" where the table is empty.
    pub nothing: &'static str,
}

impl<'m> Table<'m> {
    /// Reads `members`, but for those that `is_other` knows. A name that is not in the table is
    /// refused, and one that occurs twice.
    pub(super) fn read(
        self,
        members: &[Member<'_>],
        is_other: impl Fn(&str) -> bool,
    ) -> Result<Vec<Sent<'m>>, Refusal> {
        let mut sent = Vec::with_capacity(members.len());
        for (index, member) in members.iter().enumerate() {
            let name = member.key.text();
            let found = self.accept.iter().find(|(accepted, _)| *accepted == name);
            let is_repeated = match found {
                Some((_, accepted)) => sent.iter().any(|s: &Sent| ptr::eq(s.accepted, accepted)),
                None => members[..index].iter().any(|m| m.key.same_as(member.key)),
            };
            if is_repeated {
                return Err(self.refusal(&name, "occurs twice, expected once"));
            }
            let Some((name, accepted)) = found else {
                if is_other(&name) {
                    continue;
                }
                return Err(self.refusal(&name, &self.not_accepted()));
            };
            let value = to_value(member.value).ok_or_else(|| self.refusal(name, UNREADABLE))?;
            sent.push(Sent {
                name,
                accepted,
                value,
            });
        }
        Ok(sent)
    }

    /// The values of what was not sent and has a default.
    pub(super) fn defaults(self, sent: &[Sent<'m>]) -> impl Iterator<Item = (&'m str, &'m Value)> {
        self.accept.iter().filter_map(move |(name, accepted)| {
            let default = accepted.default.as_ref()?;
            let is_sent = sent.iter().any(|sent| sent.name == name);
            (!is_sent).then_some((name.as_str(), default))
        })
    }

    fn not_accepted(self) -> String {
        let names: Vec<_> = self.accept.iter().map(|(name, _)| name.as_str()).collect();
        match names.as_slice() {
            [] => format!("not accepted{}", self.nothing),
            names => format!("not accepted, expected only {}", names.join(", ")),
        }
    }

    fn refusal(self, name: &str, what: &str) -> Refusal {
        Refusal::of_parameter(format!("{}{name}: {what}", self.path))
    }
}

/// What a refusal says of a value that [`to_value`] cannot give.
pub(super) const UNREADABLE: &str = "expected a value of Unicode text and moderate depth";

/// The value as `serde_json` has it; `None` for strings with lone surrogates and for deep nesting.
pub(super) fn to_value(text: JsonText<'_>) -> Option<Value> {
    // Most values are short text or a whole number, for which its parser does more than there is to
    // do.
    match text.kind() {
        JsonKind::String => text.as_str().map(Value::from),
        JsonKind::Number if let Ok(number) = text.as_raw().parse::<u64>() => Some(number.into()),
        _ => serde_json::from_str(text.as_raw()).ok(),
    }
}
