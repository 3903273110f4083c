//! The first paint: what a form shows before its code is there, sent along with the campaign file to
//! the loaders that ask for it. It is the same view that the code paints later.

use axum::body::Bytes;
use standwith::campaign::Campaign;
use standwith::json::Writer;
use standwith::plan::EDITION;
use standwith::view;

use crate::language::locale;
use crate::packing::Packed;
use crate::signature::digest;

/// The media type by which a loader asks for it.
pub const MEDIA_TYPE: &str = "application/vnd.standwith.form";

/// What stands between the campaign file and the plan: no JSON holds it.
const NUL: &[u8] = b"\0";

/// A campaign file, to the letter, and after it the plan of its form in one language.
#[derive(Debug)]
pub struct Planned {
    /// The language (BCP 47).
    pub lang: String,
    /// The file, NUL, and `{"edition", "lang", "first"}` as JSON.
    pub bytes: Bytes,
    /// The same in smaller forms.
    pub packed: Packed,
    /// SHA-256 of the bytes, in base64url.
    pub digest: String,
}

impl Planned {
    /// The plan of a campaign, after the file that it is read from.
    pub fn new(campaign: &Campaign, file: &[u8]) -> Self {
        let mut plan = Writer::default();
        plan.object(|out| {
            out.key("edition").whole(i64::from(EDITION));
            out.key("lang").text(&campaign.lang);
            out.key("first").text(view::first(campaign, locale(&campaign.lang)).as_str());
        });
        let bytes: Bytes = [file, NUL, plan.finish().as_bytes()].concat().into();
        Planned {
            lang: campaign.lang.clone(),
            packed: Packed::of(&bytes),
            digest: digest(&bytes),
            bytes,
        }
    }
}
