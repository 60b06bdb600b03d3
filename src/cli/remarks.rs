//! What is said of a configuration and of manifests that are in order.

use std::path::Path;

use crate::cloudinary::account::Account;
use crate::cloudinary::signature::SignatureVersion;
use crate::manifest::{Access, Manifests};

/// What `check --strict` takes for mistakes: the manifests' warnings, and one of the account.
pub(super) fn warnings(account: &Account, manifests: &Manifests) -> Vec<String> {
    let of_manifests = manifests.warnings.iter().map(ToString::to_string);
    of_manifests.chain(version_warning(account)).collect()
}

/// Said of an account that signs in version 1.
pub(super) fn version_warning(account: &Account) -> Option<String> {
    (account.signature_version == SignatureVersion::V1).then(|| {
        "CLOUDINARY_URL: signature_version=1 signs what follows a `&` in a value as another parameter; leave it out"
            .to_owned()
    })
}

/// What no configuration changes, but an operator should know.
pub(super) fn notes(manifests: &Manifests) -> Vec<String> {
    let for_master = manifests.functions.iter();
    for_master
        .filter(|function| function.access == Access::Master)
        .map(|function| format!("{}: access = \"master\": {READ_ONLY_KEY}", function.name))
        .collect()
}

/// What Parse Server before version 9 does not tell.
const READ_ONLY_KEY: &str = "on Parse Server 5 to 8 a read-only master key passes where the call does not show it in a header (the JavaScript SDK, Cloud Code); other calls must show PARSE_SERVER_MASTER_KEY, if that is set";

/// What is said of a set of manifests that is in order.
pub(super) fn summary(folder: &Path, manifests: &Manifests) -> String {
    let count = |number: usize, one: &str, many: &str| {
        format!("{number} {}", if number == 1 { one } else { many })
    };
    let guarded = manifests.classes.iter().filter(|class| class.is_guarded());
    format!(
        "{}: {} guarded, {} served",
        folder.display(),
        count(guarded.count(), "class", "classes"),
        count(manifests.functions.len(), "function", "functions"),
    )
}
