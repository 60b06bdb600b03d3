//! Options of a delivery URL that are true or false.

use crate::cloudinary::url_config::flag;
use crate::cloudinary::url_options::{OptionKey, UrlOptions};

/// Flags among the options.
pub(super) struct Flags<'o, 'a>(pub(super) &'o UrlOptions<'a>);

impl Flags<'_, '_> {
    pub(super) fn given(&self, key: OptionKey) -> Option<bool> {
        self.0.get(key).and_then(flag)
    }

    pub(super) fn is(&self, key: OptionKey, default: bool) -> bool {
        self.given(key).unwrap_or(default)
    }
}
