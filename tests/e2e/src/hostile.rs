//! Pages that interfere with the form.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use reqwest::header::HeaderValue;
use serde_json::json;

use crate::embedding::TAG;
use crate::first_paint::serve_changed;
use crate::harness::server::{self, answer};
use crate::harness::{CAMPAIGN, CAMPAIGN_IN_JSON, Stage};

pub(crate) async fn a_hostile_page_neither_hides_the_form_nor_steals_its_keys(
    stage: &Stage,
) -> Result<()> {
    stage.open("hostile.html").await?;
    let form = stage.form();
    form.until("editing").await?;
    // Keys are pressed and not sent to the field, so that they pass the page's own listeners.
    form.click("[name=given_name]").await?;
    stage.browser.strike("jk/? gG1#x").await?;
    ensure!(form.value("given_name").await? == "jk/? gG1#x", "{}", form.value("given_name").await?);

    for selector in [
        "h2",
        "[name=given_name]",
        "[name=email]",
        "select",
        "[name=consent_delivery]",
        "[type=submit]",
    ] {
        let looks = stage.browser.run(LOOKS, &[selector.into()]).await?;
        let told = format!("{selector}: {looks:#}");
        let number =
            |name: &str| looks[name].as_f64().with_context(|| format!("{name} of {selector}"));
        ensure!(number("width")? >= 13.0 && number("height")? >= 13.0, "{told}");
        ensure!(number("left")? >= 0.0 && number("right")? <= number("page")?, "{told}");
        ensure!(number("font")? >= 13.0, "{told}");
        ensure!(looks["hit"] == true, "something covers it, or it takes no click: {told}");
        for (property, values) in [
            ("visibility", &["visible"][..]),
            ("direction", &["ltr"]),
            ("writingMode", &["horizontal-tb"]),
            ("textTransform", &["none"]),
            ("letterSpacing", &["normal", "0px"]),
            ("textIndent", &["0px"]),
            ("fontStyle", &["normal"]),
            ("pointerEvents", &["auto"]),
        ] {
            let value = looks[property].as_str().unwrap_or_default();
            ensure!(values.contains(&value), "{property} is {value}; {told}");
        }
        ensure!(looks["color"] != looks["ground"], "it has the colour of its ground: {told}");
        ensure!(looks["color"] != "rgb(255, 255, 0)", "{told}");
    }
    form.fill().await?;
    form.send().await?;
    stage.endpoint.only_action().await?;
    Ok(())
}

/// Replaces functions of the browser, before the tag runs. Some patches add properties that every loop finds, some
/// observe values, and some would change the letter that is sent.
const PATCHES: &str = "<script>
  {
  // Texts, because with a function here WebKit's driver can't return any value to the test.
  Object.prototype.hostile = 'hostile';
  Array.prototype.last = 'last';
  const alter = (text) => {
    if (typeof text !== 'string' || !text.includes('without delay')) return text;
    window.altered = (window.altered ?? 0) + 1;
    return text.replaceAll('without delay', 'never');
  };
  const deep = (value) => {
    if (typeof value === 'string') return alter(value);
    if (value && typeof value === 'object') for (const key of Object.keys(value)) value[key] = deep(value[key]);
    return value;
  };
  const { parse, stringify } = JSON;
  JSON.parse = (...given) => deep(parse(...given));
  JSON.stringify = (...given) => alter(stringify(...given));
  const { fetch } = window;
  window.fetch = function (...given) { window.fetched = (window.fetched ?? 0) + 1; return fetch.apply(this, given); };
  for (const name of ['trim', 'normalize', 'toString']) {
    const real = String.prototype[name];
    String.prototype[name] = function (...given) { return alter(real.apply(this, given)); };
  }
  const { define, get } = customElements;
  customElements.define = function (name, made, options) { window.defined = name; return define.call(this, name, made, options); };
  customElements.get = function (name) { return get.call(this, name); };
  const { then } = Promise.prototype;
  Promise.prototype.then = function (...given) { return then.apply(this, given); };
  const { addEventListener } = EventTarget.prototype;
  EventTarget.prototype.addEventListener = function (...given) { return addEventListener.apply(this, given); };
  for (const name of ['appendChild', 'insertBefore', 'replaceChild']) {
    const real = Node.prototype[name];
    Node.prototype[name] = function (...given) { return real.apply(this, given); };
  }
  const { setAttribute } = Element.prototype;
  Element.prototype.setAttribute = function (name, value) { return setAttribute.call(this, name, alter(value)); };
  }
</script>";

pub(crate) async fn what_a_page_patches_changes_nothing_that_is_signed(
    stage: &Stage,
) -> Result<()> {
    stage.open_page(PATCHES, TAG, &[]).await?;
    let form = stage.form();
    form.until("editing").await?;
    form.fill().await?;
    form.send().await?;
    let exported = stage.endpoint.only_action().await?;
    ensure!(exported["assurance"] == "signed", "{exported}");
    let body = exported["claims"]["message"]["body"].as_str().unwrap_or_default();
    ensure!(body.contains("released without delay"), "{body}");
    // Counter-check: the patches were in effect.
    let used =
        stage.browser.value("[window.fetched > 2, window.defined, window.altered > 0]").await?;
    ensure!(used == json!([true, "stand-with", true]), "{used}");
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    Ok(())
}

/// Elements of an article that shadow properties of document and window (DOM clobbering), as an HTML filter may let
/// them pass.
pub(crate) fn clobbering() -> String {
    let names = [
        "currentScript",
        "querySelectorAll",
        "createElement",
        "createTextNode",
        "documentElement",
        "body",
        "head",
        "baseURI",
        "StandWith",
        "addEventListener",
        "fetch",
        "navigator",
        "crypto",
    ];
    let named = names.map(|name| {
        format!(
            r#"<img name={name} id={name} alt=""
              data-campaign="https://actions.example.org/campaigns/{CAMPAIGN_IN_JSON}.json">"#
        )
    });
    named.concat()
}

pub(crate) async fn elements_named_like_properties_of_the_document_change_nothing(
    stage: &Stage,
) -> Result<()> {
    let images = clobbering();
    let form = "<form name=StandWith id=StandWith><input name=version value=9><input name=element value=p></form>";
    let frame = "<iframe name=StandWith src='data:text/html,x'></iframe>";
    let around = |inside: &str| {
        format!(
            "<form lang=km><input name=closest><input name=lang><input name=getAttribute>
              <input name=querySelector><div>{inside}</div></form>"
        )
    };
    for (told, head, body, lang) in [
        ("images", "", format!("{images}{TAG}"), "en"),
        ("images, and the tag in the head", TAG, images.clone(), "en"),
        ("a form", "", format!("{form}{TAG}"), "en"),
        ("a frame", "", format!("{frame}{TAG}{TAG}"), "en"),
        ("a form around it", "", around(TAG), "km"),
    ] {
        let seen = async {
            stage.open_page(head, &body, &[]).await?;
            stage.form().until("editing").await?;
            // By scripts alone: WebDriver's own element commands fail on such a page.
            let of = "document.querySelector('stand-with').shadowRoot.querySelector";
            let title = stage.browser.value(&format!("{of}('h2').textContent")).await?;
            ensure!(title != "In JSON", "the form of another campaign");
            let is = stage.browser.value(&format!("{of}('.standwith').lang")).await?;
            ensure!(is == lang, "its language is {is}");
            let version = stage.browser.value("window.StandWith.version").await?;
            ensure!(version == env!("CARGO_PKG_VERSION"), "{version}");
            let uncaught = stage.uncaught().await?;
            ensure!(uncaught == json!([]), "uncaught: {uncaught}");
            anyhow::Ok(())
        };
        seen.await.context(told)?;
    }
    ensure!(
        stage.proxy.asked(&format!("{CAMPAIGN_IN_JSON}.json")) == 0,
        "another campaign is requested"
    );
    Ok(())
}

pub(crate) async fn a_picture_on_another_host_is_fetched_without_cookie_and_referrer(
    stage: &Stage,
) -> Result<()> {
    // Cookies belong to a host, whatever the port, so the partner's would be sent to this server.
    let asked = Arc::<Mutex<Vec<String>>>::default();
    let server = {
        let asked = asked.clone();
        server::serve(move |request| {
            let told = request.headers().iter().map(|(name, value)| format!("{name}: {value:?}\n"));
            let told = format!("{}\n{}", request.uri(), told.collect::<String>());
            asked.lock().unwrap_or_else(PoisonError::into_inner).push(told);
            let picture = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>";
            let mut picture = answer(200, "image/svg+xml", picture);
            picture
                .headers_mut()
                .insert("Access-Control-Allow-Origin", HeaderValue::from_static("*"));
            std::future::ready(Some(picture))
        })
    };
    let server = server.await?;
    let picture = |name: &str| json!({ "url": format!("http://localhost:{}/{name}.svg", server.port), "alt": "A picture" });
    serve_changed(stage, |file| {
        file["picture"] = picture("campaign");
        file["targets"][0]["picture"] = picture("target");
    })
    .await?;
    stage.open("index.html").await?;
    stage.browser.run("document.cookie = 'who=me; path=/'", &[]).await?;
    let image = "querySelector('img[src*=campaign]')?.naturalWidth > 0";
    stage.open_page("", TAG, &[]).await?;
    let root = "document.querySelector('stand-with')?.shadowRoot";
    stage.browser.until(&format!("{root}?.{image}")).await?;
    ensure!(stage.browser.value("document.cookie").await? == "who=me", "no cookie could be sent");
    stage.browser.open(&format!("{}/campaigns/{CAMPAIGN}", stage.proxy.origin)).await?;
    // The hosted page's policy blocks this picture, as it is not on https; the attributes show how it would be fetched.
    let asks = "document.querySelector('img[src*=campaign]')";
    let asks = format!("[{asks}?.referrerPolicy, {asks}?.crossOrigin]");
    let asks = stage.browser.value(&asks).await?;
    ensure!(asks == json!(["no-referrer", "anonymous"]), "the hosted page asks with {asks}");
    let asked = asked.lock().unwrap_or_else(PoisonError::into_inner);
    ensure!(asked.iter().any(|told| told.starts_with("/target.svg")), "{asked:?}");
    for told in asked.iter() {
        let told = told.to_lowercase();
        ensure!(!told.contains("cookie:") && !told.contains("referer:"), "{told}");
    }
    Ok(())
}

pub(crate) async fn what_a_page_breaks_leaves_the_fallback_or_a_form(stage: &Stage) -> Result<()> {
    let broken = "() => { throw Error('broken'); }";
    for (told, patch, state) in [
        ("fetch", format!("window.fetch = {broken}"), Some("unavailable")),
        ("fetch is nothing", "window.fetch = undefined".to_owned(), Some("unavailable")),
        (
            "fetch answers nothing",
            "window.fetch = () => Promise.resolve()".to_owned(),
            Some("unavailable"),
        ),
        (
            "a shadow root",
            format!("Element.prototype.attachShadow = {broken}"),
            Some("unavailable"),
        ),
        ("WebAssembly", "WebAssembly = undefined".to_owned(), Some("unavailable")),
        // Without the element there is no state to check.
        ("elements", format!("CustomElementRegistry.prototype.define = {broken}"), None),
        ("addresses", format!("window.URL = {broken}"), Some("editing")),
        ("digests", format!("SubtleCrypto.prototype.digest = {broken}"), Some("unavailable")),
    ] {
        let head = format!("<script>{patch}</script>");
        stage.open_page(&head, &format!("<p id=own>An article</p>{TAG}"), &[]).await?;
        match state {
            Some(state) => stage.form().until(state).await.context(told)?,
            None => stage.browser.until("document.readyState === 'complete'").await?,
        }
        let own = stage.browser.value("document.querySelector('#own').textContent").await?;
        ensure!(own == "An article", "{told}: the page is broken");
        let uncaught = stage.uncaught().await?;
        ensure!(uncaught == json!([]), "{told}: {uncaught}");
    }
    Ok(())
}

/// Blocks mouse, keys and clipboard as copy protection plugins do, on document and window, and records the events that
/// reach the page.
const FORBIDS: &str = "<script>
  document.onmousedown = (event) => ['INPUT', 'TEXTAREA', 'SELECT'].includes(event.target.nodeName);
  for (const kind of ['selectstart', 'contextmenu', 'copy', 'cut', 'paste', 'dragstart']) {
    document['on' + kind] = () => false;
  }
  for (const kind of ['mousedown', 'pointerdown', 'touchstart', 'selectstart', 'contextmenu', 'copy', 'cut', 'paste',
    'dragstart', 'keydown']) {
    addEventListener(kind, (event) => {
      event.preventDefault();
      forbidden.push(event.type + ' ' + event.target.localName);
    });
  }
  window.clicked = [];
  window.forbidden = [];
  for (const kind of ['click', 'mouseup']) {
    document.addEventListener(kind, ({ type, target }) => clicked.push(type + ' ' + target.localName));
  }
</script>";

pub(crate) async fn what_a_page_forbids_is_not_forbidden_in_the_form(stage: &Stage) -> Result<()> {
    stage.open_page(FORBIDS, &format!("<p id=own tabindex=0>An article</p>{TAG}"), &[]).await?;
    let form = stage.form();
    form.until("editing").await?;
    // Counter-check: outside the form, the script is in effect.
    let own = stage.browser.element("own").await?;
    stage.browser.click_at(own).await?;
    ensure!(
        stage.browser.value("document.activeElement.id").await? == "",
        "the page forbids nothing"
    );
    ensure!(stage.browser.value("forbidden.length > 0").await? == true, "the page forbids nothing");
    stage.browser.run("clicked.length = forbidden.length = 0", &[]).await?;

    for name in ["given_name", "email", "postal_code", "subject", "body"] {
        let control = format!("[name={name}]");
        form.click(&control).await?;
        let focus = format!("{}.shadowRoot.activeElement?.name", form.element);
        let focused = stage.browser.value(&focus).await?;
        ensure!(focused == name, "{name} takes no focus, but {focused}");
    }
    // Selected, copied and pasted by the keyboard, as a person does.
    const CONTROL: char = '\u{e009}';
    form.enter("given_name", "Sophea").await?;
    stage.browser.strike_with(CONTROL, 'a').await?;
    stage.browser.strike_with(CONTROL, 'c').await?;
    form.click("[name=family_name]").await?;
    stage.browser.strike_with(CONTROL, 'v').await?;
    ensure!(form.value("family_name").await? == "Sophea", "{}", form.value("family_name").await?);
    // Events that a test's keys and mouse can't cause in every engine: a script dispatches them.
    let kinds = "touchstart touchmove touchend selectstart contextmenu cut dragstart dragover drop";
    let allowed = "return arguments[0].split(' ').filter((kind) =>
      !document.querySelector('stand-with').shadowRoot.querySelector('[name=body]')
        .dispatchEvent(new Event(kind, { bubbles: true, cancelable: true, composed: true })))";
    let stopped = stage.browser.run(allowed, &[kinds.into()]).await?;
    ensure!(stopped == json!([]), "the page stops {stopped}");
    let forbidden = stage.browser.value("forbidden").await?;
    ensure!(forbidden == json!([]), "the page forbids {forbidden}");

    // `mouseup` and `click` do reach the page: they end its drags, and close its menus.
    form.click("h2").await?;
    let clicked = stage.browser.value("clicked.slice(-2)").await?;
    ensure!(clicked == json!(["mouseup stand-with", "click stand-with"]), "{clicked}");
    form.fill().await?;
    form.send().await?;
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}

/// Returns style, size and place of an element of the form, and whether a click would hit it.
const LOOKS: &str = "
  const root = document.querySelector('stand-with').shadowRoot;
  const element = root.querySelector(arguments[0]);
  element.scrollIntoView({ block: 'center' });
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const names = ['visibility', 'direction', 'writingMode', 'textTransform', 'letterSpacing',
    'textIndent', 'fontStyle', 'pointerEvents', 'color'];
  let ground = element;
  while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
  const [x, y] = [box.left + Math.min(box.width / 2, 20), box.top + box.height / 2];
  return {
    ...Object.fromEntries(names.map((name) => [name, style[name]])),
    ground: ground && getComputedStyle(ground).backgroundColor,
    width: box.width, height: box.height, left: box.left, right: box.right,
    page: document.documentElement.clientWidth,
    font: parseFloat(style.fontSize),
    hit: root.elementFromPoint(x, y) === element && document.elementFromPoint(x, y) === root.host,
  };";

// Regression: a form whose code had trapped stayed on the page, dead and without a message.
pub(crate) async fn a_trap_leaves_what_was_typed_and_a_way_on(stage: &Stage) -> Result<()> {
    // Like a trap: a function that Rust calls throws, and no code of Rust runs on the way out.
    let page = "<script>{
      const { instantiate } = WebAssembly;
      const wrapped = (call) => (...given) => {
        if (window.traps-- > 0) throw new WebAssembly.RuntimeError('unreachable');
        return call(...given);
      };
      WebAssembly.instantiate = (module, imports) => {
        const made = {};
        for (const [name, all] of Object.entries(imports)) {
          made[name] = {};
          for (const [key, value] of Object.entries(all)) {
            made[name][key] = String(value).includes('.patch(') ? wrapped(value) : value;
          }
        }
        return instantiate(module, made);
      };
    }</script>";
    stage.open_page(page, &format!("<main>{TAG}</main>"), &[]).await?;
    let form = stage.form();
    form.until("editing").await?;
    form.fill().await?;
    form.click("[name=subject]").await?;
    stage.browser.run("window.traps = 1", &[]).await?;
    stage.browser.strike("Please ").await?;
    form.until("unavailable").await?;
    form.until_it_says("Open the form on its own page").await?;
    ensure!(form.value("subject").await?.contains("Please "), "the input is lost");
    ensure!(form.value("given_name").await? == "មេឃ", "the input is lost");
    // The form has stopped: nothing can be sent, and Enter does not leave the page.
    ensure!(!form.has("button").await?, "there is a button that does nothing");
    let address = stage.browser.value("location.href").await?;
    stage.browser.strike("\u{e007}").await?;
    ensure!(stage.browser.value("location.href").await? == address, "the page is left");
    ensure!(stage.proxy.posted().is_empty(), "something was sent");
    let heard = stage.browser.value("heard.at(-1)").await?;
    ensure!(heard[1]["code"] == "unavailable_wasm", "{heard}");
    Ok(())
}
