//! The outbox on the device: texts by key in IndexedDB, one database per site. `standwith::outbox` defines their
//! content and the claims.

use std::cell::Cell;
use std::rc::Rc;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use crate::browser::{get, now, window};
use crate::detail::{Durability, to_js};
use crate::listener::Listener;
use crate::task::{self, ResultAt};
use standwith::outbox::{ClaimResult, OutboxEntry};

/// The name of the database, and of the one store in it.
const NAME: &str = "standwith";
/// Timeout for opening the database, in milliseconds.
const PATIENCE: u32 = 7000;

// Declared here, because web-sys's `transaction` has no durability, and its `close` and `transaction` throw through
// Rust if the page has replaced IndexedDB.
#[wasm_bindgen]
extern "C" {
    type Factory;
    #[wasm_bindgen(method, catch)]
    fn databases(this: &Factory) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn open(this: &Factory, name: &str, version: u32) -> Result<Request, JsValue>;

    #[wasm_bindgen(extends = EventTarget)]
    #[derive(Clone)]
    type Request;

    type Database;
    #[wasm_bindgen(method, catch, js_name = createObjectStore)]
    fn create_object_store(this: &Database, name: &str) -> Result<Store, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn transaction(
        this: &Database,
        store: &str,
        mode: &str,
        options: &JsValue,
    ) -> Result<Transaction, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &Database) -> Result<(), JsValue>;

    #[wasm_bindgen(extends = EventTarget)]
    type Transaction;
    #[wasm_bindgen(method, catch, js_name = objectStore)]
    fn object_store(this: &Transaction, name: &str) -> Result<Store, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn abort(this: &Transaction) -> Result<(), JsValue>;

    type Store;
    #[wasm_bindgen(method, catch)]
    fn get(this: &Store, key: &str) -> Result<Request, JsValue>;
    #[wasm_bindgen(method, catch, js_name = getAll)]
    fn get_all(this: &Store) -> Result<Request, JsValue>;
    #[wasm_bindgen(method, catch, js_name = getAllKeys)]
    fn get_all_keys(this: &Store) -> Result<Request, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn put(this: &Store, text: &str, key: &str) -> Result<Request, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn delete(this: &Store, key: &JsValue) -> Result<Request, JsValue>;
}

/// Result of [`claim`].
#[derive(Default)]
pub(crate) struct Found {
    /// All outbox entries of this form.
    pub(crate) kept: Vec<OutboxEntry>,
    /// The entries that this tab has claimed and sends now.
    pub(crate) mine: Vec<OutboxEntry>,
    /// Whether an entry of this form had expired.
    pub(crate) expired: bool,
}

/// Relation of a form to an outbox entry.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Owner {
    /// Another form sends it.
    Other,
    /// This form sends it.
    Sends,
    /// This form deletes it, because supporters are now at risk.
    Deletes,
}

/// Stores a message. Returns whether it is certainly stored.
pub(crate) async fn store(entry: &OutboxEntry) -> bool {
    let Ok(store) = opened(Absent::Create).await else { return false };
    store.put(&entry.write(), &entry.key()).is_ok() && finished(&store).await.is_some()
}

/// Deletes a message.
pub(crate) async fn discard(key: String) {
    if let Ok(store) = opened(Absent::Create).await {
        let _ = store.delete(&key.into());
    }
}

/// Releases the claim on a message, if it still exists, so that the next tab can send it.
pub(crate) async fn release(entry: OutboxEntry) {
    let Ok(store) = opened(Absent::Create).await else { return };
    let key = entry.key();
    let Ok(request) = store.get(&key) else { return };
    if result(request).await.is_some_and(|there| there.is_truthy()) {
        let _ = store.put(&OutboxEntry { claimed: 0, ..entry }.write(), &key);
    }
}

/// Claims entries of the outbox, in one transaction, so that only one tab gets a message. Deletes expired entries of
/// all forms. Returns `None` after a failure.
pub(crate) async fn claim(owner: impl Fn(&OutboxEntry) -> Owner) -> Option<Found> {
    let store = match opened(Absent::Leave).await {
        Ok(store) => store,
        Err(unopened) => return (unopened == Unopened::Absent).then(Found::default),
    };
    let keys = result(store.get_all_keys().ok()?).await?.dyn_into::<Array>().ok()?;
    let texts = result(store.get_all().ok()?).await?.dyn_into::<Array>().ok()?;
    let mut found = Found::default();
    for (key, text) in keys.into_iter().zip(texts) {
        look(&store, &key, &text, &owner, &mut found);
    }
    finished(&store).await.map(|_| found)
}

/// Processes one outbox entry.
fn look(
    store: &Store,
    key: &JsValue,
    text: &JsValue,
    owner: &impl Fn(&OutboxEntry) -> Owner,
    found: &mut Found,
) {
    let read = text.as_string().and_then(|text| OutboxEntry::read(&text));
    let name = key.as_string();
    // Any script of the site can write here: an entry under a wrong key is invalid.
    let read = read.filter(|kept| name.as_ref() == Some(&kept.key()));
    let (Some(mut kept), Some(name)) = (read, name) else { return drop(store.delete(key)) };
    let owner = owner(&kept);
    // A claim is stored only for this form's entries.
    let turn = kept.turn(now());
    if turn == ClaimResult::Delete || owner == Owner::Deletes {
        found.expired |= owner == Owner::Sends;
        return drop(store.delete(key));
    }
    if owner == Owner::Other {
        return;
    }
    if turn == ClaimResult::Send && store.put(&kept.write(), &name).is_ok() {
        found.mine.push(kept.clone());
    }
    found.kept.push(kept);
}

/// What to do if there is no database.
#[derive(Clone, Copy, PartialEq)]
enum Absent {
    /// Create it.
    Create,
    /// Leave no trace on the device.
    Leave,
}

/// Why there is no store.
#[derive(Clone, Copy, PartialEq)]
enum Unopened {
    /// There is no database, and [`Absent::Leave`] forbids creating one.
    Absent,
    /// It can't be opened, or not before the timeout: some browsers never answer.
    Unavailable,
}

/// Opens the store for writing.
async fn opened(absent: Absent) -> Result<Store, Unopened> {
    let database = match task::within(PATIENCE, Box::pin(database(absent))).await {
        Ok(opened) => opened?,
        Err(late) => {
            // A database that opens too late is closed, so that it does not block other tabs.
            task::spawn(async { drop(late.await.map(|database| database.close())) });
            return Err(Unopened::Unavailable);
        }
    };
    // The form promises to send the message, so it must survive a crash of the machine.
    let strict = to_js(&Durability { durability: "strict" });
    let transaction = database.transaction(NAME, "readwrite", &strict);
    // It closes as soon as its transactions end, so that it does not block other tabs.
    let _ = database.close();
    transaction.and_then(|it| it.object_store(NAME)).map_err(|_| Unopened::Unavailable)
}

/// Opens the database. A browser that can't list its databases must open one to know whether it exists; if it did not,
/// its creation is aborted.
async fn database(absent: Absent) -> Result<Database, Unopened> {
    let factory: Factory = get(&window(), "indexedDB").unchecked_into();
    if absent == Absent::Leave {
        // If the page may not store anything, Chromium's `databases` rejects a promise that no script can handle.
        if get(&window(), "localStorage").is_falsy() {
            return Err(Unopened::Absent);
        }
        let databases = task::settled(factory.databases()).await;
        let databases = databases.and_then(|databases| databases.dyn_into::<Array>().ok());
        let is_ours = |database: JsValue| get(&database, "name") == NAME;
        if databases.is_some_and(|databases| !databases.into_iter().any(is_ours)) {
            return Err(Unopened::Absent);
        }
    }
    let request = factory.open(NAME, 1).map_err(|_| Unopened::Unavailable)?;
    let given_up = Rc::new(Cell::new(false));
    let (making, gives_up) = (request.clone(), given_up.clone());
    let _upgrade = Listener::new(&request, "upgradeneeded", move |_| {
        if absent == Absent::Create {
            let database: Database = get(&making, "result").unchecked_into();
            let _ = database.create_object_store(NAME);
        } else {
            gives_up.set(true);
            let _ = get(&making, "transaction").unchecked_into::<Transaction>().abort();
        }
    });
    match result(request).await {
        Some(database) => Ok(database.unchecked_into()),
        None if given_up.get() => Err(Unopened::Absent),
        None => Err(Unopened::Unavailable),
    }
}

/// The result of a request; `None` if it fails. `blocked` is ignored, because the request may still succeed.
fn result(request: Request) -> ResultAt {
    task::result(request.into(), "success", "error")
}

/// Waits for the end of the store's transaction. The future gives a value if all of it is committed.
fn finished(store: &Store) -> ResultAt {
    task::result(get(store, "transaction").unchecked_into(), "complete", "abort")
}
