//! The options of one URL or one transformation component, read from a JSON object in one pass.

use serde_json::{Map, Value};

macro_rules! keys {
    ($($key:ident $name:literal)*) => {
        /// A known option, in the order of the names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Key { $($key),* }

        const NAMES: &[&str] = &[$($name),*];
        const KEYS: &[Key] = &[$(Key::$key),*];
    };
}

keys! {
    Angle "angle"
    ApiSecret "api_secret"
    AspectRatio "aspect_ratio"
    AudioCodec "audio_codec"
    AudioFrequency "audio_frequency"
    AuthToken "auth_token"
    Background "background"
    BitRate "bit_rate"
    Border "border"
    CdnSubdomain "cdn_subdomain"
    CloudName "cloud_name"
    Cname "cname"
    Color "color"
    ColorSpace "color_space"
    Crop "crop"
    CustomFunction "custom_function"
    CustomPreFunction "custom_pre_function"
    DefaultImage "default_image"
    Delay "delay"
    Density "density"
    Dpr "dpr"
    Duration "duration"
    Effect "effect"
    EndOffset "end_offset"
    FetchFormat "fetch_format"
    Flags "flags"
    ForceVersion "force_version"
    Format "format"
    Fps "fps"
    Gravity "gravity"
    Height "height"
    If "if"
    KeyframeInterval "keyframe_interval"
    LongUrlSignature "long_url_signature"
    Offset "offset"
    Opacity "opacity"
    Overlay "overlay"
    Page "page"
    Prefix "prefix"
    PrivateCdn "private_cdn"
    Quality "quality"
    Radius "radius"
    RawTransformation "raw_transformation"
    ResourceType "resource_type"
    ResponsiveWidth "responsive_width"
    Secure "secure"
    SecureCdnSubdomain "secure_cdn_subdomain"
    SecureDistribution "secure_distribution"
    Shorten "shorten"
    SignUrl "sign_url"
    SignatureAlgorithm "signature_algorithm"
    Size "size"
    StartOffset "start_offset"
    StreamingProfile "streaming_profile"
    Transformation "transformation"
    Type "type"
    Underlay "underlay"
    UrlSuffix "url_suffix"
    UseFetchFormat "use_fetch_format"
    UseRootPath "use_root_path"
    Variables "variables"
    Version "version"
    VideoCodec "video_codec"
    VideoSampling "video_sampling"
    Width "width"
    X "x"
    Y "y"
    Zoom "zoom"
}

impl Key {
    /// The key that is spelled `name`.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        // Reached for every option of every URL: a binary search costs less than hashing the name.
        NAMES.binary_search(&name).ok().map(|index| KEYS[index])
    }

    /// The key's spelling.
    pub(crate) fn name(self) -> &'static str {
        NAMES[self as usize]
    }

    /// Every key.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        KEYS.iter().copied()
    }
}

/// Options by key. Null counts as absent; unknown keys are ignored.
pub(crate) struct UrlOptions<'a> {
    values: [Option<&'a Value>; KEYS.len()],
    /// Options named `$…` in the caller's order, null included.
    pub(crate) variables: Vec<(&'a str, &'a Value)>,
}

impl Default for UrlOptions<'_> {
    fn default() -> Self {
        Self {
            values: [None; KEYS.len()],
            variables: Vec::new(),
        }
    }
}

impl<'a> UrlOptions<'a> {
    pub(crate) fn read(map: &'a Map<String, Value>) -> Self {
        let mut options = Self::default();
        for (name, value) in map {
            if name.starts_with('$') {
                options.variables.push((name, value));
            } else if let Some(key) = Key::from_name(name)
                // A secret that is null is a mistake, not a default.
                && (!value.is_null() || key == Key::ApiSecret)
            {
                options.values[key as usize] = Some(value);
            }
        }
        options
    }

    pub(crate) fn get(&self, key: Key) -> Option<&'a Value> {
        self.values[key as usize]
    }

    pub(crate) fn set(&mut self, key: Key, value: Option<&'a Value>) {
        self.values[key as usize] = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_key_by_its_name() {
        assert!(NAMES.is_sorted());
        for key in Key::all() {
            assert_eq!(Key::from_name(key.name()), Some(key));
        }
        assert_eq!(Key::from_name("widht"), None);
        assert_eq!(Key::from_name(""), None);
    }
}
