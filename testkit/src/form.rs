//! A form on a page, and a person who uses it.

use anyhow::{Context, Result, ensure};
use fantoccini::elements::Element;
use serde_json::Value;

use super::browser::Browser;

/// The answers that a person enters.
pub const PERSON: [(&str, &str); 3] =
    [("given_name", "មេឃ"), ("family_name", "ស្ត្រី"), ("email", "mekh@supporter.invalid")];

/// The form in an element.
pub struct Form<'a> {
    /// The browser that shows the page.
    pub browser: &'a Browser,
    /// A script expression that finds the element.
    pub element: String,
}

impl Form<'_> {
    fn within(&self, selector: &str) -> String {
        format!("{}?.shadowRoot?.querySelector({selector:?})", self.element)
    }

    /// An element in it, as soon as it exists.
    pub async fn find(&self, selector: &str) -> Result<Element> {
        self.browser.element(&self.within(selector)).await
    }

    /// Whether it contains such an element now.
    pub async fn has(&self, selector: &str) -> Result<bool> {
        Ok(!self.browser.value(&self.within(selector)).await?.is_null())
    }

    /// The text of an element in it, as soon as it exists.
    pub async fn text(&self, selector: &str) -> Result<String> {
        self.find(selector).await?;
        let text = self.browser.value(&format!("{}.textContent", self.within(selector))).await?;
        Ok(text.as_str().context("no text")?.to_owned())
    }

    /// Waits until it contains a text.
    pub async fn until_it_says(&self, text: &str) -> Result<()> {
        let element = &self.element;
        let said = format!("{element}?.shadowRoot?.textContent.includes({text:?})");
        self.browser.until(&said).await
    }

    /// The element's `state`.
    pub async fn state(&self) -> Result<Value> {
        self.browser.value(&format!("{}?.state", self.element)).await
    }

    /// Waits until it is in this state.
    pub async fn until(&self, state: &str) -> Result<()> {
        self.browser.until(&format!("{}?.state === {state:?}", self.element)).await
    }

    /// The id of its focused element.
    pub async fn focused(&self) -> Result<String> {
        let id = format!("{}?.shadowRoot?.activeElement?.id ?? ''", self.element);
        Ok(self.browser.value(&id).await?.as_str().unwrap_or_default().to_owned())
    }

    fn control(name: &str) -> String {
        format!("[name={name}]")
    }

    /// The value of a control.
    pub async fn value(&self, name: &str) -> Result<String> {
        let value = format!("{}?.value", self.within(&Self::control(name)));
        Ok(self.browser.value(&value).await?.as_str().unwrap_or_default().to_owned())
    }

    /// Types a value into a control.
    pub async fn enter(&self, name: &str, text: &str) -> Result<()> {
        self.reveal(&Self::control(name)).await?;
        let control = self.find(&Self::control(name)).await?;
        control.clear().await?;
        control.send_keys(text).await?;
        let value = self.value(name).await?;
        ensure!(value == text, "{name} holds {value:?}");
        Ok(())
    }

    /// Opens the `details` around something, as a person does: by a click on its summary.
    pub async fn reveal(&self, selector: &str) -> Result<()> {
        self.find(selector).await?;
        // A summary is not hidden by its own `details`.
        let element = self.within(selector);
        let outer =
            format!("({element}.closest('summary')?.parentElement.parentElement ?? {element})");
        let closed = format!("{outer}.closest('details:not([open])')");
        if self.browser.value(&format!("!!{closed}")).await? == true {
            let summary =
                self.browser.element(&format!("{closed}.querySelector('summary')")).await?;
            let scroll = format!("{closed}.scrollIntoView({{ block: 'center' }})");
            self.browser.run(&scroll, &[]).await?;
            self.browser.click_at(summary).await?;
        }
        Ok(())
    }

    /// Clicks on something with the mouse.
    pub async fn click(&self, selector: &str) -> Result<()> {
        self.reveal(selector).await?;
        let element = self.find(selector).await?;
        let scroll = format!("{}.scrollIntoView({{ block: 'center' }})", self.within(selector));
        for _ in 0..3 {
            self.browser.run(&scroll, &[]).await?;
            // Firefox scrolls to the field that was typed into, a moment later.
            if self.browser.click_at(element.clone()).await.is_ok() {
                return Ok(());
            }
        }
        self.browser.run(&scroll, &[]).await?;
        self.browser.click_at(element).await.with_context(|| format!("clicking on {selector}"))
    }

    /// Chooses a country from the list.
    pub async fn choose_country(&self, code: &str) -> Result<()> {
        let list = Self::control("country");
        self.browser.run(&format!("{}.focus()", self.within(&list)), &[]).await?;
        self.find(&format!("{list} option[value={code}]")).await?.click().await?;
        let value = self.value("country").await?;
        ensure!(value == code, "the country is {value:?}");
        Ok(())
    }

    /// Fills in everything that the example campaign requires: all of its targets are chosen already.
    pub async fn fill(&self) -> Result<()> {
        // WebKit sends no keys to a frame before a click.
        self.click(&Self::control(PERSON[0].0)).await?;
        for (name, text) in PERSON {
            self.enter(name, text).await?;
        }
        self.choose_country("KH").await?;
        self.click("[name=consent_delivery]").await
    }

    /// Checks that all of it is still there.
    pub async fn is_filled(&self) -> Result<()> {
        for (name, text) in PERSON.into_iter().chain([("country", "KH")]) {
            let value = self.value(name).await?;
            ensure!(value == text, "{name} holds {value:?} and no longer {text:?}");
        }
        for box_ in ["[value=minister-of-justice]", "[value=embassy]", "[name=consent_delivery]"] {
            ensure!(self.has(&format!("{box_}:checked")).await?, "{box_} is no longer ticked");
        }
        Ok(())
    }

    /// Clicks on its button.
    pub async fn submit(&self) -> Result<()> {
        self.click("[type=submit]").await
    }

    /// Sends, and reads the receipt's number.
    pub async fn send(&self) -> Result<String> {
        self.submit().await?;
        self.until("sent").await?;
        self.text("[part=receipt] code").await
    }
}
