//! Frames that may show the hosted page. Only the endpoint reads this: the widget is never in such a frame by itself.

use crate::shape::record;

record! { read
    /// Other sites' frames for the hosted page.
    pub struct Embed {
        /// Origins whose pages may show the hosted page with `?embed` in a frame, such as `https://example.org`. Without
        /// any, no page may.
        origins: Vec<String> = Vec::new(),
    }
}
