//! A browser, driven as a person would use it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;
use tokio::time::Instant;

use super::engine::{Driver, Engine, Wish};

/// Time limit for a condition to become true.
const PATIENCE: Duration = Duration::from_secs(10);

/// The key of an element in what scripts return.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
#[derive(Debug)]
pub struct Browser {
    /// Its engine.
    pub engine: Engine,
    client: Client,
    _driver: Driver,
}

impl Browser {
    /// Starts the engine's driver and a browser.
    pub async fn start(engine: Engine) -> Result<Self> {
        Self::start_for(engine, Wish::None).await
    }

    /// Starts one with a person's preferences. A busy machine may need a second attempt.
    pub async fn start_for(engine: Engine, wish: Wish) -> Result<Self> {
        match Self::attempt(engine, wish).await {
            Ok(browser) => Ok(browser),
            Err(error) => {
                eprintln!("{error:#}: once more");
                tokio::time::sleep(Duration::from_secs(2)).await;
                Self::attempt(engine, wish).await
            }
        }
    }

    async fn attempt(engine: Engine, wish: Wish) -> Result<Self> {
        let capabilities = engine.capabilities(wish)?;
        let driver = engine.drive(wish).await?;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.address)
            .await
            .with_context(|| format!("{} did not start", engine.name()))?;
        Ok(Browser { engine, client, _driver: driver })
    }

    /// Ends it, by force if necessary.
    pub async fn quit(self) {
        // If it hangs, its driver is ended all the same.
        let _ = tokio::time::timeout(Duration::from_secs(5), self.client.close()).await;
    }

    /// Whether it still responds.
    pub async fn lives(&self) -> bool {
        let answer = self.client.window();
        matches!(tokio::time::timeout(Duration::from_secs(10), answer).await, Ok(Ok(_)))
    }

    /// Opens a page.
    pub async fn open(&self, address: &str) -> Result<()> {
        Ok(self.client.goto(address).await?)
    }

    /// The browser's current address.
    pub async fn address(&self) -> Result<String> {
        Ok(self.client.current_url().await?.to_string())
    }

    /// Sets the window's size in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        Ok(self.client.set_window_size(width, height).await?)
    }

    /// Goes back in the history.
    pub async fn back(&self) -> Result<()> {
        Ok(self.client.back().await?)
    }

    /// Enters the page's only frame, until another page is opened.
    pub async fn enter_frame(&self) -> Result<()> {
        self.until("!!document.querySelector('iframe')").await?;
        Ok(self.client.enter_frame(0).await?)
    }

    /// Runs the body of a function.
    pub async fn run(&self, script: &str, arguments: &[Value]) -> Result<Value> {
        let value = self.client.execute(script, arguments.to_vec()).await;
        value.with_context(|| format!("running {script}"))
    }

    /// The value of an expression.
    pub async fn value(&self, expression: &str) -> Result<Value> {
        self.run(&format!("return {expression}"), &[]).await
    }

    /// Waits until an expression is true.
    pub async fn until(&self, expression: &str) -> Result<()> {
        let begun = Instant::now();
        loop {
            let value = self.value(expression).await?;
            if !matches!(value, Value::Null | Value::Bool(false)) {
                return Ok(());
            }
            if begun.elapsed() > PATIENCE {
                bail!("waited in vain until {expression}");
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The element that an expression returns, as soon as it exists.
    pub async fn element(&self, expression: &str) -> Result<Element> {
        self.until(&format!("!!{expression}")).await?;
        let found = self.value(expression).await?;
        let id = found[ELEMENT].as_str().with_context(|| format!("{expression} is no element"))?;
        Ok(Element::from_element_id(self.client.clone(), ElementRef::from(id.to_owned())))
    }

    /// Presses keys on the focused element.
    pub async fn strike(&self, keys: &str) -> Result<()> {
        let strokes = KeyActions::new("keyboard".to_owned());
        let strokes = keys.chars().fold(strokes, |strokes, value| {
            strokes.then(KeyAction::Down { value }).then(KeyAction::Up { value })
        });
        Ok(self.client.perform_actions(strokes).await?)
    }

    /// Presses a key while another one is held.
    pub async fn strike_with(&self, held: char, key: char) -> Result<()> {
        let strokes = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value: held })
            .then(KeyAction::Down { value: key })
            .then(KeyAction::Up { value: key })
            .then(KeyAction::Up { value: held });
        Ok(self.client.perform_actions(strokes).await?)
    }

    /// Moves the mouse to the middle of an element.
    pub async fn point_at(&self, element: Element) -> Result<()> {
        Ok(self.client.perform_actions(Self::moves_to(element)).await?)
    }

    fn moves_to(element: Element) -> MouseActions {
        let there = PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 };
        MouseActions::new("mouse".to_owned()).then(there)
    }

    /// Moves the mouse to the middle of an element and clicks on whatever is on top there.
    pub async fn click_at(&self, element: Element) -> Result<()> {
        let moves = Self::moves_to(element)
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        Ok(self.client.perform_actions(moves).await?)
    }

    /// The colour painted at a point of an element, as red, green and blue. The point is given as fractions of the
    /// element's width and height.
    pub async fn colour_at(&self, element: &Element, place: (f64, f64)) -> Result<Value> {
        let script = "
            window.seen = undefined;
            const [bytes, x, y] = arguments;
            createImageBitmap(new Blob([new Uint8Array(bytes)])).then((picture) => {
              const { width, height } = picture;
              const context = Object.assign(document.createElement('canvas'), { width, height })
                .getContext('2d');
              context.drawImage(picture, 0, 0);
              const at = [x * width, y * height].map(Math.floor);
              window.seen = Array.from(context.getImageData(...at, 1, 1).data).slice(0, 3);
            });";
        let picture = element.screenshot().await?;
        self.run(script, &[picture.into(), place.0.into(), place.1.into()]).await?;
        self.until("!!window.seen").await?;
        self.value("window.seen").await
    }

    /// Saves a screenshot.
    pub async fn photograph(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(path, self.client.screenshot().await?)?)
    }
}
