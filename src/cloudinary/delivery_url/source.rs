//! The last part of the path: the asset, encoded.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::AsciiSet;

use super::error::UrlError;
use crate::cloudinary::number::Scalar;
use crate::cloudinary::percent;

/// A source ready to be written.
pub(super) struct UrlSource<'a> {
    /// Decoded, or remote and yet to be escaped.
    text: Cow<'a, str>,
    is_remote: bool,
}

impl<'a> UrlSource<'a> {
    /// What a stored identifier names: no `%` and no run of slashes is in it.
    pub(super) fn stored(public_id: &'a str) -> Self {
        Self {
            text: Cow::Borrowed(public_id),
            is_remote: false,
        }
    }

    /// What a caller of [`super::url`] writes, where percent signs encode something unless it is
    /// remote.
    pub(super) fn written(public_id: &'a str, is_remote: bool) -> Result<Self, UrlError> {
        let collapsed = collapse_slashes(public_id);
        let text = if !is_remote && collapsed.contains('%') {
            let decoded = percent::decode_component(&collapsed).map_err(|_| UrlError::Encoding)?;
            Cow::Owned(decoded.into_owned())
        } else {
            collapsed
        };
        Ok(Self { text, is_remote })
    }

    /// Whether the URL gets `v1` where no version is given: folders do, since a first folder like
    /// `v12` would look like a version.
    pub(super) fn needs_version(&self, format: Option<Scalar<'_>>) -> bool {
        let is_version = self
            .text
            .strip_prefix('v')
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        let is_remote = self.text.starts_with("http:/") || self.text.starts_with("https:/");
        let has_folder = self.text.contains('/')
            || (!self.is_remote && format.is_some_and(|format| format.contains('/')));
        has_folder && !is_version && !is_remote
    }

    /// Appends the source with suffix and format; says where the source itself and its format are,
    /// which a signature covers.
    pub(super) fn push(
        &self,
        out: &mut String,
        encoding: &'static AsciiSet,
        suffix: Option<&str>,
        format: Option<Scalar<'_>>,
    ) -> [Range<usize>; 2] {
        let start = out.len();
        if self.is_remote {
            percent::push(out, &self.text, percent::REMOTE);
            return [start..out.len(), 0..0];
        }
        percent::push(out, &self.text, encoding);
        let end = out.len();
        if let Some(suffix) = suffix.filter(|suffix| !suffix.is_empty()) {
            out.push('/');
            out.push_str(suffix);
        }
        let format_start = out.len();
        if let Some(format) = format {
            out.push('.');
            format.push(out);
        }
        [start..end, format_start..out.len()]
    }
}

/// `http:/…` or `https:/…` in any case.
pub(super) fn is_remote(public_id: &str) -> bool {
    let scheme = public_id.split('/').next().unwrap_or_default();
    scheme.len() < public_id.len()
        && (scheme.eq_ignore_ascii_case("http:") || scheme.eq_ignore_ascii_case("https:"))
}

/// `resource_type/type/vVERSION/public_id` taken apart.
pub(super) fn stored_parts(public_id: &str) -> Option<(&str, &str, &str, &str)> {
    let (resource_type, rest) = public_id.split_once('/')?;
    let (delivery_type, rest) = rest.split_once('/')?;
    let (version, public_id) = rest.strip_prefix('v')?.split_once('/')?;
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_stored = matches!(resource_type, "image" | "video" | "raw")
        && !delivery_type.is_empty()
        && delivery_type.bytes().all(is_name)
        && !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit())
        && !public_id.is_empty()
        && !public_id.contains('#');
    is_stored.then_some((resource_type, delivery_type, version, public_id))
}

/// One slash for several, but two after a colon and at the beginning.
pub(super) fn collapse_slashes(text: &str) -> Cow<'_, str> {
    if !text.contains("//") {
        return Cow::Borrowed(text);
    }
    let mut collapsed = String::with_capacity(text.len());
    let mut slashes = 0;
    for character in text.chars() {
        slashes = if character == '/' { slashes + 1 } else { 0 };
        let is_after_slash = slashes > 1;
        let is_second = slashes == 2 && matches!(collapsed.len(), 1) || collapsed.ends_with(":/");
        if !is_after_slash || is_second {
            collapsed.push(character);
        }
    }
    Cow::Owned(collapsed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collapses_slashes() {
        for (text, collapsed) in [
            ("a//b///c////d", "a/b/c/d"),
            ("//a", "//a"),
            ("////a", "//a"),
            ("https://a//b", "https://a/b"),
            ("https:///a", "https://a"),
            ("a//", "a/"),
            ("a:/:b//", "a:/:b/"),
            ("/", "/"),
            ("", ""),
        ] {
            assert_eq!(collapse_slashes(text), collapsed, "{text}");
        }
    }

    #[test]
    fn takes_a_stored_identifier_apart() {
        let parts = Some(("video", "upload", "12", "a/b.mp4"));
        assert_eq!(stored_parts("video/upload/v12/a/b.mp4"), parts);
        for other in [
            "image/upload/v12/a#b",
            "image/upload/v12/",
            "image/upload/v/a",
            "image/upload/12/a",
            "image/upload/v1x/a",
            "image//v12/a",
            "image/Upload/v12/a",
            "auto/upload/v12/a",
            "image/upload",
            "",
        ] {
            assert_eq!(stored_parts(other), None, "{other}");
        }
    }

    #[test]
    fn tells_a_remote_source() {
        for (source, remote) in [
            ("http://x.com/a", true),
            ("HTTPS:/x", true),
            ("http:", false),
            ("http:x/", false),
            ("ahttp://x", false),
            ("ftp://x", false),
            ("", false),
        ] {
            assert_eq!(is_remote(source), remote, "{source}");
        }
    }
}
