//! Executor of the widget's async functions, and futures for promises, events and timers. Our own, because
//! `wasm-bindgen-futures` costs 1,720 bytes more (brotli), 290 of them before the first paint.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::EventTarget;

use crate::browser;
use crate::listener::{Listener, once};

type Work = Pin<Box<dyn Future<Output = ()>>>;

/// A spawned future.
struct Task {
    /// The future; `None` once it has ended.
    work: RefCell<Option<Work>>,
    /// Whether it was woken while it ran.
    woken: Cell<bool>,
}

thread_local! {
    /// The running task, which the futures that it waits for resume. A waker without `unsafe` would have to be `Send`.
    static RUNNING: RefCell<Option<Rc<Task>>> = const { RefCell::new(None) };
}

/// Runs a future: at once until it waits, and later within the callback that it waited for. So the next request of a
/// transaction is made before IndexedDB can end it.
pub(crate) fn spawn(work: impl Future<Output = ()> + 'static) {
    start(Box::pin(work));
}

fn start(work: Work) {
    resume(&Rc::new(Task { work: RefCell::new(Some(work)), woken: Cell::default() }));
}

fn resume(task: &Rc<Task>) {
    task.woken.set(true);
    let Ok(mut work) = task.work.try_borrow_mut() else { return };
    while task.woken.take() {
        let Some(running) = work.as_mut() else { return };
        let before = RUNNING.replace(Some(task.clone()));
        let polled = running.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        RUNNING.set(before);
        if polled.is_ready() {
            *work = None;
        }
    }
}

/// A future of a value that is set once.
#[derive(Clone, Default)]
struct Signal(Rc<Sent>);

#[derive(Default)]
struct Sent {
    value: Cell<Option<JsValue>>,
    waiting: Cell<Option<Rc<Task>>>,
}

impl Signal {
    fn send(&self, value: JsValue) {
        self.0.value.set(Some(value));
        if let Some(task) = self.0.waiting.take() {
            resume(&task);
        }
    }
}

impl Future for Signal {
    type Output = JsValue;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<JsValue> {
        match self.0.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.0.waiting.set(RUNNING.with_borrow(Clone::clone));
                Poll::Pending
            }
        }
    }
}

// The futures below have names: as async functions, each would bring a state machine (145 bytes for `ResultAt`).

/// The value of a promise, which may be an object of the page; `None` if it is rejected.
pub(crate) fn settled(promise: Result<Promise, JsValue>) -> Settled {
    let signal = Signal::default();
    let sent = signal.clone();
    let heard =
        promise.and_then(|promise| browser::when(&promise, &once(move |came| sent.send(came))));
    if heard.is_err() {
        // The same result as for a rejected promise.
        signal.send(JsValue::UNDEFINED);
    }
    Settled(signal)
}

pub(crate) struct Settled(Signal);

impl Future for Settled {
    type Output = Option<JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<JsValue>> {
        let came = Pin::new(&mut self.0).poll(context);
        came.map(|came| came.dyn_ref::<Array>().map(|came| came.get(0)))
    }
}

/// The `result` of an object of IndexedDB at the first of these events; `None` at the second one.
pub(crate) fn result(target: EventTarget, good: &'static str, bad: &'static str) -> ResultAt {
    let signal = Signal::default();
    let listen = |kind, well: bool| {
        let signal = signal.clone();
        Listener::new(&target, kind, move |_| signal.send(well.into()))
    };
    ResultAt { _listeners: [listen(good, true), listen(bad, false)], signal, target }
}

pub(crate) struct ResultAt {
    signal: Signal,
    target: EventTarget,
    _listeners: [Listener; 2],
}

impl Future for ResultAt {
    type Output = Option<JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<JsValue>> {
        let came = Pin::new(&mut self.signal).poll(context);
        came.map(|came| came.is_truthy().then(|| browser::get(&self.target, "result")))
    }
}

/// The output of a future, or the future itself if it takes longer than so many milliseconds.
pub(crate) async fn within<T>(
    milliseconds: u32,
    mut work: Pin<Box<dyn Future<Output = T>>>,
) -> Result<T, Pin<Box<dyn Future<Output = T>>>> {
    let mut late = Signal::default();
    let ring = late.clone();
    browser::wait(milliseconds, &once(move |_| ring.send(JsValue::NULL)));
    let done = poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Pin::new(&mut late).poll(context).map(|_| None),
    });
    done.await.ok_or(work)
}
