//! The mailbox of one form: takes events in, updates the session, performs the effects and paints.
//! It holds the only state that changes.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::{Rc, Weak};

use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{CustomEvent, CustomEventInit, Element, Event as DomEvent, HtmlElement, ShadowRoot};

use crate::listener::Listener;
use crate::page::Page;
use crate::{env, keys, net};
use standwith::markup;
use standwith::session::{Effect, Event, Focus, Materials, Report, Session, Setting, ShareResult};
use standwith::text::Locale;
use standwith::view::view;

/// What takes time. Boxed, so that what awaits it is compiled once.
type Work = Pin<Box<dyn Future<Output = Option<Event>>>>;

pub(crate) struct Runtime {
    host: HtmlElement,
    page: Page,
    locale: Locale,
    campaign: String,
    /// Taken out while it is updated: whoever finds it missing leaves the event in the mailbox.
    session: Cell<Option<Session>>,
    mailbox: RefCell<VecDeque<Event>>,
    state: Cell<&'static str>,
    /// The private key of the message on its way.
    key: Rc<RefCell<JsValue>>,
    listeners: OnceCell<Vec<Listener>>,
}

/// What events tell the page. There is no place in it for what a person typed.
#[derive(Default, Serialize)]
struct Detail<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<Wrong<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goal: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retryable: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    channel: Option<&'a str>,
}

#[derive(Serialize)]
struct Wrong<'a> {
    name: &'a str,
    code: &'a str,
}

impl Runtime {
    /// Paints the form and begins to listen.
    pub(crate) fn start(
        host: HtmlElement,
        root: ShadowRoot,
        setting: Setting,
        locale: Locale,
    ) -> Rc<Self> {
        let campaign = setting.campaign.id.0.clone();
        let accent = setting.campaign.theme.accent.clone();
        let lang = setting.campaign.lang.clone();
        let document = host.owner_document().unwrap_or_else(|| JsValue::NULL.unchecked_into());
        let (session, effects) = Session::new(setting, env::now());
        let runtime = Rc::new(Runtime {
            page: Page::new(document, root.clone(), lang),
            host,
            locale,
            campaign,
            state: Cell::new(session.state()),
            session: Cell::new(None),
            mailbox: RefCell::default(),
            key: Rc::default(),
            listeners: OnceCell::new(),
        });
        runtime.paint(&session);
        if let Some(accent) = accent {
            runtime.page.accent(accent.as_str());
        }
        // Set once, here.
        let _ = runtime.listeners.set(listeners(&root, Rc::downgrade(&runtime)));
        runtime.session.set(Some(session));
        // Not at once: a page that hears of the form then finds it in its element.
        let started = Rc::downgrade(&runtime);
        runtime.spawn(Box::pin(async move {
            let runtime = started.upgrade()?;
            effects.into_iter().for_each(|effect| runtime.perform(effect));
            None
        }));
        runtime
    }

    pub(crate) fn state(&self) -> &'static str {
        self.state.get()
    }

    /// Takes an event in. While another one is worked on, it waits for its turn.
    pub(crate) fn send(self: &Rc<Self>, event: Event) {
        self.mailbox.borrow_mut().push_back(event);
        let Some(mut session) = self.session.take() else {
            return;
        };
        loop {
            let event = self.mailbox.borrow_mut().pop_front();
            let Some(event) = event else {
                break;
            };
            let effects;
            (session, effects) = session.update(event);
            self.state.set(session.state());
            self.paint(&session);
            for effect in effects {
                self.perform(effect);
            }
        }
        self.session.set(Some(session));
    }

    fn paint(&self, session: &Session) {
        self.page.paint(markup::tree(&view(session, &self.locale), None));
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Tell(report) => self.tell(&report),
            Effect::Ask => {
                let detail = Detail { campaign: Some(&self.campaign), ..Detail::default() };
                let allowed = self.dispatch("submit", &detail, true);
                self.send(Event::Allowed(allowed));
            }
            Effect::Prepare { attempt, wordings } => {
                let kept = self.key.clone();
                self.spawn(Box::pin(async move {
                    let prepared = prepare(attempt, &wordings).await;
                    Some(prepared.map_or(Event::SigningFailed { attempt }, |(key, materials)| {
                        kept.replace(key);
                        Event::Prepared(materials)
                    }))
                }));
            }
            Effect::Sign { attempt, input } => {
                let key = self.key.borrow().clone();
                self.spawn(Box::pin(async move {
                    Some(match keys::signature(&key, &input).await {
                        Ok(signature) => Event::Signed { attempt, signature },
                        Err(_) => Event::SigningFailed { attempt },
                    })
                }));
            }
            Effect::Post { attempt, url, body, content_type } => self.spawn(Box::pin(async move {
                let reply = net::post(&url, &body, content_type).await;
                Some(Event::Answered { attempt, reply })
            })),
            Effect::FetchCount(url) => self.spawn(Box::pin(async move {
                let reply = net::get(&url).await?;
                Some(Event::Counted(reply.body))
            })),
            Effect::Copy(text) => self.spawn(Box::pin(async move {
                let copied = match env::copy(&text) {
                    Ok(promise) => JsFuture::from(promise).await.is_ok(),
                    Err(_) => false,
                };
                let result = if copied { ShareResult::Copied } else { ShareResult::NotCopied };
                Some(Event::Copied(result))
            })),
            Effect::Focus(focus) => self.page.focus(match focus {
                Focus::Summary => markup::SUMMARY,
                Focus::Notice => markup::NOTICE,
                Focus::Thanks => markup::THANKS,
            }),
        }
    }

    /// Runs what takes time, and takes in what comes of it. Nobody hears of it when the element is
    /// gone by then, and the form lives no longer for its sake.
    fn spawn(self: &Rc<Self>, work: Work) {
        let runtime = Rc::downgrade(self);
        spawn_local(async move {
            if let (Some(event), Some(runtime)) = (work.await, runtime.upgrade()) {
                runtime.send(event);
            }
        });
    }

    fn tell(&self, report: &Report) {
        let none = Detail::default();
        let (kind, detail) = match report {
            Report::Ready => (
                "ready",
                Detail {
                    campaign: Some(&self.campaign),
                    version: Some(env!("CARGO_PKG_VERSION")),
                    lang: Some(&self.locale.lang),
                    ..none
                },
            ),
            Report::Start => ("start", none),
            Report::Invalid(fields) => {
                let wrong = fields.iter().map(|(name, code)| Wrong { name, code });
                ("invalid", Detail { fields: Some(wrong.collect()), ..none })
            }
            Report::Sent { id, status, count } => {
                ("sent", Detail { id: Some(id), status: Some(status), count: *count, ..none })
            }
            Report::Error { code, retryable } => {
                ("error", Detail { code: Some(code), retryable: Some(*retryable), ..none })
            }
            Report::Share(channel) => ("share", Detail { channel: Some(channel), ..none }),
            Report::Count { count, goal } => {
                ("count", Detail { count: Some(*count), goal: *goal, ..none })
            }
        };
        self.dispatch(kind, &detail, false);
    }

    /// Dispatches `standwith:…` on the element; whether nobody cancelled it.
    fn dispatch(&self, kind: &str, detail: &Detail<'_>, cancelable: bool) -> bool {
        let init = CustomEventInit::new();
        init.set_bubbles(true);
        init.set_composed(true);
        init.set_cancelable(cancelable);
        let detail = detail.serialize(&serde_wasm_bindgen::Serializer::json_compatible());
        init.set_detail(&detail.unwrap_or(JsValue::NULL));
        let event = CustomEvent::new_with_event_init_dict(&["standwith:", kind].concat(), &init);
        event.is_ok_and(|event| self.host.dispatch_event(&event).unwrap_or(true))
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
        } else if let Some(link) = within("a[href^=\"#\"]") {
            // The page's own address stays as it is.
            event.prevent_default();
            let id = link.get_attribute("href").unwrap_or_default();
            self.page.focus(id.trim_start_matches('#'));
        }
    }

    fn submit(self: &Rc<Self>) {
        for event in self.page.read_all() {
            self.send(event);
        }
        self.send(Event::Submitted);
    }
}

/// Makes a key, its private half apart, and all else that signing needs.
async fn prepare(attempt: u32, wordings: &[String]) -> Result<(JsValue, Materials), JsValue> {
    let (private, key) = keys::fresh().await?;
    let mut digests = Vec::new();
    for wording in wordings {
        digests.push(keys::sha256(wording).await?);
    }
    Ok((private, Materials { attempt, entropy: env::entropy()?, now: env::now(), key, digests }))
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
        if let Some(event) = target.and_then(|control| Page::read(&control)) {
            runtime.send(event);
        }
    };
    // The page's hotkeys get no letter of what is typed here.
    let stop: fn(&Rc<Runtime>, &DomEvent) = |_, event| event.stop_propagation();
    vec![
        on("input", entered),
        on("change", entered),
        on("click", |runtime, event| runtime.clicked(event)),
        on("submit", |runtime, event| {
            event.prevent_default();
            runtime.submit();
        }),
        on("focusin", |runtime, _| runtime.page.fill_countries()),
        on("keydown", stop),
        on("keypress", stop),
        on("keyup", stop),
    ]
}
