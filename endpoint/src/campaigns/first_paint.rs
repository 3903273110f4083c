//! The first paint: the markup that a form shows before its code is loaded. The endpoint sends it after the campaign
//! file to loaders that ask for it. It is the same view that the code renders later.

use axum::body::Bytes;
use standwith::campaign::Campaign;
use standwith::json::Writer;
use standwith::markup::EDITION;
use standwith::view;

use crate::compression::Packed;
use crate::language::locale;
use crate::signature::digest;

/// The media type by which a loader requests it.
pub const MEDIA_TYPE: &str = "application/vnd.standwith.form";

/// The separator between the campaign file and the first paint: JSON never contains it.
const NUL: &[u8] = b"\0";

/// A campaign file, byte for byte, and after it the first paint of its form in one language.
#[derive(Debug)]
pub struct FirstPaint {
    /// The language (BCP 47).
    pub lang: String,
    /// The file, NUL, and `{"edition", "lang", "first"}` as JSON.
    pub bytes: Bytes,
    /// The same in smaller forms.
    pub packed: Packed,
    /// SHA-256 of the bytes, in base64url.
    pub digest: String,
}

impl FirstPaint {
    /// The first paint of a campaign, after the file that it is read from.
    pub fn new(campaign: &Campaign, file: &[u8]) -> Self {
        let mut out = Writer::default();
        out.object(|out| {
            out.key("edition").whole(i64::from(EDITION));
            out.key("lang").text(&campaign.lang);
            out.key("first").text(view::first(campaign, locale(&campaign.lang)).as_str());
        });
        let bytes: Bytes = [file, NUL, out.finish().as_bytes()].concat().into();
        FirstPaint {
            lang: campaign.lang.clone(),
            packed: Packed::of(&bytes),
            digest: digest(&bytes),
            bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use standwith::campaign::{CampaignFile, Strictness};
    use standwith::json;

    #[test]
    fn a_form_recognises_every_first_paint_of_the_example() {
        let bytes = include_bytes!("../../../www/campaigns/free-mech-dara.json");
        let file = CampaignFile::parse(bytes).unwrap();
        for lang in file.languages() {
            let campaign = file.campaign(&lang, Strictness::Strict).unwrap();
            let painted = FirstPaint::new(&campaign, bytes);
            let text = std::str::from_utf8(&painted.bytes).unwrap();
            let plan = json::parse(text.split_once('\0').unwrap().1).unwrap();
            let first = plan.get("first").and_then(json::Json::text).unwrap();
            assert!(view::is_first(first, &campaign, &mut locale(&lang).clone()), "{lang}");
        }
    }
}
