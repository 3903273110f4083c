//! Sharing and the next step after sending.

use crate::shape::{record, string_enum};

record! { read
    /// Sharing.
    pub struct Share {
        /// Text to share.
        text: String,
        /// URL to share; default: the page.
        url: String = String::new(),
        /// Channels offered, in this order; default: all.
        channels: Vec<Channel> = Vec::new(),
        /// Texts for single channels.
        texts: ShareTexts = ShareTexts::default(),
    }

    /// Texts for single channels; `text` is used for the others.
    pub struct ShareTexts {
        /// Text for WhatsApp.
        whatsapp: String = String::new(),
        /// Text for Telegram.
        telegram: String = String::new(),
        /// Text to copy for Signal.
        signal: String = String::new(),
        /// Text for Bluesky.
        bluesky: String = String::new(),
        /// Text for X.
        x: String = String::new(),
        /// Text for e-mail.
        email: String = String::new(),
        /// Text to copy to the clipboard.
        copy: String = String::new(),
        /// Text for the browser's share dialog.
        more: String = String::new(),
    }

    /// The next step after sending.
    pub struct Next {
        /// Text of the link.
        label: String,
        /// Address of the link.
        url: String,
        /// Whether the page goes there automatically some seconds after the thanks, unless the supporter interacts.
        redirect: bool = false,
    }
}

string_enum! {
    /// Channel for sharing.
    pub enum Channel: "\"whatsapp\", \"telegram\", \"signal\", \"bluesky\", \"facebook\", \"x\", \"email\", \"copy\" or \"more\"" {
        /// A message in WhatsApp.
        Whatsapp = "whatsapp",
        /// A message in Telegram.
        Telegram = "telegram",
        /// A text to paste into Signal, which has no address for it.
        Signal = "signal",
        /// A post on Bluesky.
        Bluesky = "bluesky",
        /// A post on Facebook, which accepts the address only.
        Facebook = "facebook",
        /// A post on X.
        X = "x",
        /// An e-mail.
        Email = "email",
        /// A text to paste.
        Copy = "copy",
        /// The browser's share dialog, if it has one.
        More = "more",
    }
}
