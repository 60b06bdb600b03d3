//! Transformations as a Rust program writes them.

use serde_json::{Map, Value};

use super::error::TransformationError;
use super::write::from_options;
use crate::cloudinary::url_config::UrlConfig;
use crate::cloudinary::url_options::OptionKey;

/// A transformation: options of one component behind the steps before it.
///
/// Values are what JSON options may be: numbers, text, expressions (`"iw / 2"`), arrays.
///
/// ```
/// use cloudinary_parse::cloudinary::transformation::{Crop, Layer, Transformation};
/// use cloudinary_parse::cloudinary::{account::Account, delivery_url};
///
/// let transformation = Transformation::new()
///     .crop(Crop::Fill)
///     .width(400)
///     .height(300)
///     .gravity("auto")
///     .then()
///     .overlay(Layer::text("Hello, world", "Roboto", 40).set("font_weight", "bold"))
///     .then()
///     .flags("layer_apply")
///     .gravity("south")
///     .y(20);
///
/// let account = Account::from_url("cloudinary://key:secret@demo")?;
/// assert_eq!(
///     delivery_url::url(&account, "cat.jpg", &transformation.into_options(), 1_789_000_000)?,
///     "https://res.cloudinary.com/demo/image/upload/c_fill,g_auto,h_300,w_400/\
///      l_text:Roboto_40_bold:Hello%252C%20world/fl_layer_apply,g_south,y_20/cat.jpg"
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transformation {
    steps: Vec<Value>,
    component: Map<String, Value>,
    /// Options of the URL, which belong to no step.
    url: Map<String, Value>,
}

macro_rules! setters {
    ($($(#[$doc:meta])* $setter:ident $name:literal)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $setter(self, value: impl Into<Value>) -> Self {
                self.set($name, value)
            }
        )*
    };
}

impl Transformation {
    /// One that changes nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the picture is fitted into width and height.
    #[must_use]
    pub fn crop(self, crop: Crop) -> Self {
        self.set("crop", crop.name())
    }

    setters! {
        /// Pixels, a fraction of the original below 1, `"auto"` or an expression.
        width "width"
        /// Pixels, a fraction of the original below 1, or an expression.
        height "height"
        /// `"16:9"` or a number.
        aspect_ratio "aspect_ratio"
        /// What stays in the picture: `"face"`, `"auto"`, `"north_west"`.
        gravity "gravity"
        /// Horizontal offset in pixels or as an expression.
        x "x"
        /// Vertical offset in pixels or as an expression.
        y "y"
        /// How much of a detected face is shown.
        zoom "zoom"
        /// Corners: pixels, `"max"`, or an array of one to four.
        radius "radius"
        /// Degrees, or modes such as `"hflip"`.
        angle "angle"
        /// An effect as `"sepia:50"`, or an array of it and its arguments.
        effect "effect"
        /// Per cent.
        opacity "opacity"
        /// `"5px_solid_red"`, or an object of `width` and `color`.
        border "border"
        /// A colour: `"red"`, `"#3e2222"`.
        background "background"
        /// A colour, of texts for example.
        color "color"
        /// Per cent, or `"auto"`.
        quality "quality"
        /// The format delivered whatever the extension: `"auto"`, `"webp"`.
        fetch_format "fetch_format"
        /// Device pixel ratio, or `"auto"`.
        dpr "dpr"
        /// One flag or an array of them.
        flags "flags"
        /// What lies over the picture: a [`Layer`] or text.
        overlay "overlay"
        /// What lies under the picture: a [`Layer`] or text.
        underlay "underlay"
        /// Page or frame.
        page "page"
        /// Seconds, or per cent as `"35%"`.
        start_offset "start_offset"
        /// Seconds, or per cent as `"35%"`.
        end_offset "end_offset"
        /// Seconds, or per cent as `"35%"`.
        duration "duration"
        /// `"h264:baseline:3.1"`, or an object of `codec`, `profile`, `level` and `b_frames`.
        video_codec "video_codec"
        /// A named transformation, or an array of them.
        named "transformation"
        /// The condition under which the component applies: `"w > 200"`, `"else"`, `"end"`.
        condition "if"
        /// Text in Cloudinary's own notation, behind the other parameters.
        raw "raw_transformation"
    }

    /// Sets the variable `$name`.
    #[must_use]
    pub fn variable(self, name: &str, value: impl Into<Value>) -> Self {
        self.set(&format!("${name}"), value)
    }

    /// Sets any option by its name in the SDKs. URL options such as `sign_url` belong to the whole
    /// chain.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        let is_of_url = OptionKey::from_name(name).is_some_and(|key| !key.is_transformation());
        let options = if is_of_url {
            &mut self.url
        } else {
            &mut self.component
        };
        options.insert(name.to_owned(), value.into());
        self
    }

    /// Begins the next step of the chain.
    #[must_use]
    pub fn then(mut self) -> Self {
        let component = std::mem::take(&mut self.component);
        self.steps.push(Value::Object(component));
        self
    }

    /// The options, as [`delivery_url::url`](crate::cloudinary::delivery_url::url) takes them.
    pub fn into_options(mut self) -> Map<String, Value> {
        const STEPS: &str = "transformation";
        if !self.steps.is_empty() && self.component.contains_key(STEPS) {
            // The key holds names here, so these options become a step of their own.
            self = self.then();
        }
        let mut options = self.component;
        if !self.steps.is_empty() {
            options.insert(STEPS.to_owned(), self.steps.into());
        }
        options.extend(self.url);
        options
    }

    /// Writes the transformation.
    pub fn to_text(&self, config: &UrlConfig) -> Result<String, TransformationError> {
        from_options(&self.clone().into_options(), config)
    }
}

/// How a picture is fitted into width and height.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crop {
    /// `scale`: exactly, distorting it
    Scale,
    /// `fit`: within
    Fit,
    /// `limit`: within, never enlarged
    Limit,
    /// `mfit`: within, only ever enlarged
    Mfit,
    /// `fill`: exactly, cutting off what stands out
    Fill,
    /// `lfill`: as `fill`, never enlarged
    Lfill,
    /// `pad`: exactly, with a background around it
    Pad,
    /// `lpad`: as `pad`, never enlarged
    Lpad,
    /// `mpad`: as `pad`, only ever enlarged
    Mpad,
    /// `fill_pad`: as `fill` while the subject stays in it, else as `pad`
    FillPad,
    /// `crop`: cut out at the original's size
    Crop,
    /// `thumb`: a thumbnail around a face
    Thumb,
    /// `auto`: cut out around what matters
    Auto,
    /// `auto_pad`: as `auto`, with a background around it where needed
    AutoPad,
}

impl Crop {
    fn name(self) -> &'static str {
        match self {
            Self::Scale => "scale",
            Self::Fit => "fit",
            Self::Limit => "limit",
            Self::Mfit => "mfit",
            Self::Fill => "fill",
            Self::Lfill => "lfill",
            Self::Pad => "pad",
            Self::Lpad => "lpad",
            Self::Mpad => "mpad",
            Self::FillPad => "fill_pad",
            Self::Crop => "crop",
            Self::Thumb => "thumb",
            Self::Auto => "auto",
            Self::AutoPad => "auto_pad",
        }
    }
}

/// What lies over or under a picture or video.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer(Map<String, Value>);

impl Layer {
    /// An uploaded image.
    pub fn image(public_id: &str) -> Self {
        Self::of([("public_id", public_id.into())])
    }

    /// An uploaded video.
    pub fn video(public_id: &str) -> Self {
        Self::of([
            ("resource_type", "video".into()),
            ("public_id", public_id.into()),
        ])
    }

    /// An uploaded subtitle file, in a font and its size in pixels.
    pub fn subtitles(public_id: &str, font_family: &str, font_size: impl Into<Value>) -> Self {
        Self::of([
            ("resource_type", "subtitles".into()),
            ("public_id", public_id.into()),
            ("font_family", font_family.into()),
            ("font_size", font_size.into()),
        ])
    }

    /// A remote image.
    pub fn fetch(url: &str) -> Self {
        Self::of([("url", url.into())])
    }

    /// A text, in a font and its size in pixels. `$(name)` in it is a variable.
    pub fn text(text: &str, font_family: &str, font_size: impl Into<Value>) -> Self {
        Self::of([
            ("text", text.into()),
            ("font_family", font_family.into()),
            ("font_size", font_size.into()),
        ])
    }

    /// Sets any option by its name in the SDKs: `font_weight`, `letter_spacing`, `type`, `format`.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn of<const N: usize>(options: [(&str, Value); N]) -> Self {
        let options = options.map(|(name, value)| (name.to_owned(), value));
        Self(Map::from_iter(options))
    }
}

impl From<Layer> for Value {
    fn from(layer: Layer) -> Self {
        Self::Object(layer.0)
    }
}
