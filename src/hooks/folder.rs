//! Whether a `public_id` lies in a field's folder.

use crate::cloudinary::identifier::Identifier;

/// A folder holds what lies below it, not names that merely begin like it: `users/u1` holds
/// `users/u1/cat`, not `users/u12`.
pub(super) fn holds(folder: &str, identifier: &Identifier<'_>) -> bool {
    let below = identifier.public_id.strip_prefix(folder);
    below.is_some_and(|rest| folder.ends_with('/') || rest.starts_with('/'))
}

/// The extension that a `formats` list is about: the format, which for `raw` is part of the
/// `public_id`.
pub(super) fn extension<'a>(identifier: &Identifier<'a>) -> Option<&'a str> {
    use crate::cloudinary::identifier::ResourceType;

    if identifier.resource_type != ResourceType::Raw {
        return identifier.format;
    }
    let name = identifier.public_id.rsplit('/').next()?;
    name.rsplit_once('.').map(|(_, extension)| extension)
}
