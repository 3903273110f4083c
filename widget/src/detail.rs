//! Objects for the page and the browser, derived by serde.

use serde::Serialize;
use wasm_bindgen::JsValue;

use standwith::session::PageEvent;

/// Converts a value to a JavaScript object.
pub(crate) fn to_js(value: &impl Serialize) -> JsValue {
    let serializer = serde_wasm_bindgen::Serializer::json_compatible();
    // Serializing these types cannot fail.
    value.serialize(&serializer).unwrap_or(JsValue::NULL)
}

/// The detail of `standwith:submit`.
#[derive(Serialize)]
pub(crate) struct Submit<'a> {
    pub(crate) campaign: &'a str,
}

/// The detail of `standwith:ready`.
#[derive(Serialize)]
pub(crate) struct Ready<'a> {
    pub(crate) campaign: &'a str,
    pub(crate) version: &'a str,
    pub(crate) lang: &'a str,
}

/// The detail of the other events. It has no member that could contain a supporter's input.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Detail<'a> {
    Start {},
    Invalid {
        fields: Vec<Field<'a>>,
    },
    Sent {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        status: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        count: Option<f64>,
    },
    Queued {
        id: &'a str,
    },
    Error {
        code: &'a str,
        retryable: bool,
    },
    Share {
        channel: &'a str,
    },
    Count {
        count: f64,
        #[serde(skip_serializing_if = "Option::is_none")]
        goal: Option<u32>,
    },
}

/// A field with an error.
#[derive(Serialize)]
pub(crate) struct Field<'a> {
    name: &'a str,
    code: &'a str,
}

/// An algorithm of WebCrypto.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Algorithm<'a> {
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) named_curve: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) iterations: Option<u32>,
}

/// The init of a request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RequestInit<'a> {
    pub(crate) method: &'a str,
    pub(crate) credentials: &'a str,
    pub(crate) referrer_policy: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) redirect: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) body: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) headers: Option<Headers<'a>>,
}

/// The headers of a request with a body.
#[derive(Serialize)]
pub(crate) struct Headers<'a> {
    #[serde(rename = "Content-Type")]
    pub(crate) content_type: &'a str,
}

/// The argument of `navigator.share`.
#[derive(Default, Serialize)]
pub(crate) struct Shared<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) title: &'a str,
    pub(crate) text: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(crate) url: &'a str,
}

/// A public key on P-256.
#[derive(Serialize)]
pub(crate) struct Jwk<'a> {
    pub(crate) kty: &'a str,
    pub(crate) crv: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
}

/// Options for formatting a date.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DateFormat<'a> {
    pub(crate) date_style: &'a str,
}

/// Options of a transaction: its durability.
#[derive(Serialize)]
pub(crate) struct Durability<'a> {
    pub(crate) durability: &'a str,
}

impl<'a> From<&'a PageEvent> for Detail<'a> {
    fn from(event: &'a PageEvent) -> Self {
        match event {
            PageEvent::Ready | PageEvent::Start => Detail::Start {},
            PageEvent::Invalid(fields) => {
                let fields = fields.iter().map(|(name, code)| Field { name, code });
                Detail::Invalid { fields: fields.collect() }
            }
            PageEvent::Sent { id, status, count } => {
                Detail::Sent { id: id.as_deref(), status, count: count.map(|count| count as f64) }
            }
            PageEvent::Queued { id } => Detail::Queued { id },
            PageEvent::Error { code, retryable } => Detail::Error { code, retryable: *retryable },
            PageEvent::Share(channel) => Detail::Share { channel },
            PageEvent::Count { count, goal } => Detail::Count { count: *count as f64, goal: *goal },
        }
    }
}
