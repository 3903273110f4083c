//! What events tell the page. There is no place in it for what a person typed.

use serde::ser::{Serialize, SerializeMap, Serializer};
use wasm_bindgen::JsValue;

/// Members by name. Written as a map and not as a struct, whose keys would be kept in a table that
/// costs 2 KB.
pub(crate) struct Detail<'a>(pub(crate) &'a [(&'a str, Value<'a>)]);

/// A value in it.
pub(crate) enum Value<'a> {
    /// The member is left out.
    Nothing,
    Text(&'a str),
    Number(f64),
    Truth(bool),
    /// Names and codes.
    Fields(&'a [(String, String)]),
}

impl Detail<'_> {
    pub(crate) fn to_js(&self) -> JsValue {
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        // Nothing in it can fail.
        self.serialize(&serializer).unwrap_or(JsValue::NULL)
    }
}

impl Serialize for Detail<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in self.0 {
            if !matches!(value, Value::Nothing) {
                map.serialize_entry(name, value)?;
            }
        }
        map.end()
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Value::Nothing => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(text),
            Value::Number(number) => serializer.serialize_f64(number),
            Value::Truth(truth) => serializer.serialize_bool(truth),
            Value::Fields(fields) => serializer.collect_seq(fields.iter().map(Field)),
        }
    }
}

struct Field<'a>(&'a (String, String));

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (name, code) = self.0;
        Detail(&[("name", Value::Text(name)), ("code", Value::Text(code))]).serialize(serializer)
    }
}
