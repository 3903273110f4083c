//! What the device keeps until it can be sent: texts under names in IndexedDB, one database for each site. What they
//! say, and whose turn it is, is for `standwith::outbox` to know.

use std::cell::RefCell;

use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Event as DomEvent;

use crate::browser::{call, get, now, window};
use crate::detail::{Detail, Value};
use standwith::outbox::{Kept, Turn};

/// The name of the database, and of the one store in it.
const NAME: &str = "standwith";

/// What was found of a campaign.
#[derive(Default)]
pub(crate) struct Found {
    /// All that is kept.
    pub(crate) kept: Vec<Kept>,
    /// What this tab is to send now: no other will meanwhile.
    pub(crate) mine: Vec<Kept>,
    /// Whether there was some that was kept for too long.
    pub(crate) expired: bool,
}

/// Has the device keep a message. `then` hears whether it does, for certain.
pub(crate) fn store(kept: &Kept, then: impl FnOnce(bool) + 'static) {
    let (key, text) = (kept.key(), kept.write());
    open(move |store| {
        let Some(store) = store else { return then(false) };
        let put = call(&store, "put", &[text.into(), key.into()]);
        finish(&store, put.is_ok(), then);
    });
}

/// Has it keep a message no longer.
pub(crate) fn discard(key: String) {
    open(move |store| {
        if let Some(store) = store {
            let _ = call(&store, "delete", &[key.into()]);
        }
    });
}

/// Looks for what is kept of a campaign. All in one transaction, so that of several tabs one gets a message.
pub(crate) fn claim(campaign: String, then: impl FnOnce(Found) + 'static) {
    open(move |store| {
        let Some(store) = store else { return then(Found::default()) };
        let all = call(&store, "getAll", &[]);
        hear(all, move |texts| {
            let mut found = Found::default();
            let texts = texts.and_then(|texts| texts.dyn_into::<Array>().ok()).unwrap_or_default();
            let texts = texts.into_iter().filter_map(|text| text.as_string());
            for mut kept in texts.filter_map(|text| Kept::read(&text)) {
                if kept.campaign != campaign {
                    continue;
                }
                let key = kept.key().into();
                match kept.turn(now()) {
                    Turn::Wait => {}
                    Turn::Delete => {
                        let _ = call(&store, "delete", &[key]);
                        found.expired = true;
                        continue;
                    }
                    Turn::Send => {
                        if call(&store, "put", &[kept.write().into(), key]).is_ok() {
                            found.mine.push(kept.clone());
                        }
                    }
                }
                found.kept.push(kept);
            }
            finish(&store, true, move |done| then(if done { found } else { Found::default() }));
        });
    });
}

/// Opens the store for writing. `then` hears of nothing where there is none to be had.
fn open(then: impl FnOnce(Option<JsValue>) + 'static) {
    let database = call(&get(&window(), "indexedDB"), "open", &[NAME.into(), 1.into()]);
    if let Ok(request) = &database {
        let of = request.clone();
        let make = Closure::<dyn Fn(DomEvent)>::new(move |_| {
            let _ = call(&get(&of, "result"), "createObjectStore", &[NAME.into()]);
        });
        let _ = Reflect::set(request, &"onupgradeneeded".into(), &make.into_js_value());
    }
    hear(database, move |database| {
        then(database.and_then(|database| {
            // A promise is given on it: it is to outlast the machine, too.
            let strict = Detail(&[("durability", Value::Text("strict"))]).to_js();
            let transaction =
                call(&database, "transaction", &[NAME.into(), "readwrite".into(), strict]).ok()?;
            // Nobody else is held up once it is over.
            let close = Closure::<dyn Fn(DomEvent)>::new(move |_| {
                let _ = call(&database, "close", &[]);
            });
            for over in ["complete", "abort"] {
                let close = close.as_ref().clone();
                let _ = call(&transaction, "addEventListener", &[over.into(), close]);
            }
            let _ = close.into_js_value();
            call(&transaction, "objectStore", &[NAME.into()]).ok()
        }));
    });
}

/// Says when the store's transaction is over, and whether all of it is kept.
fn finish(store: &JsValue, well: bool, then: impl FnOnce(bool) + 'static) {
    if !well {
        return then(false);
    }
    hear(Ok(get(store, "transaction")), move |done| then(done.is_some()));
}

/// What comes of a request or a transaction: its result, or nothing.
fn hear(of: Result<JsValue, JsValue>, then: impl FnOnce(Option<JsValue>) + 'static) {
    let Ok(of) = of.map_err(drop) else { return then(None) };
    let then = RefCell::new(Some(then));
    let target = of.clone();
    let heard = Closure::<dyn Fn(DomEvent)>::new(move |event: DomEvent| {
        let well = ["success", "complete"].contains(&event.type_().as_str());
        // An error and an abort may both be told.
        if let Some(then) = then.borrow_mut().take() {
            then(well.then(|| get(&target, "result")));
        }
    });
    let heard = heard.into_js_value();
    for kind in ["onsuccess", "oncomplete", "onerror", "onabort", "onblocked"] {
        let _ = Reflect::set(&of, &kind.into(), &heard);
    }
}
