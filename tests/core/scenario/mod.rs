//! A form's session as a script: the events, one line each, and the resulting effects and view.
//!
//! ```text
//! Scenario::new(campaign()).filled().submit().does(&[Effect::Ask]).allow().prepare().sign()
//! ```
//!
//! A scenario plays the browser: it stores the session's last request and answers with that attempt's number; and it
//! renders, as the widget does, the regions that an event may have changed. After every event it checks the invariants.

pub(crate) mod seen;

use std::path::{Path, PathBuf};

use self::seen::{FieldView, Form, Rendered, Screen, Thanks, View};
use serde_json::{Value, json};
use standwith::action::{Claims, Source};
use standwith::campaign::{Campaign, CampaignFile, Preselected, Strictness, TargetingMode};
use standwith::envelope::{self, PublicKey};
use standwith::markup::{Markup, Node};
use standwith::session::{
    Dirty, Effect, Event, FormConfig, PageEvent, Reply, Session, ShareResult, SigningInputs,
};
use standwith::text::{Locale, Rules, compile};
use standwith::view::{self, REGIONS, Region};

/// The time of all events: seconds since 1970.
pub(crate) const NOW: i64 = 1_790_000_000;
/// The actions' address. Query and fragment are no part of `aud`.
pub(crate) const ENDPOINT: &str = "https://actions.invalid/campaigns/free-the-writer/actions?k=1#x";
/// The same without query and fragment.
pub(crate) const AUDIENCE: &str = "https://actions.invalid/campaigns/free-the-writer/actions";
/// The count's address.
pub(crate) const COUNT_URL: &str = "https://actions.invalid/campaigns/free-the-writer/count";
/// The signature of every key.
pub(crate) const SIGNATURE: [u8; 64] = [7; 64];

/// A form, its last effects, and all its page events.
pub(crate) struct Scenario {
    pub(crate) session: Session,
    pub(crate) locale: Locale,
    /// The effects of the last event.
    pub(crate) effects: Vec<Effect>,
    /// All page events so far.
    pub(crate) told: Vec<PageEvent>,
    /// The renderer's state.
    painted: Rendered,
    /// The texts to digest, while key and digests are requested.
    wordings: Option<Vec<String>>,
    /// The last text to sign.
    input: String,
    /// The attempt of the last signature or post.
    pub(crate) attempt: u32,
    /// The bodies of all posts.
    pub(crate) bodies: Vec<String>,
    /// Number of keys made.
    pub(crate) keys: u8,
}

/// The number, in the place of a key's, of signing inputs that were not requested.
pub(crate) const STRAY: u8 = 99;

/// A campaign with most features: three targets of which two may be chosen, a message with placeholders, and consents
/// of which one is for some countries.
pub(crate) fn campaign() -> Value {
    json!({
        "id": "free-the-writer",
        "title": "Free the writer",
        "story": "The **writer** is held.",
        "publisher": {
            "name": "Example Campaign",
            "url": "https://campaign.invalid/",
            "privacy_url": "https://campaign.invalid/privacy",
        },
        "languages": { "km": { "title": "សូមដោះលែងអ្នកនិពន្ធ" } },
        "targets": [
            { "id": "prime-minister", "name": "The Prime Minister" },
            { "id": "minister-of-justice", "name": "The Minister", "office": "Minister of Justice" },
            { "id": "embassy", "name": "The Embassy" },
        ],
        "targeting": { "mode": "choose", "least": 1, "most": 2 },
        "message": {
            "subjects": ["Please free the writer"],
            "body": "Please free the writer.\n\n{{given_name}} {{family_name}}",
            "min": 20,
            "max": 200,
        },
        "consents": [
            { "purpose": "updates", "wording": "Write to me.", "countries": ["GB", "KH"] },
            { "purpose": "delivery", "wording": "Pass my message on.", "required": true },
        ],
        "counter": { "goal": 5000 },
        "retention_days": 180,
    })
}

/// The campaign, changed by a JSON merge patch (RFC 7396).
pub(crate) fn campaign_with(patch: Value) -> Value {
    let mut campaign = campaign();
    merge(&mut campaign, patch);
    campaign
}

fn merge(under: &mut Value, patch: Value) {
    match (under, patch) {
        (Value::Object(under), Value::Object(patch)) => {
            for (key, value) in patch {
                match value {
                    Value::Null => drop(under.remove(&key)),
                    value => merge(under.entry(key).or_insert(Value::Null), value),
                }
            }
        }
        (under, patch) => *under = patch,
    }
}

/// A file of the checkout.
pub(crate) fn checkout(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The campaign file of the demonstration.
pub(crate) fn example() -> CampaignFile {
    let file = std::fs::read(checkout("www/campaigns/free-mech-dara.json")).unwrap();
    CampaignFile::parse(&file).unwrap()
}

/// The form's texts in a language: its catalogue, or English if it has none.
pub(crate) fn locale(lang: &str) -> Locale {
    match std::fs::read_to_string(checkout(&format!("www/locales/{lang}.json"))) {
        Ok(catalogue) => Locale::compiled(lang, &compile(&catalogue).unwrap(), Rules::PLAIN),
        Err(_) => Locale::english(Rules::PLAIN),
    }
}

/// A campaign from its file, in the file's first language.
pub(crate) fn read(file: &Value) -> Campaign {
    let file = CampaignFile::parse(&serde_json::to_vec(file).unwrap()).unwrap();
    let campaign = file.campaign(&file.languages()[0], Strictness::Strict);
    campaign.unwrap_or_else(|faults| panic!("{faults:#?}"))
}

/// The form config for this campaign.
pub(crate) fn config(campaign: Campaign) -> FormConfig {
    FormConfig {
        campaign,
        campaign_digest: digest("the file"),
        endpoint: ENDPOINT.to_owned(),
        count_url: COUNT_URL.to_owned(),
        page: "https://partner.invalid/article".to_owned(),
        source: Source {
            page: "https://partner.invalid".to_owned(),
            partner: "A partner".to_owned(),
            utm_source: "newsletter".to_owned(),
        },
        hosted: "https://actions.invalid/campaigns/free-the-writer".to_owned(),
        seed: 1,
        ..FormConfig::default()
    }
}

/// The public key for all messages.
pub(crate) fn key() -> PublicKey {
    PublicKey::p256(&envelope::encode(&[1; 32]), &envelope::encode(&[2; 32]))
}

/// The identity of the `n`th key.
pub(crate) fn jti(n: u8) -> String {
    envelope::encode(&[n; 16])
}

/// Replacement for SHA-256 of a wording.
pub(crate) fn digest(wording: &str) -> String {
    let mut digest = [0u8; 32];
    for (index, byte) in wording.bytes().enumerate() {
        digest[index % 32] = digest[index % 32].rotate_left(3) ^ byte;
    }
    envelope::encode(&digest)
}

/// The event of a signature that was made.
pub(crate) fn signed(attempt: u32) -> Event {
    Event::Signed { attempt, signature: envelope::encode(&SIGNATURE) }
}

impl Scenario {
    /// A form for a campaign file, in its first language.
    pub(crate) fn new(campaign: Value) -> Self {
        Scenario::of(config(read(&campaign)))
    }

    /// The example's form in one of its languages.
    pub(crate) fn example(lang: &str) -> Self {
        let campaign = example().campaign(lang, Strictness::Strict).unwrap();
        let mut flow = Scenario::of(config(campaign));
        flow.locale = locale(lang);
        flow.painted = Rendered::new(&flow.markup());
        flow
    }

    pub(crate) fn of(config: FormConfig) -> Self {
        Scenario::at(config, NOW)
    }

    pub(crate) fn at(config: FormConfig, now: i64) -> Self {
        let (session, effects) = Session::new(config, now);
        assert_eq!(session.changes(), Dirty::SCREEN);
        let locale = Locale::english(Rules::PLAIN);
        let mut flow = Scenario {
            painted: Rendered::new(&view::whole(&session, &locale, None)),
            session,
            locale,
            effects: Vec::new(),
            told: Vec::new(),
            wordings: None,
            input: String::new(),
            attempt: 0,
            bodies: Vec::new(),
            keys: 0,
        };
        flow.note(effects);
        flow
    }

    /// Sends an event to the session, renders, and checks the invariants.
    pub(crate) fn event(mut self, event: Event) -> Self {
        let effects;
        (self.session, effects) = self.session.update(event);
        self.note(effects);
        self.paint();
        if let Screen::Form(form) = self.view().screen {
            assert!(form.summary.is_none() || form.notice.is_none(), "summary and notice");
            assert_eq!(form.busy, self.session.state() == "sending");
        }
        self
    }

    /// The regions to render again after the last event.
    pub(crate) fn anew(&self) -> Vec<Region> {
        let changes = self.session.changes();
        REGIONS
            .into_iter()
            .filter(|(_, shows)| changes.touch(*shows))
            .map(|(part, _)| part)
            .collect()
    }

    /// Renders the regions that the last event may have changed, and asserts that the result equals rendering
    /// everything.
    fn paint(&mut self) {
        let whole = Rendered::new(&self.markup());
        if self.session.changes().touch(Dirty::SCREEN) {
            self.painted = whole.clone();
        }
        for part in self.anew() {
            self.painted.put(&view::part(&self.session, &self.locale, part));
        }
        assert_eq!(self.painted, whole);
        let expected: &[u8] = match self.session.state() {
            "closed" | "queued" => &[0],
            "sent" => &[Region::Share as u8, Region::Progress as u8],
            _ => &[
                0,
                1,
                2,
                3,
                Region::Letter as u8,
                4,
                Region::Ways as u8,
                5,
                Region::Public as u8,
                Region::OwnGovernment as u8,
                6,
                7,
                8,
                Region::Mail as u8,
            ],
        };
        let mut parts = whole.parts();
        // Targets that need no choice come after the details. No event changes their position.
        if let Some(at) = parts.windows(2).position(|pair| pair == [3, 2]) {
            assert!(!self.has_to_choose(), "the choice comes first");
            parts.swap(at, at + 1);
        }
        assert_eq!(parts, expected, "each region exists once");
    }

    /// Whether the supporter chooses, and no target is preselected.
    fn has_to_choose(&self) -> bool {
        let campaign = self.session.campaign();
        let (targeting, all) = (&campaign.targeting, campaign.targets.len() as u32);
        let is_fewer = targeting.most.is_some_and(|most| most < all);
        let none = targeting.preselected == Preselected::None;
        targeting.mode == TargetingMode::Choose && all > 1 && (none || is_fewer)
    }

    fn note(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            match effect {
                Effect::Prepare(wordings) => {
                    assert_eq!(self.wordings, None, "one preparation at a time");
                    self.wordings = Some(wordings.clone());
                }
                Effect::Sign { attempt, input } => {
                    (self.attempt, self.input) = (*attempt, input.clone());
                }
                Effect::Post { attempt, body, .. } => {
                    self.attempt = *attempt;
                    self.bodies.push(body.clone());
                }
                Effect::Wait { attempt, .. } => self.attempt = *attempt,
                Effect::Tell(report) => self.told.push(report.clone()),
                _ => {}
            }
        }
        self.effects = effects;
    }

    // The supporter's actions.

    pub(crate) fn enter(self, name: &str, value: &str) -> Self {
        self.event(Event::Entered { name: name.to_owned(), value: value.to_owned() })
    }

    pub(crate) fn tick(self, name: &str, value: &str) -> Self {
        self.set(name, value, true)
    }

    pub(crate) fn clear(self, name: &str, value: &str) -> Self {
        self.set(name, value, false)
    }

    fn set(self, name: &str, value: &str, ticked: bool) -> Self {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.event(Event::Ticked { name, value, ticked })
    }

    /// Fills in everything that this campaign asks for, and nothing else.
    pub(crate) fn filled(self) -> Self {
        self.tick("targets", "minister-of-justice")
            .enter("given_name", "ដារ៉ា")
            .enter("family_name", "មេឃ")
            .enter("email", "dara@example.org")
            .enter("country", "KH")
            .tick("consent_delivery", "on")
    }

    pub(crate) fn submit(self) -> Self {
        self.event(Event::Submitted { now: NOW })
    }

    pub(crate) fn share(self, channel: &str) -> Self {
        self.event(Event::Shared(channel.to_owned()))
    }

    pub(crate) fn act(self, what: &str) -> Self {
        self.event(Event::Acted(what.to_owned()))
    }

    pub(crate) fn leave(self, name: &str) -> Self {
        self.event(Event::Left(name.to_owned()))
    }

    pub(crate) fn reset(self) -> Self {
        self.event(Event::Reset)
    }

    // The page's and the browser's actions.

    pub(crate) fn allow(self) -> Self {
        self.event(Event::Allowed(true))
    }

    pub(crate) fn veto(self) -> Self {
        self.event(Event::Allowed(false))
    }

    /// Key, digests and identity are made, requested or not.
    pub(crate) fn prepare(mut self) -> Self {
        let wordings = self.wordings.take();
        let number = match &wordings {
            Some(_) => {
                self.keys += 1;
                self.keys
            }
            None => STRAY,
        };
        let key_state = SigningInputs {
            jti: jti(number),
            key: key(),
            digests: wordings.iter().flatten().map(|wording| digest(wording)).collect(),
        };
        self.event(Event::Prepared(key_state))
    }

    pub(crate) fn fail_to_prepare(mut self) -> Self {
        self.wordings = None;
        self.event(Event::NotPrepared)
    }

    pub(crate) fn sign(self) -> Self {
        let attempt = self.attempt;
        self.event(signed(attempt))
    }

    pub(crate) fn fail_to_sign(self) -> Self {
        let attempt = self.attempt;
        self.event(Event::NotSigned { attempt })
    }

    /// From the button to the post.
    pub(crate) fn send(self) -> Self {
        let flow = self.submit().allow();
        // Key and digests may exist since the first key press.
        let flow = if flow.wordings.is_some() { flow.prepare() } else { flow };
        flow.sign()
    }

    pub(crate) fn time(self) -> Self {
        self.event(Event::Time(NOW))
    }

    pub(crate) fn copied(self, result: ShareResult) -> Self {
        self.event(Event::Copied(result))
    }

    // The endpoint's actions.

    /// The count comes. That it is looked at again is left out of the effects.
    pub(crate) fn counted(self, body: &str) -> Self {
        let mut flow = self.event(Event::Counted(body.to_owned()));
        flow.effects.retain(|effect| !matches!(effect, Effect::CountLater { .. }));
        flow
    }

    /// The endpoint gives this answer, as many times as it is asked.
    pub(crate) fn reply(self, status: u16, body: &str, retry_after: Option<u32>) -> Self {
        self.answer(Some(Reply { status, body: body.to_owned(), retry_after }))
    }

    fn answer(self, reply: Option<Reply>) -> Self {
        let mut flow = self.answer_once(reply.clone());
        while flow.waits().is_some() {
            flow = flow.due().answer_once(reply.clone());
        }
        flow
    }

    /// The endpoint gives this answer once, or none.
    pub(crate) fn answer_once(self, reply: Option<Reply>) -> Self {
        let attempt = self.attempt;
        self.event(Event::Answered { attempt, reply })
    }

    /// The wait before the next attempt, in milliseconds.
    pub(crate) fn waits(&self) -> Option<u32> {
        self.effects.iter().find_map(|effect| match effect {
            Effect::Wait { milliseconds, .. } => Some(*milliseconds),
            _ => None,
        })
    }

    /// The wait before an outbox entry is sent again is over.
    pub(crate) fn due_kept(self) -> Self {
        let attempt = self.attempt;
        self.event(Event::Due { attempt })
    }

    /// Key and digests are made, if they were requested.
    pub(crate) fn prepare_if_asked(self) -> Self {
        if self.wordings.is_some() { self.prepare() } else { self }
    }

    /// The form asks the device to store the message, with this result.
    pub(crate) fn keep(self, stored: bool) -> Self {
        self.act("keep").event(Event::Stored(stored))
    }

    /// The wait before the next attempt is over.
    pub(crate) fn due(self) -> Self {
        let attempt = self.attempt;
        let mut flow = self.event(Event::Due { attempt });
        // A repeated post has the same bytes, and counts as one.
        let again = flow.bodies.pop();
        assert_eq!(again.as_ref(), flow.bodies.last());
        flow
    }

    /// The endpoint accepts the last message.
    pub(crate) fn accept(self, status: &str, count: i64) -> Self {
        let id = self.claims().jti;
        let body = json!({ "id": id, "status": status, "receipt": "a.b.c", "count": count });
        self.reply(201, &body.to_string(), None)
    }

    /// The endpoint rejects it with this problem.
    pub(crate) fn refuse(self, status: u16, problem: Value) -> Self {
        self.reply(status, &problem.to_string(), None)
    }

    /// No attempt gets an answer.
    pub(crate) fn silence(self) -> Self {
        self.answer(None)
    }

    // The view.

    pub(crate) fn markup(&self) -> Markup {
        view::whole(&self.session, &self.locale, None)
    }

    pub(crate) fn view(&self) -> View {
        seen::view(&self.markup(), &self.locale)
    }

    pub(crate) fn form(&self) -> Form {
        match self.view().screen {
            Screen::Form(form) => *form,
            other => panic!("no form but {other:?}"),
        }
    }

    pub(crate) fn thanks(&self) -> Thanks {
        match self.view().screen {
            Screen::Thanks(thanks) => *thanks,
            other => panic!("no thanks but {other:?}"),
        }
    }

    /// The names of all controls, from top to bottom.
    pub(crate) fn names(&self) -> Vec<String> {
        self.fields().into_iter().map(|field| field.name).collect()
    }

    pub(crate) fn fields(&self) -> Vec<FieldView> {
        self.form().sections.into_iter().flat_map(|section| section.fields).collect()
    }

    pub(crate) fn field(&self, name: &str) -> FieldView {
        let found = self.fields().into_iter().find(|field| field.name == name);
        found.unwrap_or_else(|| panic!("no field {name}"))
    }

    /// The value of a control, or the values that are ticked.
    pub(crate) fn value(&self, name: &str) -> String {
        self.field(name).control.value()
    }

    /// All visible text.
    pub(crate) fn text(&self) -> String {
        match self.markup().tree() {
            Node::Element(element) => seen::words(&element),
            _ => String::new(),
        }
    }

    /// Field errors: names and sentences, as the summary lists them.
    pub(crate) fn field_errors(&self) -> Vec<(String, String)> {
        self.form().summary.map(|summary| summary.items).unwrap_or_default()
    }

    /// The claims of the last text to sign.
    pub(crate) fn claims(&self) -> Claims {
        let compact = envelope::compact(&self.input, &SIGNATURE);
        envelope::open_action(&compact).unwrap().claims
    }

    // Assertions.

    /// Asserts that the last event had exactly these effects.
    #[track_caller]
    pub(crate) fn does(self, effects: &[Effect]) -> Self {
        assert_eq!(self.effects, effects);
        self
    }

    /// Asserts that the last event requested no key, and that no request for one is open.
    #[track_caller]
    pub(crate) fn does_not_prepare(self) -> Self {
        let prepares = self.effects.iter().any(|effect| matches!(effect, Effect::Prepare(_)));
        assert!(!prepares && self.wordings.is_none(), "{:?}", self.effects);
        self
    }

    #[track_caller]
    pub(crate) fn is(self, state: &str) -> Self {
        assert_eq!(self.session.state(), state);
        self
    }

    /// Asserts that these fields have errors, in the summary and at the fields.
    #[track_caller]
    pub(crate) fn wrong(self, names: &[&str]) -> Self {
        let listed: Vec<String> = self.field_errors().into_iter().map(|(name, _)| name).collect();
        assert_eq!(listed, names, "in the summary");
        let fields = self.fields().into_iter();
        let marked: Vec<String> =
            fields.filter(|field| !field.error.is_empty()).map(|field| field.name).collect();
        assert_eq!(marked, names, "at the fields");
        self
    }

    #[track_caller]
    pub(crate) fn holds(self, name: &str, value: &str) -> Self {
        assert_eq!(self.value(name), value, "{name}");
        self
    }

    /// Asserts the button's text, and that of the notice above it, if there is one.
    #[track_caller]
    pub(crate) fn says(self, button: &str, notice: Option<&str>) -> Self {
        let form = self.form();
        assert_eq!((form.button.as_str(), form.notice.as_deref()), (button, notice));
        self
    }
}
