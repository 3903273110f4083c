//! Who receives the messages, and which targets one message goes to.

use super::{Campaign, Country, Id, Picture};
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
        /// Rule of selection: `all` targets, those that the supporter chooses (`choose`), those whose `filter` matches
        /// the supporter's `country` or `postcode`, or a few at `random`.
        mode: TargetingMode = TargetingMode::All,
        /// Minimum number that a supporter chooses; default 1. By country or postcode, the message goes to all matching
        /// targets unless `least` or `most` is given.
        least: Option<u32> = None,
        /// Maximum number that a supporter chooses; default: all. With `random`, the number that is picked; default 1.
        most: Option<u32> = None,
        /// Ids of the targets for supporters whom no other target matches, by country or postcode.
        fallback: Vec<Id> = Vec::new(),
        /// Targets that are chosen at first, where supporters choose; default: `all` if all of them may be chosen.
        preselected: Preselected = Preselected::All,
    }
}

string_enum! {
    /// Rule that selects the targets of a message.
    pub enum TargetingMode: "\"all\", \"choose\", \"country\", \"postcode\" or \"random\"" {
        /// No selection: the message goes to all.
        All = "all",
        /// By the supporter.
        Choose = "choose",
        /// By the supporter's country and each target's filter.
        Country = "country",
        /// By the supporter's postcode and each target's filter.
        Postcode = "postcode",
        /// At random.
        Random = "random",
    }

    /// Which targets are chosen at first.
    pub enum Preselected: "\"all\" or \"none\"" {
        /// All of them, where all may be chosen.
        All = "all",
        /// None.
        None = "none",
    }
}

impl Campaign {
    /// Whether all targets are chosen at first: a single one, or all that may be chosen unless the campaign says otherwise.
    pub(crate) fn preselects(&self) -> bool {
        let (targeting, all) = (&self.targeting, self.targets.len() as u32);
        let may_choose_all = targeting.mode == TargetingMode::Choose
            && targeting.most.is_none_or(|most| most >= all);
        all == 1 || may_choose_all && targeting.preselected == Preselected::All
    }
}
