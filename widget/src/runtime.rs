//! The mailbox of one form: takes events in, updates the session, performs the effects and paints.
//! It holds the only state that changes.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};

use gloo_net::http::{Method, RequestBuilder};
use js_sys::Array;
use wasm_bindgen::prelude::*;
use web_sys::{
    Element, Event as DomEvent, HtmlElement, ReferrerPolicy, Request, RequestCredentials,
    ShadowRoot,
};

use crate::browser;
use crate::detail::{Detail, Value};
use crate::listener::Listener;
use crate::page::{self, Painter};
use standwith::country;
use standwith::envelope::PublicKey;
use standwith::session::{
    Changes, Effect, Event, Focus, Materials, Report, Session, Setting, ShareResult,
};
use standwith::text::Locale;
use standwith::view::{self, Part};

pub(crate) struct Runtime {
    host: HtmlElement,
    painter: Painter,
    locale: RefCell<Locale>,
    campaign: String,
    session: RefCell<Session>,
    /// Whether an event is worked on: others wait in the mailbox.
    busy: Cell<bool>,
    mailbox: RefCell<Vec<Event>>,
    /// Whether the widget's second half is there.
    complete: Cell<bool>,
    /// What is to be done when it is.
    waiting: RefCell<Vec<Effect>>,
    /// The private key of the message on its way: it can't be taken out of the browser.
    key: RefCell<JsValue>,
    listeners: OnceCell<Vec<Listener>>,
}

impl Runtime {
    /// Takes over what is painted, or paints the form, and begins to listen.
    pub(crate) fn start(
        host: HtmlElement,
        root: &ShadowRoot,
        painter: Painter,
        painted: bool,
        setting: Setting,
        locale: Locale,
    ) -> Rc<Self> {
        let campaign = setting.campaign.id.0.clone();
        let (session, effects) = Session::new(setting, browser::now());
        let runtime = Rc::new(Runtime {
            painter,
            host,
            locale: RefCell::new(locale),
            campaign,
            session: RefCell::new(session),
            busy: Cell::new(false),
            mailbox: RefCell::default(),
            complete: Cell::new(false),
            // Nor before a page that hears of the form finds it in its element.
            waiting: RefCell::new(effects),
            key: RefCell::new(JsValue::UNDEFINED),
            listeners: OnceCell::new(),
        });
        if painted {
            view::WRITTEN.into_iter().for_each(|part| runtime.patch(part));
        } else {
            runtime.paint(Changes::SCREEN);
        }
        // Set once, here.
        let _ = runtime.listeners.set(listeners(root, Rc::downgrade(&runtime)));
        runtime
    }

    pub(crate) fn state(&self) -> &'static str {
        // Nobody asks while it is painted.
        self.session.try_borrow().map_or("", |session| session.state())
    }

    /// The widget's second half is there: from now on the form does all that it can.
    pub(crate) fn complete(self: &Rc<Self>, texts: &str) {
        self.locale.borrow_mut().learn(texts);
        // The first plan is another's word for what there is to see.
        self.paint(Changes::SCREEN);
        self.complete.set(true);
        self.waiting.take().into_iter().for_each(|effect| self.perform(effect));
        self.work();
    }

    /// Takes an event in. While another one is worked on, it waits for its turn.
    pub(crate) fn send(self: &Rc<Self>, event: Event) {
        self.mailbox.borrow_mut().push(event);
        self.work();
    }

    fn work(self: &Rc<Self>) {
        if self.busy.replace(true) {
            return;
        }
        let mut changes = Changes::NOTHING;
        while let Some(event) = self.next() {
            let mut session = self.session.borrow_mut();
            let effects = session.take(event);
            changes = changes.and(session.changes());
            drop(session);
            if !self.complete.get() {
                self.waiting.borrow_mut().extend(effects);
                self.paint(std::mem::take(&mut changes));
                continue;
            }
            // What has a way to go begins before anything is painted.
            let mut seen = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Ask
                    | Effect::Prepare(_)
                    | Effect::Sign { .. }
                    | Effect::Post { .. } => {
                        self.perform(effect);
                    }
                    _ => seen.push(effect),
                }
            }
            // The page has answered by now: what that changed is painted along.
            if !seen.is_empty() || self.mailbox.borrow().is_empty() {
                self.paint(std::mem::take(&mut changes));
            }
            seen.into_iter().for_each(|effect| self.perform(effect));
        }
        self.busy.set(false);
    }

    /// The event that has waited longest, if its time has come.
    fn next(&self) -> Option<Event> {
        let mut mailbox = self.mailbox.borrow_mut();
        let next = mailbox.first()?;
        let ripe = self.complete.get() || self.session.borrow().is_writing(next);
        ripe.then(|| mailbox.remove(0))
    }

    /// Shows what events have changed.
    fn paint(&self, changes: Changes) {
        if changes.touch(Changes::SCREEN) {
            let plan = view::whole(&self.session.borrow(), &self.locale.borrow(), None);
            return self.painter.paint(plan.as_str());
        }
        for (part, shows) in view::PARTS {
            // Most parts are for the second half, which paints them all when it comes.
            if changes.touch(shows) && (self.complete.get() || view::WRITTEN.contains(&part)) {
                self.patch(part);
            }
        }
    }

    fn patch(&self, part: Part) {
        let plan = view::part(&self.session.borrow(), &self.locale.borrow(), part);
        self.painter.patch(plan.as_str());
    }

    #[inline(never)]
    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Tell(report) => self.tell(&report),
            Effect::Ask => {
                let detail = [("campaign", Value::Text(&self.campaign))];
                let allowed = self.dispatch("standwith:submit", &detail, true);
                self.send(Event::Allowed(allowed));
            }
            Effect::Prepare(wordings) => {
                let done = self.later(0, |runtime, _, came| {
                    let event = runtime.prepared(came).map_or(Event::NotPrepared, Event::Prepared);
                    runtime.send(event);
                });
                browser::prepare(wordings, &done);
            }
            Effect::Sign { attempt, input } => {
                let done = self.later(attempt, |runtime, attempt, came| {
                    runtime.send(match came.as_string() {
                        Some(signature) => Event::Signed { attempt, signature },
                        None => Event::NotSigned { attempt },
                    });
                });
                browser::sign(&self.key.borrow(), &input, &done);
            }
            Effect::Post { attempt, url, body, content_type } => {
                let request = request(Method::POST, &url).header("Content-Type", content_type);
                let done = self.later(attempt, |runtime, attempt, came| {
                    runtime.send(Event::Answered { attempt, reply: browser::reply(came) });
                });
                fetch(request.body(body).ok(), &done);
            }
            Effect::FetchCount(url) => {
                let done = self.later(0, |runtime, _, came| {
                    if let Some(reply) = browser::reply(came) {
                        runtime.send(Event::Counted(reply.body));
                    }
                });
                fetch(request(Method::GET, &url).build().ok(), &done);
            }
            Effect::Copy(text) => {
                let done = self.later(0, |runtime, _, came| {
                    runtime.send(Event::Copied(match came.is_truthy() {
                        true => ShareResult::Copied,
                        false => ShareResult::NotCopied,
                    }));
                });
                browser::copy(&text, &done);
            }
            Effect::AskTime => self.send(Event::Time(browser::now())),
            Effect::Share { title, text, url } => browser::share(&title, &text, &url),
            Effect::Lead(url) => browser::lead(&url, &self.host),
            Effect::Focus(focus) => self.painter.focus(match focus {
                Focus::Summary => view::SUMMARY,
                Focus::Notice => view::NOTICE,
                Focus::Thanks => view::THANKS,
                Focus::Receipt => view::RECEIPT,
                Focus::Mail => view::MAIL,
            }),
            Effect::Leave(url) => browser::leave(&url),
        }
    }

    /// What is to be called when something has come. Nobody hears of it when the element is gone by
    /// then, and the form lives no longer for its sake.
    fn later(
        self: &Rc<Self>,
        attempt: u32,
        then: fn(&Rc<Self>, attempt: u32, came: &JsValue),
    ) -> JsValue {
        let runtime = Rc::downgrade(self);
        Closure::once_into_js(move |came: JsValue| {
            if let Some(runtime) = runtime.upgrade() {
                then(&runtime, attempt, &came);
            }
        })
    }

    /// Keeps the private half of a key that came, and gives all else that signing needs.
    fn prepared(&self, came: &JsValue) -> Option<Materials> {
        let came = came.dyn_ref::<Array>()?;
        let text = |index| came.get(index).as_string();
        let materials = Materials {
            key: PublicKey::p256(&text(1)?, &text(2)?),
            jti: text(3)?,
            digests: (4..came.length()).filter_map(text).collect(),
        };
        self.key.replace(came.get(0));
        Some(materials)
    }

    fn tell(self: &Rc<Self>, report: &Report) {
        let whole = |number: i64| Value::Number(number as f64);
        match report {
            Report::Ready => {
                self.announce(
                    "standwith:ready",
                    &[
                        ("campaign", Value::Text(&self.campaign)),
                        ("version", Value::Text(env!("CARGO_PKG_VERSION"))),
                        ("lang", Value::Text(&self.locale.borrow().lang)),
                    ],
                );
                // Said here, because the second half is there now: the first has no use for it.
                if browser::shares() {
                    self.send(Event::CanShare);
                }
            }
            Report::Start => self.announce("standwith:start", &[]),
            Report::Invalid(fields) => {
                self.announce("standwith:invalid", &[("fields", Value::Fields(fields))]);
            }
            Report::Sent { id, status, count } => self.announce(
                "standwith:sent",
                &[
                    ("id", id.as_deref().map_or(Value::Nothing, Value::Text)),
                    ("status", Value::Text(status)),
                    ("count", count.map_or(Value::Nothing, whole)),
                ],
            ),
            Report::Error { code, retryable } => self.announce(
                "standwith:error",
                &[("code", Value::Text(code)), ("retryable", Value::Truth(*retryable))],
            ),
            Report::Share(channel) => {
                self.announce("standwith:share", &[("channel", Value::Text(channel))]);
            }
            Report::Count { count, goal } => self.announce(
                "standwith:count",
                &[
                    ("count", whole(*count)),
                    ("goal", goal.map_or(Value::Nothing, |goal| whole(i64::from(goal)))),
                ],
            ),
        }
    }

    fn announce(&self, kind: &str, detail: &[(&str, Value<'_>)]) {
        self.dispatch(kind, detail, false);
    }

    /// Dispatches an event on the element; whether nobody cancelled it.
    fn dispatch(&self, kind: &str, detail: &[(&str, Value<'_>)], cancelable: bool) -> bool {
        browser::dispatch(&self.host, kind, &Detail(detail).to_js(), cancelable)
    }

    fn clicked(self: &Rc<Self>, event: &DomEvent) {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let within = |selector| target.as_ref().and_then(|t| t.closest(selector).ok().flatten());
        if within("[type=submit]").is_some() {
            // A sandboxed frame may never see `submit`; a click comes in every case, by Enter too.
            event.prevent_default();
            self.submit();
        } else if let Some(channel) = within("[data-share]") {
            let channel = channel.get_attribute("data-share").unwrap_or_default();
            self.send(Event::Shared(channel));
        } else if let Some(actor) = within("[data-act]") {
            // Until it can be done, a link leads where it leads.
            if self.complete.get() {
                event.prevent_default();
            }
            // As on sending: some password managers fill controls without a word.
            self.painter.say();
            self.send(Event::Acted(actor.get_attribute("data-act").unwrap_or_default()));
        } else if let Some(link) = within("a[href^=\"#\"]") {
            // The page's own address stays as it is.
            event.prevent_default();
            let id = link.get_attribute("href").unwrap_or_default();
            self.painter.focus(id.strip_prefix('#').unwrap_or_default());
        }
    }

    pub(crate) fn reset(self: &Rc<Self>) {
        // What nobody has told of yet is to be emptied, too.
        self.painter.say();
        self.send(Event::Reset);
    }

    fn submit(self: &Rc<Self>) {
        // Until then the loader keeps in mind that the button was pressed.
        if !self.complete.get() {
            return;
        }
        self.painter.say();
        self.send(Event::Submitted { now: browser::now() });
    }
}

fn request(method: Method, url: &str) -> RequestBuilder {
    RequestBuilder::new(url)
        .method(method)
        .credentials(RequestCredentials::Omit)
        .referrer_policy(ReferrerPolicy::NoReferrer)
}

/// Sends a request. Not gloo-net's `send`, which panics when a page's patched `fetch` rejects with
/// something that is no `Error`.
fn fetch(request: Option<gloo_net::http::Request>, done: &JsValue) {
    match request {
        Some(request) => browser::send(&Request::from(request), done),
        // There is none to be had, and so no answer.
        None => browser::soon(done),
    }
}

/// The few listeners of a form, all on its shadow root.
fn listeners(root: &ShadowRoot, runtime: Weak<Runtime>) -> Vec<Listener> {
    let on = |kind, handle: fn(&Rc<Runtime>, &DomEvent)| {
        let runtime = runtime.clone();
        Listener::new(root, kind, move |event| {
            if let Some(runtime) = runtime.upgrade() {
                handle(&runtime, &event);
            }
        })
    };
    let entered: fn(&Rc<Runtime>, &DomEvent) = |runtime, event| {
        let target = event.target().and_then(|target| target.dyn_into().ok());
        if let Some(event) = target.and_then(|control| page::read(&control)) {
            runtime.send(event);
        }
    };
    vec![
        on("input", entered),
        on("change", entered),
        on("click", |runtime, event| runtime.clicked(event)),
        on("submit", |runtime, event| {
            event.prevent_default();
            runtime.submit();
        }),
        on("focusin", |runtime, _| runtime.painter.countries(country::CODES)),
    ]
}
