//! What a mistyped name was meant to be.

/// Names less alike than this are not offered.
const LEAST_SIMILARITY: f64 = 0.8;

/// The candidate most like `name`, if one is alike at all.
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= LEAST_SIMILARITY)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// What an error says after an unknown name: the one that was probably meant.
pub(crate) fn did_you_mean(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!(", did you mean {name:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_the_name_that_was_meant() {
        let names = ["width", "height", "crop", "tags", "upload_preset", "eager"];
        for (typed, meant) in [
            ("widht", Some("width")),
            ("hight", Some("height")),
            ("upload_prest", Some("upload_preset")),
            ("tag", Some("tags")),
            ("Crop", Some("crop")),
            ("filename", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, names), meant, "{typed:?}");
        }
    }
}
