//! `text::*` at the gateway: what may be shown to people, in the model that an enrolment gives (push-v1 section 2).

use super::sender::{Kind, Sender};

/// Enrols a phone of this model.
fn model(model: &str) -> String {
    let mut sender = Sender::new(Kind::Enrol);
    sender.claims["dev"]["model"] = model.into();
    sender.send(&sender.good())
}

macro_rules! models {
    ($($name:ident => $verdict:literal, $model:expr;)*) => {$(
        #[test]
        fn $name() {
            assert_eq!(model($model), $verdict);
        }
    )*};
}

models! {
    bidi => "400 malformed", "Pixel \u{202e}9";
    newline => "400 malformed", "Pixel\n9";
    c1 => "400 malformed", "Pixel\u{85}9";
    soft_hyphen => "400 malformed", "Pix\u{ad}el";
    zero_width => "400 malformed", "Pix\u{200b}el";
    tag_chars => "400 malformed", "Pixel\u{e0041}";
    empty => "400 malformed", "";
    too_long => "400 malformed", &"é".repeat(65);
    zwj => "201", "👩\u{200d}💻";
    astral_64 => "201", &"𝒜".repeat(64);
    markup_shown_as_text => "201", "<b>Pixel</b>";
}
