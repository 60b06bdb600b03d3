//! Parse's operations as values of a key: `{"__op":"AddUnique","objects":[…]}`.

use std::borrow::Cow;

use crate::parse::json::{JsonText, Member};

/// Whether it means to be one.
pub(super) fn names_an_operation(members: &[Member<'_>]) -> bool {
    members.iter().any(|m| m.key.is("__op"))
}

/// The operation, if the object is one and `__op` and `objects` occur at most once.
pub(super) fn operation_name<'a>(members: &[Member<'a>]) -> Option<Cow<'a, str>> {
    let once = |name| members.iter().filter(|m| m.key.is(name)).count() <= 1;
    let op = members.iter().find(|m| m.key.is("__op"))?;
    (once("__op") && once("objects")).then(|| op.value.as_str())?
}

/// The array of an `Add`, `AddUnique` or `Remove`.
pub(super) fn operands<'a>(members: &[Member<'a>]) -> Option<Vec<JsonText<'a>>> {
    members
        .iter()
        .find(|m| m.key.is("objects"))?
        .value
        .elements()
}
