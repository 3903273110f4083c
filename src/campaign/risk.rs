//! Settings of a campaign whose supporters may be at risk.

use super::{Country, Link};
use crate::json::{Json, Value, Writer};
use crate::shape::{Reading, Shape, record};

record! { read
    /// Details of a campaign that may endanger supporters. An empty object is enough to mark it.
    pub struct Risk {
        /// Countries whose residents are warned, in addition to those whose authorities are targets.
        own_government: Vec<Country> = Vec::new(),
        /// Links to advice on staying safe.
        advice: Vec<Link> = Vec::new(),
        /// Page that the quick exit opens. It should be unsuspicious; the default is a widely used search page.
        exit_url: String = "https://www.google.com/".to_owned(),
    }
}

/// Whether taking part may be dangerous, and the details if so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AtRisk(pub Option<Risk>);

impl Shape for AtRisk {
    fn fill(&mut self, json: &Json, reading: &mut Reading) {
        match json.value {
            Value::Bool(said) => self.0 = said.then(Risk::default),
            // An empty object also marks the campaign.
            Value::Object(_) => self.0.fill(json, reading),
            _ => reading.expected(json, "true, false or an object in braces"),
        }
    }
    fn schema(out: &mut Writer) {
        out.key("anyOf").list(|out| {
            out.object(bool::schema);
            out.object(Risk::schema);
        });
    }
}
