//! Refusals: decisions against a request, each with a text that an app's user may read.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// Why a request was refused, as a label of logs and metrics: a closed set, no value of a user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// Wrong or missing signature.
    BadSignature,
    /// Not an identifier, or a value of another type or op.
    Malformed,
    /// A required picture is missing or cleared.
    Required,
    /// Another resource type.
    ResourceType,
    /// Another delivery type.
    DeliveryType,
    /// Another format.
    Format,
    /// Outside the field's folder.
    Folder,
    /// Too old, or from the future.
    Age,
    /// A guarded key or a context key that occurs twice.
    Repeated,
    /// A value for a column that only this service and the master key write.
    Column,
    /// More elements than an array may have.
    Items,
    /// A write of this service's own that a client's was faster than.
    Overtaken,
    /// An ill-typed `context.cloudinary`.
    Context,
    /// No session where one is needed.
    NeedsUser,
    /// No full master key where it is needed.
    NeedsMaster,
    /// The caller has not the role that a function is for.
    NeedsRole,
    /// Whether the caller has it cannot be found out now.
    RoleLookup,
    /// Too many calls.
    Limited,
    /// A parameter that is not accepted.
    Parameter,
    /// No picture to build a URL of.
    ImageLookup,
    /// No such asset in Cloudinary.
    NoAsset,
    /// The original has more bytes than the field takes.
    Bytes,
    /// Wider, higher, narrower or lower than the field takes.
    Pixels,
    /// Cloudinary could not be asked.
    Unconfirmed,
}

impl Reason {
    /// Every reason, in the order of their numbers (`as usize`).
    pub const ALL: [Reason; 24] = [
        Reason::BadSignature,
        Reason::Malformed,
        Reason::Required,
        Reason::ResourceType,
        Reason::DeliveryType,
        Reason::Format,
        Reason::Folder,
        Reason::Age,
        Reason::Repeated,
        Reason::Column,
        Reason::Items,
        Reason::Overtaken,
        Reason::Context,
        Reason::NeedsUser,
        Reason::NeedsMaster,
        Reason::NeedsRole,
        Reason::RoleLookup,
        Reason::Limited,
        Reason::Parameter,
        Reason::ImageLookup,
        Reason::NoAsset,
        Reason::Bytes,
        Reason::Pixels,
        Reason::Unconfirmed,
    ];

    /// The label.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::BadSignature => "bad_signature",
            Reason::Malformed => "malformed",
            Reason::Required => "required",
            Reason::ResourceType => "resource_type",
            Reason::DeliveryType => "delivery_type",
            Reason::Format => "format",
            Reason::Folder => "folder",
            Reason::Age => "age",
            Reason::Repeated => "repeated",
            Reason::Column => "column",
            Reason::Items => "items",
            Reason::Overtaken => "overtaken",
            Reason::Context => "context",
            Reason::NeedsUser => "needs_user",
            Reason::NeedsMaster => "needs_master",
            Reason::NeedsRole => "needs_role",
            Reason::RoleLookup => "role_lookup",
            Reason::Limited => "limited",
            Reason::Parameter => "parameter",
            Reason::ImageLookup => "image_lookup",
            Reason::NoAsset => "no_asset",
            Reason::Bytes => "bytes",
            Reason::Pixels => "pixels",
            Reason::Unconfirmed => "unconfirmed",
        }
    }
}

/// A decision against a request. Its `Display` is the text that Parse Server hands to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For logs and metrics.
    pub reason: Reason,
    /// The guarded field, where the refusal is about one.
    pub field: Option<String>,
    text: Cow<'static, str>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// The old module's text for a wrong or missing signature; it does not say which part was
    /// wrong.
    pub fn bad_signature(field: &str) -> Self {
        Refusal {
            reason: Reason::BadSignature,
            field: Some(field.to_owned()),
            text: Cow::Borrowed("Bad signature"),
        }
    }

    /// A value that a guarded field cannot take.
    pub fn of_field(reason: Reason, class: &str, field: &str, expected: impl fmt::Display) -> Self {
        Refusal {
            reason,
            field: Some(field.to_owned()),
            text: Cow::Owned(format!("{class}.{field}: {expected}")),
        }
    }

    /// Something about a save as a whole.
    pub fn of_class(reason: Reason, class: &str, expected: impl fmt::Display) -> Self {
        Refusal {
            reason,
            field: None,
            text: Cow::Owned(format!("{class}: {expected}")),
        }
    }

    /// A function's parameter.
    pub fn of_parameter(text: impl fmt::Display) -> Self {
        Refusal {
            reason: Reason::Parameter,
            field: None,
            text: Cow::Owned(text.to_string()),
        }
    }

    /// The old module's text where a session is needed.
    pub fn needs_user() -> Self {
        Refusal {
            reason: Reason::NeedsUser,
            field: None,
            text: Cow::Borrowed("Needs an authenticated user"),
        }
    }

    /// Where the full master key is needed.
    pub fn needs_master() -> Self {
        Refusal {
            reason: Reason::NeedsMaster,
            field: None,
            text: Cow::Borrowed("Needs the master key"),
        }
    }

    /// Where the caller needs a role.
    pub fn needs_role(role: &str) -> Self {
        Refusal {
            reason: Reason::NeedsRole,
            field: None,
            text: Cow::Owned(format!("Needs the role {role}")),
        }
    }

    /// Where Parse Server cannot say now whether the caller has the role.
    pub fn role_lookup(role: &str) -> Self {
        Refusal {
            reason: Reason::RoleLookup,
            field: None,
            text: Cow::Owned(format!("Cannot check the role {role}, try again later")),
        }
    }

    /// Where a function was called too often; there is room for another call after `wait`.
    pub fn limited(function: &str, wait: Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = seconds.max(1);
        Refusal {
            reason: Reason::Limited,
            field: None,
            text: Cow::Owned(format!(
                "{function}: too many requests, try again in {seconds} s"
            )),
        }
    }

    /// The old module's text where there is no picture to build a URL of.
    pub fn image_lookup() -> Self {
        Refusal {
            reason: Reason::ImageLookup,
            field: None,
            text: Cow::Borrowed("image lookup failed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_of_a_second_is_waited_for_as_a_whole_one() {
        for (milliseconds, seconds) in [(0, 1), (1, 1), (999, 1), (1000, 1), (1001, 2), (2000, 2)] {
            let refusal = Refusal::limited("sign", Duration::from_millis(milliseconds));
            let expected = format!("sign: too many requests, try again in {seconds} s");
            assert_eq!(refusal.text, expected, "{milliseconds}");
        }
    }

    #[test]
    fn lists_every_reason_at_its_own_number() {
        for (number, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number, "{reason:?}");
        }
    }
}
