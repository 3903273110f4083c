//! What the device keeps until it can be sent: texts under names in IndexedDB, one database for each site. What they
//! say, and whose turn it is, is for `standwith::outbox` to know.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;
use web_sys::Event as DomEvent;

use crate::browser::{self, call, get, now, window};
use crate::detail::{Detail, Value};
use standwith::outbox::{ClaimResult, OutboxEntry};

/// The name of the database, and of the one store in it.
const NAME: &str = "standwith";
/// How long a database may take to open, in milliseconds.
const PATIENCE: u32 = 7000;

/// What was found.
#[derive(Default)]
pub(crate) struct Found {
    /// All that is kept and is this form's.
    pub(crate) kept: Vec<OutboxEntry>,
    /// What this tab is to send now: no other will meanwhile.
    pub(crate) mine: Vec<OutboxEntry>,
    /// Whether there was some of this form's that was kept for too long.
    pub(crate) expired: bool,
}

/// What a form has to do with something that is kept.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Owner {
    /// Nothing: another form sends it.
    Other,
    /// It is to send it.
    Sends,
    /// It is to have it deleted: taking part may be dangerous by now.
    Deletes,
}

/// Has the device keep a message. `then` hears whether it does, for certain.
pub(crate) fn store(kept: &OutboxEntry, then: impl FnOnce(bool) + 'static) {
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

/// Leaves a message that was claimed to whoever comes next, if it is still kept.
pub(crate) fn release(kept: OutboxEntry) {
    open(move |store| {
        let Some(store) = store else { return };
        let key = JsValue::from(kept.key());
        hear(call(&store, "get", std::slice::from_ref(&key)), move |there| {
            if there.is_some_and(|there| there.is_truthy()) {
                let text = OutboxEntry { claimed: 0, ..kept }.write();
                let _ = call(&store, "put", &[text.into(), key]);
            }
        });
    });
}

/// Looks for what is kept; `then` hears of nothing where that can't be done. All in one transaction, so that of
/// several tabs one gets a message. What was kept for too long is deleted, whosever it is.
pub(crate) fn claim(
    owner: impl Fn(&OutboxEntry) -> Owner + 'static,
    then: impl FnOnce(Option<Found>) + 'static,
) {
    let missing = Rc::new(Cell::new(false));
    let is_missing = missing.clone();
    let look_through = move |store: Option<JsValue>| {
        let Some(store) = store else { return then(is_missing.get().then(Found::default)) };
        let keys = call(&store, "getAllKeys", &[]);
        hear(keys, move |keys| {
            let all = call(&store, "getAll", &[]);
            hear(all, move |texts| {
                let list = |came: Option<JsValue>| came?.dyn_into::<Array>().ok();
                let (Some(keys), Some(texts)) = (list(keys), list(texts)) else {
                    return then(None);
                };
                let mut found = Found::default();
                for (key, text) in keys.into_iter().zip(texts) {
                    look(&store, key, &text, &owner, &mut found);
                }
                finish(&store, true, move |done| then(done.then_some(found)));
            });
        });
    };
    open_for(Some(missing), Box::new(look_through));
}

/// Looks at one thing that is kept.
fn look(
    store: &JsValue,
    key: JsValue,
    text: &JsValue,
    owner: &impl Fn(&OutboxEntry) -> Owner,
    found: &mut Found,
) {
    let read = text.as_string().and_then(|text| OutboxEntry::read(&text));
    // Any script of the site can write there: what has another's name is nobody's.
    let read = read.filter(|kept| key.as_string().as_ref() == Some(&kept.key()));
    let Some(mut kept) = read else { return drop(call(store, "delete", &[key])) };
    let owner = owner(&kept);
    // A claim is put down only where it is this form's to make.
    let turn = kept.turn(now());
    if turn == ClaimResult::Delete || owner == Owner::Deletes {
        found.expired |= owner == Owner::Sends;
        return drop(call(store, "delete", &[key]));
    }
    if owner == Owner::Other {
        return;
    }
    if turn == ClaimResult::Send && call(store, "put", &[kept.write().into(), key]).is_ok() {
        found.mine.push(kept.clone());
    }
    found.kept.push(kept);
}

/// Opens the store for writing, and makes it where there is none. `then` gets nothing if it can't be opened, or not in
/// time: some browsers never answer.
fn open(then: impl FnOnce(Option<JsValue>) + 'static) {
    open_for(None, Box::new(then));
}

/// Opens the store. Where there is none it is made; or `missing` is set, and none is made: looking leaves no trace on the
/// device.
fn open_for(missing: Option<Rc<Cell<bool>>>, then: Then) {
    let then = Rc::new(Cell::new(Some(then)));
    let late = then.clone();
    let never = Closure::once_into_js(move || give(&late, None));
    browser::wait(PATIENCE, &never);
    let Some(missing) = missing else { return request(None, then) };
    let databases = call(&get(&window(), "indexedDB"), "databases", &[]);
    browser::then(databases, move |databases| {
        let databases = databases.and_then(|databases| databases.dyn_into::<Array>().ok());
        let is_ours = |database: JsValue| get(&database, "name") == NAME;
        if databases.is_some_and(|databases| !databases.into_iter().any(is_ours)) {
            missing.set(true);
            give(&then, None);
        } else {
            request(Some(missing), then);
        }
    });
}

/// Calls `then`, unless it was called before.
fn give(then: &Cell<Option<Then>>, store: Option<JsValue>) {
    if let Some(then) = then.take() {
        then(store);
    }
}

/// Requests the database. A browser that can't list its databases has to open one to know; with `missing`, one that was not
/// there is given up while it is made.
fn request(missing: Option<Rc<Cell<bool>>>, then: Rc<Cell<Option<Then>>>) {
    let database = call(&get(&window(), "indexedDB"), "open", &[NAME.into(), 1.into()]);
    if let Ok(request) = &database {
        let make = Closure::once_into_js(|event: DomEvent| {
            let request = get(&event, "target");
            match missing {
                None => drop(call(&get(&request, "result"), "createObjectStore", &[NAME.into()])),
                Some(missing) => {
                    missing.set(true);
                    let _ = call(&get(&request, "transaction"), "abort", &[]);
                }
            }
        });
        let _ = Reflect::set(request, &"onupgradeneeded".into(), &make);
    }
    hear(database, move |database| {
        let Some(then) = then.take() else {
            // Who comes too late holds nobody up.
            let _ = database.map(|database| call(&database, "close", &[]));
            return;
        };
        then(database.and_then(|database| {
            // A promise is given on it: it is to outlast the machine, too.
            let strict = Detail(&[("durability", Value::Text("strict"))]).to_js();
            let how = [NAME.into(), "readwrite".into(), strict];
            let transaction = call(&database, "transaction", &how);
            // That is, as soon as its transactions are over: nobody is held up by it.
            let _ = call(&database, "close", &[]);
            call(&transaction.ok()?, "objectStore", &[NAME.into()]).ok()
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

/// What goes on with what came, or with nothing.
type Then = Box<dyn FnOnce(Option<JsValue>)>;

/// What is heard of requests and transactions. Of `blocked` nobody hears: it may yet succeed.
const KINDS: [&str; 4] = ["onsuccess", "oncomplete", "onerror", "onabort"];

/// What comes of a request or a transaction: its result, or nothing.
fn hear(of: Result<JsValue, JsValue>, then: impl FnOnce(Option<JsValue>) + 'static) {
    hear_for(of, Box::new(then));
}

fn hear_for(of: Result<JsValue, JsValue>, then: Then) {
    let Ok(of) = of.map_err(drop) else { return then(None) };
    // Once, and then it is gone with all that it holds: an error and an abort may both be told.
    let heard = Closure::once_into_js(move |event: DomEvent| {
        let target = get(&event, "currentTarget");
        for kind in KINDS {
            let _ = Reflect::set(&target, &kind.into(), &JsValue::NULL);
        }
        let well = ["success", "complete"].contains(&event.type_().as_str());
        then(well.then(|| get(&target, "result")));
    });
    for kind in KINDS {
        let _ = Reflect::set(&of, &kind.into(), &heard);
    }
}
