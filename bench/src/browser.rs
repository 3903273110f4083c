//! Chromium, driven by its own protocol (CDP): keys can be sent without waiting for each other, and a page reports its
//! events by itself. WebDriver allows neither.

use std::collections::HashMap;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use standwith_testkit::engine;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// Time limit for any operation of the browser or a page.
const PATIENCE: Duration = Duration::from_secs(60);

/// A phone's viewport, as Lighthouse uses it.
const PHONE: (u32, u32, f64) = (412, 823, 1.75);

/// Script that records in the page when events happen.
const PROBE: &str = include_str!("probe.js");

/// Script that acts in the page as a person would.
const PERSON: &str = include_str!("person.js");

/// A headless browser, which ends when dropped.
pub(crate) struct Browser {
    wire: Arc<Wire>,
    _child: Child,
    _profile: TempDir,
}

/// The connection to the browser.
struct Wire {
    out: mpsc::UnboundedSender<Message>,
    last: AtomicU64,
    waiting: Mutex<HashMap<u64, oneshot::Sender<Result<Value>>>>,
    /// Receivers of the pages' events, by session.
    listening: Mutex<HashMap<String, mpsc::UnboundedSender<String>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Browser {
    pub(crate) async fn start() -> Result<Self> {
        let profile = TempDir::new()?;
        let mut child =
            Command::new(engine::first(&["chromium", "chromium-browser", "google-chrome"])?)
                .args([
                    "--headless",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--no-first-run",
                    "--lang=en",
                ])
                .args([
                    "--disable-background-networking",
                    "--disable-component-update",
                    "--disable-sync",
                ])
                .args(["--disable-background-timer-throttling", "--disable-renderer-backgrounding"])
                // A page in the back-forward cache would be counted with the next one.
                .arg("--disable-features=BackForwardCache,Translate")
                .args(["--remote-debugging-port=0", "--enable-precise-memory-info"])
                .arg(format!("--user-data-dir={}", profile.path().display()))
                .arg("about:blank")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .kill_on_drop(true)
                .spawn()
                .context("Chromium did not start")?;
        let mut lines = BufReader::new(child.stderr.take().context("no output")?).lines();
        let address = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = lines.next_line().await? {
                if let Some(address) = line.strip_prefix("DevTools listening on ") {
                    return Ok(address.to_owned());
                }
            }
            bail!("Chromium ended at once")
        });
        let address = address.await.context("Chromium did not start")??;
        // Its standard error is read, so that it never blocks on a full pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Browser { wire: Wire::connect(&address).await?, _child: child, _profile: profile })
    }

    /// The browser's name and version.
    pub(crate) async fn version(&self) -> Result<String> {
        let version = self.wire.call(None, "Browser.getVersion", json!({})).await?;
        Ok(text(&version, "product")?
            .replace("HeadlessChrome/", "Chrome/")
            .replace("Chrome/", "Chromium "))
    }

    /// Opens a tab that shares neither cache nor process with another. `live`: the first field gets the focus as soon
    /// as it exists.
    pub(crate) async fn tab(&self, origin: &str, live: bool) -> Result<Tab> {
        let wire = &self.wire;
        let context = wire.call(None, "Target.createBrowserContext", json!({})).await?;
        let context = text(&context, "browserContextId")?;
        let target = json!({ "url": "about:blank", "browserContextId": context });
        let target = text(&wire.call(None, "Target.createTarget", target).await?, "targetId")?;
        let session = json!({ "targetId": target, "flatten": true });
        let session = wire.call(None, "Target.attachToTarget", session).await?;
        let session = text(&session, "sessionId")?;
        let (sender, told) = mpsc::unbounded_channel();
        lock(&wire.listening).insert(session.clone(), sender);
        let tab = Tab { wire: wire.clone(), session, context, told };
        let (width, height, scale) = PHONE;
        let probe = PROBE.replace("__LIVE__", if live { "true" } else { "false" });
        for (method, parameters) in [
            ("Page.enable", json!({})),
            ("Runtime.enable", json!({})),
            ("Performance.enable", json!({})),
            ("Emulation.setFocusEmulationEnabled", json!({ "enabled": true })),
            (
                "Emulation.setDeviceMetricsOverride",
                json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": true }),
            ),
            ("Runtime.addBinding", json!({ "name": "tellBench" })),
            ("Page.addScriptToEvaluateOnNewDocument", json!({ "source": probe })),
            ("Page.addScriptToEvaluateOnNewDocument", json!({ "source": PERSON })),
        ] {
            tab.call(method, parameters).await?;
        }
        // From here on the process belongs to the page, so throttling stays in force.
        tab.open(&format!("{origin}/waiting")).await?;
        Ok(tab)
    }
}

impl Wire {
    async fn connect(address: &str) -> Result<Arc<Self>> {
        let (socket, _) = tokio_tungstenite::connect_async(address).await?;
        let (mut sink, mut stream) = socket.split();
        let (out, mut outgoing) = mpsc::unbounded_channel();
        let wire = Arc::new(Wire {
            out,
            last: AtomicU64::new(0),
            waiting: Mutex::default(),
            listening: Mutex::default(),
        });
        tokio::spawn(async move {
            while let Some(message) = outgoing.recv().await {
                if sink.send(message).await.is_err() {
                    break;
                }
            }
        });
        let reader = wire.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                if let Ok(said) = message
                    .to_text()
                    .map_err(drop)
                    .and_then(|text| serde_json::from_str::<Value>(text).map_err(drop))
                {
                    reader.hear(&said);
                }
            }
            // Waiting calls learn that no answer will come.
            lock(&reader.waiting).clear();
            lock(&reader.listening).clear();
        });
        Ok(wire)
    }

    fn hear(&self, said: &Value) {
        if let Some(id) = said["id"].as_u64() {
            let answer = match said.get("error") {
                Some(error) => Err(anyhow!("{error}")),
                None => Ok(said["result"].clone()),
            };
            if let Some(waiting) = lock(&self.waiting).remove(&id) {
                // The receiver is gone after a key press, which is sent without waiting for an answer.
                let _ = waiting.send(answer);
            }
        } else if said["method"] == "Runtime.bindingCalled"
            && let (Some(session), Some(word)) =
                (said["sessionId"].as_str(), said["params"]["payload"].as_str())
            && let Some(listening) = lock(&self.listening).get(session)
        {
            // The tab may be closed already.
            let _ = listening.send(word.to_owned());
        }
    }

    /// Sends a request, and returns the receiver of its answer.
    fn send(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: Value,
    ) -> Result<oneshot::Receiver<Result<Value>>> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let (sender, receiver) = oneshot::channel();
        lock(&self.waiting).insert(id, sender);
        self.out.send(Message::text(message.to_string())).context("the browser is gone")?;
        Ok(receiver)
    }

    async fn call(&self, session: Option<&str>, method: &str, parameters: Value) -> Result<Value> {
        let answer = self.send(session, method, parameters)?;
        let answer = tokio::time::timeout(PATIENCE, answer).await;
        let answer = answer.with_context(|| format!("{method} took too long"))?;
        answer.context("the browser is gone")?.with_context(|| method.to_owned())
    }
}

/// A network between page and servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Network {
    /// The machine's own network, not throttled.
    Unlimited,
    /// 60 ms, 9 Mbit/s.
    Good,
    /// 150 ms, 1.6 Mbit/s.
    Poor,
}

impl Network {
    /// Latency in milliseconds, download and upload rate in bits per second.
    fn limits(self) -> Option<(u32, u32, u32)> {
        match self {
            Self::Unlimited => None,
            Self::Good => Some((60, 9_000_000, 3_000_000)),
            Self::Poor => Some((150, 1_600_000, 750_000)),
        }
    }

    /// A name for the report.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unlimited => "no limit",
            Self::Good => "60 ms, 9 Mbit/s",
            Self::Poor => "150 ms, 1.6 Mbit/s",
        }
    }
}

/// A tab, and the events that its page reports.
pub(crate) struct Tab {
    wire: Arc<Wire>,
    session: String,
    context: String,
    told: mpsc::UnboundedReceiver<String>,
}

impl Tab {
    async fn call(&self, method: &str, parameters: Value) -> Result<Value> {
        self.wire.call(Some(&self.session), method, parameters).await
    }

    /// Throttles the processor by this factor, and the network to its limits.
    pub(crate) async fn slow_down(&self, processor: u32, network: Network) -> Result<()> {
        self.call("Emulation.setCPUThrottlingRate", json!({ "rate": processor })).await?;
        if let Some((latency, down, up)) = network.limits() {
            self.call("Network.enable", json!({})).await?;
            let slow = json!({
                "offline": false,
                "latency": latency,
                "downloadThroughput": down / 8,
                "uploadThroughput": up / 8,
            });
            self.call("Network.emulateNetworkConditions", slow).await?;
        }
        Ok(())
    }

    /// Starts to load a page.
    pub(crate) async fn open(&self, address: &str) -> Result<()> {
        let opened = self.call("Page.navigate", json!({ "url": address })).await?;
        if let Some(error) = opened["errorText"].as_str() {
            bail!("{address}: {error}");
        }
        Ok(())
    }

    /// Leaves the page for an empty one; its events are discarded.
    pub(crate) async fn leave(&mut self, origin: &str) -> Result<()> {
        self.open(&format!("{origin}/waiting")).await?;
        while self.told.try_recv().is_ok() {}
        Ok(())
    }

    /// Waits for an event with this prefix, and returns the rest of it.
    pub(crate) async fn until(&mut self, word: &str) -> Result<String> {
        let heard = async {
            loop {
                let told = self.told.recv().await.context("the browser is gone")?;
                if told.starts_with("error ") {
                    bail!("the page says: {told}");
                }
                if let Some(rest) = told.strip_prefix(word) {
                    return Ok(rest.trim().to_owned());
                }
            }
        };
        tokio::time::timeout(PATIENCE, heard)
            .await
            .with_context(|| format!("the page did not report {word}"))?
    }

    /// Waits for events with all these prefixes, in any order.
    pub(crate) async fn until_all(&mut self, words: &[&str]) -> Result<()> {
        let mut missing = words.to_vec();
        while !missing.is_empty() {
            let told =
                self.until("").await.with_context(|| format!("no {}", missing.join(", ")))?;
            missing.retain(|word| !told.starts_with(word));
        }
        Ok(())
    }

    /// The value of an expression; a promise is awaited.
    pub(crate) async fn value(&self, expression: &str) -> Result<Value> {
        let asked =
            json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", asked).await?;
        if let Some(exception) = answer.get("exceptionDetails") {
            bail!("{expression}: {}", exception["exception"]["description"]);
        }
        Ok(answer["result"]["value"].clone())
    }

    /// The value of an expression that is a number.
    pub(crate) async fn number(&self, expression: &str) -> Result<f64> {
        let value = self.value(expression).await?;
        value.as_f64().with_context(|| format!("{expression} is {value}"))
    }

    /// Presses and releases a letter's key without waiting for the result.
    pub(crate) fn press(&self, letter: char) -> Result<()> {
        let code = letter.to_ascii_uppercase();
        let name = if letter == ' ' { "Space".to_owned() } else { format!("Key{code}") };
        for kind in ["keyDown", "keyUp"] {
            let mut key = json!({
                "type": kind, "key": letter, "code": name, "windowsVirtualKeyCode": u32::from(code),
            });
            if kind == "keyDown" {
                key["text"] = letter.to_string().into();
            }
            drop(self.wire.send(Some(&self.session), "Input.dispatchKeyEvent", key)?);
        }
        Ok(())
    }

    /// Presses a key repeatedly until the page reports this event.
    pub(crate) async fn press_until(&mut self, word: &str) -> Result<()> {
        let mut ticks = tokio::time::interval(Duration::from_millis(12));
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let pressed = async {
            loop {
                tokio::select! {
                    told = self.told.recv() => {
                        if told.context("the browser is gone")? == word {
                            return Ok(());
                        }
                    }
                    _ = ticks.tick() => self.press('a')?,
                }
            }
        };
        tokio::time::timeout(PATIENCE, pressed).await.with_context(|| format!("no {word}"))?
    }

    /// Moves the mouse to this point and clicks.
    pub(crate) async fn click(&self, x: f64, y: f64) -> Result<()> {
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let button = if kind == "mouseMoved" { "none" } else { "left" };
            let event = json!({ "type": kind, "x": x, "y": y, "button": button, "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await?;
        }
        Ok(())
    }

    /// Collects all garbage.
    pub(crate) async fn collect_garbage(&self) -> Result<()> {
        self.call("HeapProfiler.collectGarbage", json!({})).await.map(drop)
    }

    /// The browser's metrics of the page.
    pub(crate) async fn counts(&self) -> Result<Counts> {
        let counted = self.call("Performance.getMetrics", json!({})).await?;
        let counted = counted["metrics"].as_array().context("no metrics")?;
        let pair = |one: &Value| Some((one["name"].as_str()?.to_owned(), one["value"].as_f64()?));
        Ok(Counts(counted.iter().filter_map(pair).collect()))
    }

    /// Closes it and discards its cache.
    pub(crate) async fn close(self) -> Result<()> {
        lock(&self.wire.listening).remove(&self.session);
        let context = json!({ "browserContextId": self.context });
        self.wire.call(None, "Target.disposeBrowserContext", context).await.map(drop)
    }
}

/// The browser's metrics by name, such as `JSHeapUsedSize`.
pub(crate) struct Counts(HashMap<String, f64>);

impl Counts {
    pub(crate) fn get(&self, name: &str) -> Result<f64> {
        self.0.get(name).copied().with_context(|| format!("the browser does not count {name}"))
    }
}

fn text(value: &Value, key: &str) -> Result<String> {
    Ok(value[key].as_str().with_context(|| format!("no {key} in {value}"))?.to_owned())
}
