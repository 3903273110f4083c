//! Who receives the messages, and which targets one message goes to.

use super::{Country, Id, Picture};
use crate::shape::{record, string_enum};

record! { read
    /// A recipient of messages.
    pub struct Target {
        /// Target id.
        id: Id,
        /// Name or form of address.
        name: String,
        /// Office held.
        office: String = String::new(),
        /// Institution of the office.
        organisation: String = String::new(),
        /// Country (ISO 3166-1 alpha-2).
        country: Option<Country> = None,
        /// E-mail address for delivery.
        email: String = String::new(),
        /// Picture of the target.
        picture: Option<Picture> = None,
        /// Supporters whose messages the target gets, if `targeting` is by country or postcode; default: all.
        filter: Filter = Filter::default(),
    }

    /// Filter of supporters by country and postcode; both must match.
    pub struct Filter {
        /// Countries of the supporters; default: all.
        countries: Vec<Country> = Vec::new(),
        /// Prefixes of the supporters' postcodes, without regard to case and spaces; default: all.
        postcodes: Vec<String> = Vec::new(),
    }

    /// Selection of the targets of one message.
    pub struct Targeting {
        /// Mode of selection.
        mode: TargetingMode = TargetingMode::All,
        /// Minimum number that a supporter chooses; default 1. By country or postcode, the message goes to all matching
        /// targets unless `least` or `most` is given.
        least: Option<u32> = None,
        /// Maximum number that a supporter chooses; default: all. With `random`, the number that is picked; default 1.
        most: Option<u32> = None,
        /// Ids of the targets for supporters whom no other target matches, by country or postcode.
        fallback: Vec<Id> = Vec::new(),
    }
}

string_enum! {
    /// Who chooses the targets of a message.
    pub enum TargetingMode: "\"all\", \"choose\", \"country\", \"postcode\" or \"random\"" {
        /// Nobody: the message goes to all.
        All = "all",
        /// The supporter.
        Choose = "choose",
        /// The supporter's country, after each target's filter.
        Country = "country",
        /// The supporter's postcode, after each target's filter.
        Postcode = "postcode",
        /// The lot.
        Random = "random",
    }
}
