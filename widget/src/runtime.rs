//! The mailbox of one form: receives events, updates the session, performs the effects and renders.
//! It holds the only mutable state.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use gloo_net::http::Method;
use wasm_bindgen::prelude::*;
use web_sys::{CryptoKey, Element, Event as DomEvent, EventTarget, HtmlElement, ShadowRoot};

use crate::browser;
use crate::detail::{Detail, Headers, Ready, RequestInit, Submit, to_js};
use crate::embed_context::EmbedContext;
use crate::listener::{Listener, forever, once};
use crate::outbox::{self, Found, Owner};
use crate::page::{self, Renderer};
use crate::task::spawn;
use crate::{proving, sealing, signing};
use standwith::answer::Outcome;
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::country;
use standwith::draft::seed_of_first;
use standwith::json::decimal;
use standwith::outbox::OutboxEntry;
use standwith::proof::LONGEST_WORK;
use standwith::session::{Dirty, Effect, Event, Focus, PageEvent, Session, ShareResult};
use standwith::shape::ConfigFault;
use standwith::text::Locale;
use standwith::view::{self, Region};

pub(crate) struct Runtime {
    host: HtmlElement,
    root: ShadowRoot,
    renderer: Renderer,
    locale: RefCell<Locale>,
    /// The text of the campaign file: a change of language reads it again.
    file: String,
    /// The loaded names of countries; empty before that.
    countries: RefCell<String>,
    /// How often the language has been switched.
    switches: Cell<u32>,
    /// Index of the language that was requested last.
    wanted: Cell<u32>,
    session: RefCell<Session>,
    /// The first effects, until [`begin`](Self::begin) performs them.
    first_effects: RefCell<Vec<Effect>>,
    /// Whether the first paint, if there was one, is that of this form.
    own: Cell<bool>,
    /// Whether an event is being processed, or the form has not begun: others wait in the mailbox.
    busy: Cell<bool>,
    mailbox: RefCell<Vec<Event>>,
    /// The private key of the current submission; not extractable from the browser.
    key: RefCell<Option<CryptoKey>>,
    /// Time that the device has spent on proofs since the submit button was pressed, in seconds.
    worked: Cell<i64>,
    /// Address that the thanks open automatically, unless the supporter does something before.
    next_page: RefCell<String>,
    listeners: RefCell<Vec<Listener>>,
    /// The state of the session after the last event.
    last_state: Cell<&'static str>,
}

impl Runtime {
    /// Makes a form that neither listens nor renders until it [begins](Self::begin).
    ///
    /// # Errors
    /// The faults of the campaign file.
    pub(crate) fn new(
        host: HtmlElement,
        root: ShadowRoot,
        renderer: Renderer,
        mut context: EmbedContext,
        file: &str,
        texts: &str,
    ) -> Result<Rc<Self>, Vec<ConfigFault>> {
        let (lang, mut seed, used) = context.first();
        let locale = Locale::compiled(&lang, texts, browser::RULES);
        let campaign = read(file, &locale)?;
        // A supporter who used the first paint saw its subject. All other random choices are made for each form.
        if used {
            seed = seed_of_first(&campaign, seed);
        }
        let keeps = host.get_attribute("draft").as_deref() == Some("session");
        let config = context.config(campaign, seed, keeps).ok_or_else(Vec::new)?;
        let (session, effects) = Session::new(config, browser::now());
        Ok(Rc::new(Runtime {
            renderer,
            host,
            root,
            locale: RefCell::new(locale),
            file: file.to_owned(),
            countries: RefCell::default(),
            switches: Cell::default(),
            wanted: Cell::new(0),
            session: RefCell::new(session),
            first_effects: RefCell::new(effects),
            own: Cell::new(true),
            busy: Cell::new(true),
            mailbox: RefCell::default(),
            key: RefCell::default(),
            worked: Cell::new(0),
            next_page: RefCell::default(),
            listeners: RefCell::default(),
            last_state: Cell::new("editing"),
        }))
    }

    pub(crate) fn state(&self) -> &'static str {
        // After a trap, the session may still be borrowed.
        self.session.try_borrow().map_or(self.last_state.get(), |session| session.state())
    }

    /// Whether an event is being processed.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.get()
    }

    /// Stops listening.
    pub(crate) fn abandon(&self) {
        if let Ok(mut listeners) = self.listeners.try_borrow_mut() {
            listeners.clear();
        }
    }

    /// Compares the markup that the loader rendered with this form's own first paint, because the file's server may
    /// have sent the first paint of another form.
    pub(crate) fn compare(&self, first: &str) {
        let (mut session, mut locale) = (self.session.borrow_mut(), self.locale.borrow_mut());
        self.own.set(view::is_first_of(first, session.campaign_mut(), &mut locale));
    }

    /// Renders the form with the input made before, and performs the first effects. Returns whether the form still
    /// equals its first paint, if there was one: then a press of a button on it is valid.
    pub(crate) fn begin(self: &Rc<Self>, pressed: bool) -> bool {
        let mut effects = self.first_effects.take();
        self.listen();
        if pressed {
            effects.append(&mut self.session.borrow_mut().take(Event::PressedEarly));
        }
        // Takes over earlier input. No event can come in between, so no press bypasses the comparison below.
        self.renderer.say();
        while let Some(event) = self.next() {
            effects.append(&mut self.session.borrow_mut().take(event));
        }
        let own = self.own.get();
        if !own {
            // Removes all of it, also state that is not in the markup.
            self.renderer.paint(".");
        }
        self.paint(Dirty::SCREEN);
        self.busy.set(false);
        effects.into_iter().for_each(|effect| self.perform(effect));
        let before = self.session.borrow().draft().clone();
        let attribute = |name| self.host.get_attribute(name).unwrap_or_default();
        if attribute("draft") == "session" {
            let kept = browser::kept(&self.kept_as());
            self.send(Event::Restored(kept));
        }
        let asks = |name: &str| self.session.borrow().asks_for(name);
        let values = browser::prefilled(&attribute("prefill"), asks);
        if !values.is_empty() {
            self.send(Event::Prefilled(values));
        }
        // A press is discarded if the form has changed since, by the campaign file, a link or a draft: the supporter
        // did not mean to send this. Ticks on this form's own first paint stay.
        let stands = own && self.session.borrow().is_as_first(&before);
        if !own || (pressed && !stands) {
            self.send(Event::Repainted { own, pressed });
        }
        // The rest runs in a separate task.
        browser::wait(0, &self.later(0, |runtime, _, _| runtime.complete()));
        stands
    }

    /// Starts the work that is not urgent: names of countries, the outbox, a suggestion for an address entered early.
    fn complete(self: &Rc<Self>) {
        self.name_countries();
        self.drain();
        self.on(&browser::window(), "online", |runtime, _| runtime.drain());
        self.send(Event::Left("email".to_owned()));
    }

    /// Adds the listeners for input.
    fn listen(self: &Rc<Self>) {
        for kind in ["input", "change"] {
            self.on(&self.root, kind, |runtime, event| {
                if let Some(event) = said(event) {
                    runtime.send(event);
                }
            });
        }
        self.on(&self.root, "focusin", |runtime, _| runtime.show_countries());
        self.on(&self.root, "click", Self::clicked);
        self.on(&self.root, "submit", |runtime, event| {
            event.prevent_default();
            runtime.submit();
        });
        self.on(&self.root, "focusout", |runtime, event| {
            if let Some(Event::Entered { name, .. }) = said(event) {
                runtime.send(Event::Left(name));
            }
        });
        self.on(&self.root, "change", |runtime, _| runtime.send(Event::Hidden));
        self.on(&browser::window(), "beforeprint", |runtime, _| browser::unfold(&runtime.root));
        self.on(&browser::window(), "pagehide", |runtime, _| {
            runtime.renderer.say();
            runtime.send(Event::Gone);
        });
    }

    /// Loads the names of the countries, if the form asks for one. English ones stand in for those that are missing; the
    /// browsers' differ, Chromium has none in Khmer, and asking for the first one takes a slow phone 0.1 s.
    fn name_countries(self: &Rc<Self>) {
        if !self.session.borrow().asks("country") {
            return;
        }
        let locale = self.locale.borrow();
        let Some((name, hash)) = locale.countries() else { return self.show_countries() };
        let done = self.later(self.switches.get(), |runtime, switches, came| {
            if switches != runtime.switches.get() {
                return;
            }
            let list = came.as_string().unwrap_or_else(|| country::ENGLISH.to_owned());
            runtime.countries.replace(list);
            runtime.show_countries();
        });
        self.renderer.load(name, hash, &done);
    }

    /// Fills lists of countries, unless the names are still loading.
    fn show_countries(&self) {
        let loaded = self.countries.borrow();
        let is_english = self.locale.borrow().countries().is_none();
        let list = if is_english { country::ENGLISH } else { &loaded };
        if !list.is_empty() {
            self.renderer.countries(list);
        }
    }

    /// Switches to the campaign's language with this index, whose texts have arrived.
    fn speak(self: &Rc<Self>, place: u32, texts: &str) {
        let lang = self.session.borrow().language(place as usize).to_owned();
        if !self.session.borrow().may_speak() {
            // Requested again, until the session may switch.
            return self.send(Event::Acted(["language-", &lang].concat()));
        }
        let other = Locale::compiled(&lang, texts, browser::RULES);
        let before = self.locale.replace(other);
        let Ok(campaign) = read(&self.file, &self.locale.borrow()) else {
            self.locale.replace(before);
            return;
        };
        self.send(Event::Spoken(Box::new(campaign)));
        self.countries.take();
        self.switches.set(self.switches.get() + 1);
        self.name_countries();
    }

    /// Adds one of the few listeners of a form, on its shadow root or the window.
    fn on(
        self: &Rc<Self>,
        target: &EventTarget,
        kind: &'static str,
        handle: fn(&Rc<Self>, &DomEvent),
    ) {
        let runtime = Rc::downgrade(self);
        self.listeners.borrow_mut().push(Listener::new(target, kind, move |event| {
            if let Some(runtime) = runtime.upgrade() {
                handle(&runtime, &event);
            }
        }));
    }

    /// Processes an event, and those in the mailbox. While another one is being processed, it only queues the event.
    pub(crate) fn send(self: &Rc<Self>, event: Event) {
        self.mailbox.borrow_mut().push(event);
        if self.busy.replace(true) {
            return;
        }
        let mut changes = Dirty::NOTHING;
        while let Some(event) = self.next() {
            let mut session = self.session.borrow_mut();
            let effects = session.take(event);
            self.last_state.set(session.state());
            changes = changes.and(session.changes());
            drop(session);
            // Effects that take long start before rendering.
            let mut seen = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Ask
                    | Effect::Prepare(_)
                    | Effect::Seal { .. }
                    | Effect::Sign { .. }
                    | Effect::Post { .. } => {
                        self.perform(effect);
                    }
                    _ => seen.push(effect),
                }
            }
            // The page has answered by now; its changes are rendered in the same pass.
            if !seen.is_empty() || self.mailbox.borrow().is_empty() {
                self.paint(std::mem::take(&mut changes));
            }
            seen.into_iter().for_each(|effect| self.perform(effect));
        }
        self.busy.set(false);
    }

    /// The oldest event in the mailbox.
    fn next(&self) -> Option<Event> {
        let mut mailbox = self.mailbox.borrow_mut();
        if mailbox.is_empty() { None } else { Some(mailbox.remove(0)) }
    }

    /// Renders what the events have changed.
    fn paint(&self, changes: Dirty) {
        if changes.touch(Dirty::SCREEN) {
            let markup = view::whole(&self.session.borrow(), &self.locale.borrow(), None);
            return self.renderer.paint(markup.as_str());
        }
        for (part, shows) in view::REGIONS {
            if changes.touch(shows) {
                self.patch(part);
            }
        }
    }

    fn patch(&self, part: Region) {
        let markup = view::part(&self.session.borrow(), &self.locale.borrow(), part);
        self.renderer.patch(markup.as_str());
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Tell(report) => self.tell(&report),
            Effect::Ask => {
                self.worked.set(0);
                let detail = to_js(&Submit { campaign: &self.campaign() });
                let allowed = self.dispatch("standwith:submit", &detail, true);
                self.send(Event::Allowed(allowed));
            }
            Effect::Prepare(wordings) => {
                let runtime = Rc::downgrade(self);
                spawn(async move {
                    let prepared = signing::prepare(wordings).await;
                    let Some(runtime) = runtime.upgrade() else { return };
                    runtime.send(prepared.map_or(Event::NotPrepared, |(key, inputs)| {
                        runtime.key.replace(Some(key));
                        Event::Prepared(inputs)
                    }));
                });
            }
            Effect::Sign { attempt, input } => {
                let (tell, key) = (self.teller(), self.key.borrow().clone());
                spawn(async move {
                    let signature = match key {
                        Some(key) => signing::sign(key, input).await,
                        None => None,
                    };
                    tell(match signature {
                        Some(signature) => Event::Signed { attempt, signature },
                        None => Event::NotSigned { attempt },
                    });
                });
            }
            Effect::Seal { attempt, plaintext, key } => {
                let tell = self.teller();
                spawn(async move {
                    let sealed = sealing::seal(plaintext, key).await;
                    tell(Event::Sealed { attempt, sealed });
                });
            }
            Effect::Prove { attempt, challenge, jti } => {
                let (tell, form) = (self.teller(), Rc::downgrade(self));
                let sender = form.clone();
                // The work stops when the form is gone.
                let wanted = move || sender.upgrade().is_some_and(|form| form.state() == "sending");
                spawn(async move {
                    let proof = Self::solve(form, challenge, jti, Box::new(wanted)).await;
                    tell(Event::Proved { attempt, proof });
                });
            }
            Effect::Post { attempt, url, body, content_type } => {
                let done = self.later(attempt, |runtime, attempt, came| {
                    runtime.send(Event::Answered { attempt, reply: browser::reply(came) });
                });
                fetch(&Method::POST, &url, Some((&body, content_type)), &done);
            }
            Effect::FetchCount(url) => {
                let done = self.later(0, |runtime, _, came| {
                    let body = browser::reply(came).map(|reply| reply.body);
                    runtime.send(Event::Counted(body.unwrap_or_default()));
                });
                fetch(&Method::GET, &url, None, &done);
            }
            Effect::CountLater { milliseconds } => {
                let due = self.later(milliseconds, |runtime, milliseconds, _| {
                    if browser::is_hidden() {
                        runtime.perform(Effect::CountLater { milliseconds });
                    } else {
                        runtime.send(Event::CountDue);
                    }
                });
                browser::wait(milliseconds, &due);
            }
            Effect::Copy(text) => {
                let tell = self.teller();
                spawn(async move {
                    tell(Event::Copied(match browser::copy(&text).await {
                        Some(_) => ShareResult::Copied,
                        None => ShareResult::NotCopied,
                    }));
                });
            }
            Effect::AskTime => self.send(Event::Time(browser::now())),
            Effect::Share { title, text, url } => browser::share(&title, &text, &url),
            Effect::Store(kept) => {
                let tell = self.teller();
                spawn(async move { tell(Event::Stored(outbox::store(&kept).await)) });
            }
            Effect::Discard(key) => spawn(outbox::discard(key)),
            Effect::Release(entry) => spawn(outbox::release(entry)),
            Effect::PostEntry { entry, proof } => self.post_entry(entry, &proof),
            Effect::ProveEntry { entry, challenge } => self.prove_entry(entry, challenge),
            Effect::Drain => self.drain(),
            Effect::Wait { attempt, milliseconds } => {
                let due = self.later(attempt, |runtime, attempt, _| {
                    runtime.send(Event::Due { attempt });
                });
                browser::wait(milliseconds, &due);
            }
            Effect::Lead(url) => self.lead(url),
            Effect::Focus(focus) => self.renderer.focus(match focus {
                Focus::Summary => view::SUMMARY,
                Focus::Notice => view::NOTICE,
                Focus::Thanks => view::THANKS,
                Focus::Receipt => view::RECEIPT,
                Focus::Mail => view::MAIL,
                Focus::OutboxEntry => view::KEPT,
                Focus::Email => "email",
            }),
            Effect::Leave(url) => browser::leave(&url),
            Effect::Keep(kept) => browser::keep(&self.kept_as(), Some(&kept)),
            Effect::Forget => browser::keep(&self.kept_as(), None),
            Effect::Speak { lang, place } => {
                self.wanted.set(place);
                let done = self.later(place, |runtime, place, came| {
                    // Of several requested languages, the last one counts.
                    if runtime.wanted.get() == place {
                        match came.as_string() {
                            Some(texts) => runtime.speak(place, &texts),
                            None => runtime.send(Event::NotSpoken),
                        }
                    }
                });
                self.renderer.load(&lang, "", &done);
            }
        }
    }

    /// A function that sends an event to the session, as long as the form exists.
    fn teller(self: &Rc<Self>) -> impl Fn(Event) + use<> {
        let runtime = Rc::downgrade(self);
        move |event| {
            if let Some(runtime) = runtime.upgrade() {
                runtime.send(event);
            }
        }
    }

    /// Sends the outbox entries of this campaign.
    fn drain(self: &Rc<Self>) {
        let runtime = Rc::downgrade(self);
        let form = runtime.clone();
        let owner = move |kept: &OutboxEntry| {
            let Some(form) = form.upgrade() else { return Owner::Other };
            let session = form.session.borrow();
            if !session.queues_here() && kept.campaign == session.campaign_id() {
                Owner::Deletes
            } else if session.owns(kept) {
                Owner::Sends
            } else {
                Owner::Other
            }
        };
        spawn(async move {
            let found = outbox::claim(owner).await;
            match (runtime.upgrade(), found) {
                (Some(runtime), Some(Found { kept, mine, expired })) => {
                    runtime.send(Event::Found { kept, expired, mine });
                }
                (Some(runtime), None) => runtime.send(Event::Stored(false)),
                // The form is gone: its claims are released, so that the next one can send them.
                (None, Some(Found { mine, .. })) => {
                    mine.into_iter().for_each(|entry| spawn(outbox::release(entry)));
                }
                (None, None) => {}
            }
        });
    }

    /// Posts an outbox entry, with this proof of work, if there is one.
    fn post_entry(self: &Rc<Self>, kept: OutboxEntry, proof: &str) {
        let (url, content_type) = self.session.borrow().destination(proof);
        let (runtime, proved) = (Rc::downgrade(self), !proof.is_empty());
        let body = kept.body.clone();
        let done = once(move |came| {
            let outcome = browser::outcome(&came, &kept.jti);
            match runtime.upgrade() {
                Some(runtime) => runtime.send(Event::Drained { kept, proved, outcome }),
                // The form is gone.
                None if matches!(outcome, Outcome::Accepted(_)) => {
                    spawn(outbox::discard(kept.key()))
                }
                None => spawn(outbox::release(kept)),
            }
        });
        fetch(&Method::POST, &url, Some((&body, content_type)), &done);
    }

    /// Makes the proof of work for an outbox entry, while no other tab may send it.
    fn prove_entry(self: &Rc<Self>, entry: OutboxEntry, challenge: String) {
        let runtime = Rc::downgrade(self);
        let (form, sender, mine) = (runtime.clone(), runtime.clone(), entry.clone());
        let wanted = move || sender.strong_count() > 0 && mine.may_be_posted(browser::now());
        let jti = entry.jti.clone();
        spawn(async move {
            let proof = Self::solve(form, challenge, jti, Box::new(wanted)).await;
            match runtime.upgrade() {
                Some(runtime) => runtime.send(Event::EntryProved { entry, proof }),
                None => outbox::release(entry).await,
            }
        });
    }

    /// Solves a challenge, as long as it is `wanted` and the total work is below [`LONGEST_WORK`], because an endpoint
    /// may ask repeatedly. Returns `None` otherwise.
    async fn solve(
        form: Weak<Self>,
        challenge: String,
        jti: String,
        wanted: Box<dyn Fn() -> bool>,
    ) -> Option<String> {
        let (begun, left) = (browser::now(), LONGEST_WORK - form.upgrade()?.worked.get());
        let wanted = Box::new(move || browser::now() - begun < left && wanted());
        let proof = proving::solve(challenge, jti, wanted).await;
        if let Some(form) = form.upgrade() {
            form.worked.set(form.worked.get() + browser::now() - begun);
        }
        proof
    }

    /// Opens another page after 3 s, unless the supporter does anything before.
    fn lead(self: &Rc<Self>, url: String) {
        self.next_page.replace(url);
        let runtime = Rc::downgrade(self);
        let stay = forever(move || {
            if let Some(runtime) = runtime.upgrade() {
                runtime.next_page.take();
            }
        });
        for kind in ["pointerdown", "keydown", "wheel"] {
            browser::overhear(kind, &stay);
        }
        let go = self.later(0, |runtime, _, _| {
            let url = runtime.next_page.take();
            // The thanks may no longer be shown.
            if !url.is_empty() && runtime.state() == "sent" {
                browser::go(&url);
            }
        });
        browser::wait(3000, &go);
    }

    /// A callback for a result. It does nothing if the element is gone by then, and it does not keep the form alive.
    fn later(
        self: &Rc<Self>,
        attempt: u32,
        then: fn(&Rc<Self>, attempt: u32, came: &JsValue),
    ) -> JsValue {
        let runtime = Rc::downgrade(self);
        once(move |came| {
            if let Some(runtime) = runtime.upgrade() {
                then(&runtime, attempt, &came);
            }
        })
    }

    fn tell(self: &Rc<Self>, event: &PageEvent) {
        let kind = match event {
            PageEvent::Ready => {
                let (campaign, version) = (&self.campaign(), env!("CARGO_PKG_VERSION"));
                let lang = self.locale.borrow().lang.clone();
                let detail = to_js(&Ready { campaign, version, lang: &lang });
                self.dispatch("standwith:ready", &detail, false);
                if browser::shares() {
                    self.send(Event::CanShare);
                }
                return;
            }
            PageEvent::Start => "standwith:start",
            PageEvent::Invalid(_) => "standwith:invalid",
            PageEvent::Sent { .. } => "standwith:sent",
            PageEvent::Queued { .. } => "standwith:queued",
            PageEvent::Error { .. } => "standwith:error",
            PageEvent::Share(_) => "standwith:share",
            PageEvent::Count { .. } => "standwith:count",
        };
        self.dispatch(kind, &to_js(&Detail::from(event)), false);
    }

    /// Key of the draft in the tab's storage.
    fn kept_as(&self) -> String {
        let before = decimal(browser::alike_before(&self.host).into());
        ["standwith:", &self.campaign(), ":", &before].concat()
    }

    fn campaign(&self) -> String {
        self.session.borrow().campaign_id().to_owned()
    }

    /// Dispatches an event on the element. Returns whether it was not cancelled.
    fn dispatch(&self, kind: &str, detail: &JsValue, cancelable: bool) -> bool {
        browser::dispatch(&self.host, kind, detail, cancelable)
    }

    fn clicked(self: &Rc<Self>, event: &DomEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let within = |selector| target.as_ref().and_then(|t| t.closest(selector).ok().flatten());
        if within("[type=submit]").is_some() {
            // A sandboxed frame may get no `submit`, but it always gets a click, also for Enter.
            event.prevent_default();
            self.submit();
        } else if let Some(channel) = within("[data-share]") {
            let channel = channel.get_attribute("data-share").unwrap_or_default();
            self.send(Event::Shared(channel));
        } else if let Some(actor) = within("[data-act]") {
            event.prevent_default();
            // As on sending, because some password managers fill controls without an event.
            self.renderer.say();
            self.send(Event::Acted(actor.get_attribute("data-act").unwrap_or_default()));
        } else if let Some(link) = within("a[href^=\"#\"]") {
            // The link must not change the page's address.
            event.prevent_default();
            let id = link.get_attribute("href").unwrap_or_default();
            self.renderer.focus(id.strip_prefix('#').unwrap_or_default());
        }
    }

    pub(crate) fn reset(self: &Rc<Self>) {
        // Values without an event must be emptied, too.
        self.renderer.say();
        self.send(Event::Reset);
        self.show_countries();
    }

    fn submit(self: &Rc<Self>) {
        self.renderer.say();
        self.send(Event::Submitted { now: browser::now() });
    }
}

/// Sends a request, with or without a body of a media type. By address and options, not by gloo-net's builder: a page
/// may have replaced `Request` and `Headers`, and the builder's query parameters cost 1,900 bytes (brotli).
fn fetch(method: &Method, url: &str, body: Option<(&str, &str)>, done: &JsValue) {
    let init = to_js(&RequestInit {
        method: method.as_ref(),
        credentials: "omit",
        referrer_policy: "no-referrer",
        // A message goes only to the address in the campaign file.
        redirect: body.map(|_| "error"),
        body: body.map(|(body, _)| body),
        headers: body.map(|(_, content_type)| Headers { content_type }),
    });
    browser::post(url, &init, done);
}

/// The campaign of a file, in the form's language.
fn read(file: &str, locale: &Locale) -> Result<Campaign, Vec<ConfigFault>> {
    let file = CampaignFile::read(file).map_err(|fault| vec![fault])?;
    file.into_campaign(&locale.lang, Strictness::Lenient)
}

/// The event for the value of the control that a DOM event is about.
fn said(event: &DomEvent) -> Option<Event> {
    page::read(&event.target()?.dyn_into().ok()?)
}
