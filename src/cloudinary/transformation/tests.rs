use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::cloudinary::url_config::UrlConfig;

#[track_caller]
fn assert_writes(cases: &[(Value, &str)]) {
    for (value, text) in cases {
        let written = from_value(value, &UrlConfig::default());
        assert_eq!(written.as_deref(), Ok(*text), "{value}");
    }
}

#[track_caller]
fn assert_refuses(cases: &[(Value, &str)]) {
    for (value, message) in cases {
        let error = from_value(value, &UrlConfig::default()).unwrap_err();
        assert_eq!(error.to_string(), *message, "{value}");
    }
}

fn config(config: &Value) -> UrlConfig {
    UrlConfig::from_map(config.as_object().unwrap())
}

#[test]
fn sorts_parameters_by_their_short_names() {
    assert_writes(&[
        (json!({}), ""),
        (
            json!({"width": 150, "height": 100, "crop": "fill", "gravity": "face"}),
            "c_fill,g_face,h_100,w_150",
        ),
        (
            json!({"angle": 5, "aspect_ratio": 1, "audio_codec": "aac", "audio_frequency": 1}),
            "a_5,ac_aac,af_1,ar_1",
        ),
        (
            json!({"duration": 2, "dpr": 1.0, "delay": 3, "density": 4, "default_image": "x", "effect": "e"}),
            "d_x,dl_3,dn_4,dpr_1,du_2,e_e",
        ),
        (
            json!({"if": "w > 5", "$b": 2, "$a": "width / 2", "variables": [["$z", 1], ["$c", "!a b!"]],
                "x": 1, "raw_transformation": "e_sepia"}),
            "if_w_gt_5,$a_w_div_2,$b_2,$z_1,$c_!a b!,x_1,e_sepia",
        ),
        (
            json!({"crop": null, "gravity": "", "x": 0, "unknown": 5, "$n": null}),
            "$n_null,x_0",
        ),
    ]);
}

#[test]
fn chains_steps_and_joins_names() {
    assert_writes(&[
        (json!("w_100,c_fill/e_sepia"), "w_100,c_fill/e_sepia"),
        (
            json!([{"width": 1}, {}, "e_sepia", [{"height": 2}]]),
            "w_1/e_sepia/h_2",
        ),
        (json!({"transformation": "named"}), "t_named"),
        (
            json!({"transformation": ["a", "b"], "width": 5}),
            "t_a.b,w_5",
        ),
        (
            json!({"transformation": ["a", {"width": 5}, null, "b"], "angle": 3}),
            "t_a/w_5/t_b/a_3",
        ),
        (
            json!({"transformation": {"width": 1, "transformation": {"x": 1}}}),
            "x_1/w_1",
        ),
        (
            json!({"responsive_width": true, "crop": "fill"}),
            "c_fill/c_limit,w_auto",
        ),
    ]);
}

#[test]
fn writes_what_has_a_form_of_its_own() {
    assert_writes(&[
        (json!({"size": "10x20", "width": 1}), "h_20,w_10"),
        (json!({"angle": ["auto", "hflip"]}), "a_auto.hflip"),
        (json!({"flags": ["a", "b"]}), "fl_a.b"),
        (json!({"fps": [24, 29.97]}), "fps_24-29.97"),
        (
            json!({"effect": ["tint", "width / 2"]}),
            "e_tint:width_div_2",
        ),
        (json!({"effect": {"sepia": 10}}), "e_sepia:10"),
        (
            json!({"background": "#fff", "color": "#000"}),
            "b_rgb:fff,co_rgb:000",
        ),
        (json!({"border": {"color": "#fff"}}), "bo_2px_solid_rgb:fff"),
        (json!({"border": "12"}), ""),
        (json!({"radius": [10, "width / 2"]}), "r_10:w_div_2"),
        (json!({"offset": "10%..20p"}), "eo_20p,so_10p"),
        (
            json!({"offset": [1, "idu - 5"], "start_offset": 9}),
            "eo_idu_sub_5,so_1",
        ),
        (json!({"offset": "auto..3"}), ""),
        (
            json!({"duration": "35%", "start_offset": ".5", "end_offset": "1."}),
            "du_35p,eo_1.,so_.5",
        ),
        (
            json!({"video_codec": {"codec": "h264", "profile": "high", "level": "3.1", "b_frames": false}}),
            "vc_h264:high:3.1:bframes_no",
        ),
        (
            json!({"custom_function": {"function_type": "remote", "source": "https://x/y?a=é"}}),
            "fn_remote:aHR0cHM6Ly94L3k_YT0lQzMlQTk",
        ),
        (
            json!({"custom_pre_function": {"function_type": "wasm", "source": "b.wasm"}}),
            "fn_pre:wasm:b.wasm",
        ),
    ]);
}

#[test]
fn writes_layers() {
    for (layer, text) in [
        (json!("logo"), "logo"),
        (
            json!("fetch:http://x.com/a b"),
            "fetch:aHR0cDovL3guY29tL2ElMjBi",
        ),
        (
            json!("video:fetch:https://x.com/v.mp4"),
            "video:fetch:aHR0cHM6Ly94LmNvbS92Lm1wNA==",
        ),
        (json!("text:Arial_20:a:fetch:b"), "text:Arial_20:a:fetch:b"),
        (
            json!({"public_id": "a/b/c", "format": "png", "type": "private"}),
            "private:a:b:c.png",
        ),
        (
            json!({"public_id": "cat", "resource_type": "video"}),
            "video:cat",
        ),
        (
            json!({"url": "http://x.com/%E2%82%AC"}),
            "fetch:aHR0cDovL3guY29tLyVFMiU4MiVBQw",
        ),
        (
            json!({"text": "a, b/c$(v1)$(v)(d)", "text_style": "st"}),
            "text:st:a%252C%20b%252Fc$(v1)%24%28v%29%28d%29",
        ),
        (
            json!({"text": "x", "font_family": "Open Sans", "font_size": 18, "line_spacing": 2, "stroke": "none",
                "letter_spacing": 1, "font_weight": "bold", "font_hinting": "full", "font_antialiasing": "best"}),
            "text:Open Sans_18_bold_letter_spacing_1_line_spacing_2_antialias_best_hinting_full:x",
        ),
        (
            json!({"resource_type": "subtitles", "public_id": "a/b.srt", "font_family": "Arial", "font_size": 40}),
            "subtitles:Arial_40:a:b.srt",
        ),
    ] {
        assert_eq!(super::layer(&layer).as_deref(), Ok(text), "{layer}");
    }
}

#[test]
fn refuses_a_layer_that_is_none() {
    for layer in [json!(null), json!([]), json!(true)] {
        let error = super::layer(&layer).unwrap_err();
        assert_eq!(
            error.to_string(),
            "layer: expected text or an object",
            "{layer}"
        );
    }
}

#[test]
fn refuses_what_it_cannot_write_and_names_the_key() {
    assert_refuses(&[
        (
            json!(null),
            "transformation: expected text, options or an array of them",
        ),
        (
            json!([5]),
            "transformation: expected text, options or an array of them",
        ),
        (json!({"crop": ["fill"]}), "crop: expected text or a number"),
        (
            json!({"radius": []}),
            "radius: expected one to four corners",
        ),
        (
            json!({"radius": [1, null]}),
            "radius: expected one to four corners",
        ),
        (
            json!({"radius": [1, 2, 3, 4, 5]}),
            "radius: expected one to four corners",
        ),
        (json!({"size": 10}), "size: expected text like \"100x50\""),
        (json!({"color": 5}), "color: expected a colour as text"),
        (
            json!({"border": {"color": 5}}),
            "border.color: expected a colour as text",
        ),
        (
            json!({"variables": {"$a": 1}}),
            "variables: expected an array of [\"$name\", value] pairs",
        ),
        (
            json!({"variables": [["$a"]]}),
            "variables: expected an array of [\"$name\", value] pairs",
        ),
        (
            json!({"video_codec": {"profile": "x"}}),
            "video_codec.codec: expected a codec's name",
        ),
        (
            json!({"custom_function": {"source": "x"}}),
            "custom_function: expected function_type and source as text",
        ),
        (
            json!({"overlay": true}),
            "overlay: expected text or an object",
        ),
        (json!({"overlay": {}}), "overlay: expected a public_id"),
        (
            json!({"underlay": {"resource_type": "text"}}),
            "underlay: expected a text or a public_id",
        ),
        (
            json!({"overlay": {"type": "fetch", "public_id": "x"}}),
            "overlay: expected a url",
        ),
        (
            json!({"overlay": {"public_id": 5}}),
            "overlay.public_id: expected text",
        ),
        (
            json!({"overlay": {"text": "x", "font_family": "Arial"}}),
            "overlay.font_size: expected a size, as the text has a style",
        ),
        (
            json!({"overlay": {"text": "x", "font_size": 5}}),
            "overlay.font_family: expected a font, as the text has a style",
        ),
        (
            json!({"transformation": [{"width": 1}, {"transformation": [{"radius": []}]}]}),
            "transformation[1].transformation[0].radius: expected one to four corners",
        ),
    ]);
}

#[test]
fn writes_eager_transformations_with_their_format() {
    for (value, text) in [
        (json!(null), ""),
        (json!("w_400"), "w_400"),
        (json!({"width": 1, "format": "png"}), "w_1/png"),
        (
            json!([{"width": 1, "format": ""}, "e_sepia", {"format": "jpg"}]),
            "w_1/|e_sepia|/jpg",
        ),
        (json!([[{"width": 1}, {"height": 2}]]), "w_1/h_2"),
    ] {
        assert_eq!(
            eager(&value, &UrlConfig::default()).as_deref(),
            Ok(text),
            "{value}"
        );
    }
}

#[test]
fn takes_defaults_from_the_configuration() {
    let responsive = json!({"responsive_width": true, "width": 1});
    for (defaults, options, text) in [
        (json!({"dpr": 2}), json!({"width": 1}), Ok("dpr_2,w_1")),
        (
            json!({"dpr": 2}),
            json!({"dpr": 3, "transformation": ["n", {}]}),
            Ok("dpr_2,t_n/dpr_2/dpr_3"),
        ),
        (
            json!({"dpr": 2}),
            responsive.clone(),
            Ok("dpr_2,w_1/c_limit,dpr_2,w_auto"),
        ),
        (
            json!({"responsive_width_transformation": {"crop": "fit", "width": "auto"}}),
            responsive.clone(),
            Ok("w_1/c_fit,w_auto"),
        ),
        (
            json!({"responsive_width": true, "responsive_width_transformation": "c_x"}),
            json!({"width": 1}),
            Ok("w_1/c_x"),
        ),
        (
            json!({"responsive_width": true}),
            json!({"responsive_width": false, "x": 1}),
            Ok("x_1"),
        ),
        (
            json!({"responsive_width": true}),
            json!({"width": 1}),
            Err(TransformationError::EndlessResponsiveWidth),
        ),
        (
            json!({"responsive_width": true, "responsive_width_transformation": {"crop": "fit"}}),
            responsive,
            Err(TransformationError::EndlessResponsiveWidth),
        ),
    ] {
        let written = from_value(&options, &config(&defaults));
        assert_eq!(written, text.map(str::to_owned), "{defaults} {options}");
    }
}

#[test]
fn refuses_unknown_keys_only_in_a_check() {
    for (options, message) in [
        (
            json!({"widht": 1}),
            "widht: not a transformation option, did you mean \"width\"?",
        ),
        (
            json!({"sign_url": true}),
            "sign_url: not a transformation option",
        ),
        (
            json!({"format": "png"}),
            "format: not a transformation option",
        ),
        (
            json!({"transformation": [{"width": 1}, {"croop": "fill"}]}),
            "transformation[1].croop: not a transformation option, did you mean \"crop\"?",
        ),
        (
            json!({"overlay": {"text": "x", "font_famly": "Arial"}}),
            "overlay.font_famly: not a layer option, did you mean \"font_family\"?",
        ),
        (
            json!({"border": {"colour": "red"}}),
            "border.colour: not a border option, did you mean \"color\"?",
        ),
        (
            json!({"video_codec": {"codec": "h264", "q": 1}}),
            "video_codec.q: not a codec option",
        ),
        (
            json!({"custom_function": {"type": "wasm"}}),
            "custom_function.type: not a function option",
        ),
        (
            json!({"responsive_width": "yes"}),
            "responsive_width: expected true or false",
        ),
        (
            json!({"offset": "1-2"}),
            "offset: expected a range such as \"1.5..3\", \"10%..20%\" or [1.5, 3]",
        ),
        (
            json!({"radius": []}),
            "radius: expected one to four corners",
        ),
    ] {
        let error = check_options(options.as_object().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), message, "{options}");
    }
    for (value, message) in [
        (
            json!({"widht": 1}),
            "widht: not a transformation option, did you mean \"width\"?",
        ),
        (
            json!(["w_1", {"hight": 1}]),
            "[1].hight: not a transformation option, did you mean \"height\"?",
        ),
        (
            json!([{"width": 1, "format": []}]),
            "format: expected text or a number",
        ),
    ] {
        let error = check_eager(&value).unwrap_err();
        assert_eq!(error.to_string(), message, "{value}");
    }
    let good = json!({"$w": 5, "width": "$w", "overlay": {"public_id": "a"}, "offset": [1, 2], "crop": null});
    assert_eq!(check_options(good.as_object().unwrap()), Ok(()));
    assert_eq!(check_eager(&json!([{"width": 1, "format": ""}])), Ok(()));
}

#[test]
fn keeps_url_options_and_names_out_of_the_steps() {
    let transformation = Transformation::new()
        .set("sign_url", true)
        .width(1)
        .then()
        .named("n")
        .variable("a", 2);
    let expected = json!({
        "transformation": [{"width": 1}, {"transformation": "n", "$a": 2}],
        "sign_url": true,
    });
    assert_eq!(
        transformation.to_text(&UrlConfig::default()).as_deref(),
        Ok("w_1/$a_2,t_n")
    );
    assert_eq!(Value::Object(transformation.into_options()), expected);
}

#[test]
fn refuses_nesting_without_end() {
    let step = |inner: Value| Value::Object(Map::from_iter([("transformation".to_owned(), inner)]));
    let array = |inner: Value| Value::Array(vec![inner]);
    let wraps: [&dyn Fn(Value) -> Value; 3] = [&array, &step, &|inner| array(step(inner))];
    for wrap in wraps {
        let value = (0..10_000).fold(json!({"width": 1}), |inner, _| wrap(inner));
        let written = from_value(&value, &UrlConfig::default());
        assert_eq!(written, Err(TransformationError::TooDeep));
        assert_eq!(check_eager(&value), Err(TransformationError::TooDeep));
        // Dropping it would overflow the stack by itself.
        std::mem::forget(value);
    }
}

/// Any JSON, with the keys that the language knows among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[ _$:|<>=!&*+/^a-z0-9-]{0,12}".prop_map(Value::from),
        "(fetch:|video:fetch:)?https?://[%a-f0-9é?#]{0,9}".prop_map(Value::from),
    ];
    let names: Vec<_> = crate::cloudinary::url_options::OptionKey::all()
        .map(|key| key.name().to_owned())
        .collect();
    let layer = [
        "text",
        "public_id",
        "url",
        "font_size",
        "font_family",
        "codec",
        "function_type",
        "source",
        "$x",
    ];
    let key = prop_oneof![
        3 => proptest::sample::select(names),
        2 => proptest::sample::select(layer.map(str::to_owned).to_vec()),
        1 => any::<String>(),
    ];
    leaf.prop_recursive(6, 48, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn never_panics_and_checks_only_more_strictly(value in any_json()) {
        let written = from_value(&value, &UrlConfig::default());
        let _ = super::layer(&value);
        let _ = eager(&value, &UrlConfig::default());
        if let Value::Object(options) = &value && check_options(options).is_ok() {
            prop_assert!(written.is_ok());
        }
    }

    #[test]
    fn a_short_expression_is_its_own_short_form(expression in "[a-z$ _0-9<>=&|+*/^:.-]{0,30}") {
        let short = normalize_expression(&expression);
        prop_assert!(!short.contains(' '));
        prop_assert!(!short.contains("__"));
    }
}
