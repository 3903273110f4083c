//! The outbox of the device: texts under names in IndexedDB, one database for each site. What they say, and whose turn it
//! is, is for `standwith::outbox` to know.

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
/// How long a database may take to open, in milliseconds.
const PATIENCE: u32 = 7000;

// Declared here: web-sys's `transaction` knows no durability, and its `close` and `transaction` throw through Rust where a
// page has replaced IndexedDB.
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

/// Stores a message. Returns whether the device has it for certain.
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

/// Gives up the claim on a message, if it is still there: the next tab may send it.
pub(crate) async fn release(entry: OutboxEntry) {
    let Ok(store) = opened(Absent::Create).await else { return };
    let key = entry.key();
    let Ok(request) = store.get(&key) else { return };
    if result(request).await.is_some_and(|there| there.is_truthy()) {
        let _ = store.put(&OutboxEntry { claimed: 0, ..entry }.write(), &key);
    }
}

/// Looks through the outbox, in one transaction, so that of several tabs one gets a message. Deletes what was kept for too
/// long, whosever it is. Returns nothing where it can't be done.
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

/// Looks at one thing that is kept.
fn look(
    store: &Store,
    key: &JsValue,
    text: &JsValue,
    owner: &impl Fn(&OutboxEntry) -> Owner,
    found: &mut Found,
) {
    let read = text.as_string().and_then(|text| OutboxEntry::read(&text));
    let name = key.as_string();
    // Any script of the site can write there: what has another's name is nobody's.
    let read = read.filter(|kept| name.as_ref() == Some(&kept.key()));
    let (Some(mut kept), Some(name)) = (read, name) else { return drop(store.delete(key)) };
    let owner = owner(&kept);
    // A claim is put down only where it is this form's to make.
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

/// What to do where there is no database.
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
    /// There is no database, and none was to be created.
    Absent,
    /// It can't be opened, or not in time: some browsers never answer.
    Unavailable,
}

/// Opens the store for writing.
async fn opened(absent: Absent) -> Result<Store, Unopened> {
    let database = match task::within(PATIENCE, Box::pin(database(absent))).await {
        Ok(opened) => opened?,
        Err(late) => {
            // What comes too late holds up no other tab.
            task::spawn(async { drop(late.await.map(|database| database.close())) });
            return Err(Unopened::Unavailable);
        }
    };
    // A promise is given on it: it is to outlast the machine, too.
    let strict = to_js(&Durability { durability: "strict" });
    let transaction = database.transaction(NAME, "readwrite", &strict);
    // That is, as soon as its transactions are over: it holds up no other tab.
    let _ = database.close();
    transaction.and_then(|it| it.object_store(NAME)).map_err(|_| Unopened::Unavailable)
}

/// Opens the database. A browser that can't list its databases has to open one to know whether it is there; one that was
/// not is given up while it is made.
async fn database(absent: Absent) -> Result<Database, Unopened> {
    let factory: Factory = get(&window(), "indexedDB").unchecked_into();
    if absent == Absent::Leave {
        // Where the page may store nothing, Chromium's `databases` rejects a promise that no script can handle.
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

/// The result of a request; nothing where it fails. Not of `blocked`: it may yet succeed.
fn result(request: Request) -> ResultAt {
    task::result(request.into(), "success", "error")
}

/// Waits for the end of the store's transaction: something comes where all of it is kept.
fn finished(store: &Store) -> ResultAt {
    task::result(get(store, "transaction").unchecked_into(), "complete", "abort")
}
