//! The options of one URL or one transformation component, read from a JSON object in one pass.

use serde_json::{Map, Value};

macro_rules! keys {
    ($($key:ident $name:literal $short:literal)*) => {
        /// A known option. Those of a transformation come first, in the order in which their
        /// parameters are written.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum OptionKey { $($key),* }

        const NAMES: &[&str] = &[$($name),*];
        const SHORT_NAMES: &[&str] = &[$($short),*];
        const KEYS: &[OptionKey] = &[$(OptionKey::$key),*];

        impl OptionKey {
            /// The key that is spelled `name`.
            pub(crate) fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$key),)*
                    _ => None,
                }
            }
        }
    };
}

keys! {
    If "if" "if"
    Variables "variables" "$"
    Angle "angle" "a"
    AudioCodec "audio_codec" "ac"
    AudioFrequency "audio_frequency" "af"
    AspectRatio "aspect_ratio" "ar"
    Background "background" "b"
    Border "border" "bo"
    BitRate "bit_rate" "br"
    Crop "crop" "c"
    Color "color" "co"
    ColorSpace "color_space" "cs"
    DefaultImage "default_image" "d"
    Delay "delay" "dl"
    Density "density" "dn"
    Dpr "dpr" "dpr"
    Duration "duration" "du"
    Effect "effect" "e"
    EndOffset "end_offset" "eo"
    FetchFormat "fetch_format" "f"
    Flags "flags" "fl"
    CustomFunction "custom_function" "fn"
    Fps "fps" "fps"
    Gravity "gravity" "g"
    Height "height" "h"
    KeyframeInterval "keyframe_interval" "ki"
    Overlay "overlay" "l"
    Opacity "opacity" "o"
    Prefix "prefix" "p"
    Page "page" "pg"
    Quality "quality" "q"
    Radius "radius" "r"
    StartOffset "start_offset" "so"
    StreamingProfile "streaming_profile" "sp"
    Transformation "transformation" "t"
    Underlay "underlay" "u"
    VideoCodec "video_codec" "vc"
    VideoSampling "video_sampling" "vs"
    Width "width" "w"
    X "x" "x"
    Y "y" "y"
    Zoom "zoom" "z"
    RawTransformation "raw_transformation" ""
    CustomPreFunction "custom_pre_function" ""
    Offset "offset" ""
    ResponsiveWidth "responsive_width" ""
    Size "size" ""
    ApiSecret "api_secret" ""
    AuthToken "auth_token" ""
    CdnSubdomain "cdn_subdomain" ""
    CloudName "cloud_name" ""
    Cname "cname" ""
    ForceVersion "force_version" ""
    Format "format" ""
    LongUrlSignature "long_url_signature" ""
    PrivateCdn "private_cdn" ""
    ResourceType "resource_type" ""
    Secure "secure" ""
    SecureCdnSubdomain "secure_cdn_subdomain" ""
    SecureDistribution "secure_distribution" ""
    Shorten "shorten" ""
    SignUrl "sign_url" ""
    SignatureAlgorithm "signature_algorithm" ""
    Type "type" ""
    UrlSuffix "url_suffix" ""
    UseFetchFormat "use_fetch_format" ""
    UseRootPath "use_root_path" ""
    Version "version" ""
}

impl OptionKey {
    /// The key's spelling.
    pub(crate) fn name(self) -> &'static str {
        NAMES[self as usize]
    }

    /// What stands before the value in a URL; empty where that is not one parameter.
    pub(crate) fn short_name(self) -> &'static str {
        SHORT_NAMES[self as usize]
    }

    /// Whether the key is part of a transformation; the others are about the URL around it.
    pub(crate) fn is_transformation(self) -> bool {
        self as usize <= Self::Size as usize
    }

    /// Every key.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        KEYS.iter().copied()
    }
}

/// A set of keys, one bit each: it yields them in their order without sorting.
#[derive(Clone)]
pub(crate) struct KeySet(u128);

impl KeySet {
    pub(crate) fn contains(&self, key: OptionKey) -> bool {
        self.0 & 1 << key as u32 != 0
    }

    pub(crate) fn insert(&mut self, key: OptionKey) {
        self.0 |= 1 << key as u32;
    }

    pub(crate) fn remove(&mut self, key: OptionKey) {
        self.0 &= !(1 << key as u32);
    }
}

impl Iterator for KeySet {
    type Item = OptionKey;

    fn next(&mut self) -> Option<OptionKey> {
        let key = *KEYS.get(self.0.trailing_zeros() as usize)?;
        self.remove(key);
        Some(key)
    }
}

/// Options by key. Null counts as absent; unknown keys are ignored.
pub(crate) struct UrlOptions<'a> {
    values: [Option<&'a Value>; KEYS.len()],
    present: KeySet,
    /// Options named `$…` in the caller's order, null included.
    pub(crate) variables: Vec<(&'a str, &'a Value)>,
}

impl Default for UrlOptions<'_> {
    fn default() -> Self {
        Self {
            values: [None; KEYS.len()],
            present: KeySet(0),
            variables: Vec::new(),
        }
    }
}

impl<'a> UrlOptions<'a> {
    pub(crate) fn read(map: &'a Map<String, Value>) -> Self {
        let mut options = Self::default();
        for (name, value) in map {
            options.add(name, value);
        }
        options
    }

    /// Adds an option, in the place of an earlier one of the same name.
    pub(crate) fn add(&mut self, name: &'a str, value: &'a Value) {
        if name.starts_with('$') {
            match self.variables.iter_mut().find(|(other, _)| *other == name) {
                Some((_, earlier)) => *earlier = value,
                None => self.variables.push((name, value)),
            }
        } else if let Some(key) = OptionKey::from_name(name) {
            self.put(key, value);
        }
    }

    /// [`Self::add`] for an option whose name was looked up before.
    pub(crate) fn put(&mut self, key: OptionKey, value: &'a Value) {
        // A secret that is null is a mistake, not a default.
        if value.is_null() && key != OptionKey::ApiSecret {
            self.take(key);
        } else {
            self.set(key, value);
        }
    }

    pub(crate) fn get(&self, key: OptionKey) -> Option<&'a Value> {
        self.values[key as usize]
    }

    pub(crate) fn take(&mut self, key: OptionKey) -> Option<&'a Value> {
        self.present.remove(key);
        self.values[key as usize].take()
    }

    pub(crate) fn set(&mut self, key: OptionKey, value: &'a Value) {
        self.present.insert(key);
        self.values[key as usize] = Some(value);
    }

    /// The keys that have a value.
    pub(crate) fn present(&self) -> KeySet {
        self.present.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_key_by_its_name() {
        for key in OptionKey::all() {
            assert_eq!(OptionKey::from_name(key.name()), Some(key));
        }
        for name in ["", "widht", "Width", "width ", "w", "é", "\0"] {
            assert_eq!(OptionKey::from_name(name), None, "{name:?}");
        }
    }

    #[test]
    fn orders_parameters_by_what_stands_before_their_value() {
        let parameters = OptionKey::all().filter(|key| {
            (OptionKey::Angle as usize..=OptionKey::Zoom as usize).contains(&(*key as usize))
        });
        let prefixes: Vec<_> = parameters
            .map(|key| format!("{}_", key.short_name()))
            .collect();
        assert!(prefixes.is_sorted(), "{prefixes:?}");
    }
}
