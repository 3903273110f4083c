//! Tests that need a browser: nodes, focus, listeners, events, and pages that misbehave.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use js_sys::{Array, Function, JSON, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test as test, wasm_bindgen_test_configure};
use web_sys::{CustomEvent, Element, Event, EventTarget, HtmlElement, ShadowRoot};

use standwith::markup::{NAMES, TAGS, address_patterns};

use crate::listener::Listener;
use crate::page::Renderer;
use crate::{Mounted, mount};

wasm_bindgen_test_configure!(run_in_browser);

// Actions of people, pages and endpoints, in JavaScript.
#[wasm_bindgen(inline_js = r#"
const tell = (target, Kind, type, more) =>
  target.dispatchEvent(new Kind(type, { bubbles: true, composed: true, cancelable: true, ...more }));

export const attach = () => {
  const host = document.createElement("div");
  document.body.append(host);
  host.attachShadow({ mode: "open" });
  return host;
};

/** Types a text at a place in what stands there, as keys do: the cursor is after it. */
export const type = (control, at, text) => {
  control.focus();
  // Controls for addresses know no cursor.
  if (control.selectionStart === null) control.value += text;
  else control.setRangeText(text, at, at, "end");
  tell(control, InputEvent, "input");
};

export const choose = (select, value) => {
  select.focus();
  select.value = value;
  tell(select, Event, "change");
};

/** Runs what a page has in a script of its own. */
export const page = (code) => (0, eval)(`(${code})`);

const real = { fetch, Request, Headers, CustomEvent };

/** Makes the browser's own out of all that a page may have replaced. */
export const restore = () => {
  Object.assign(globalThis, real);
  delete crypto.subtle;
  delete crypto.getRandomValues;
  delete navigator.clipboard;
};

/** An endpoint that takes everything and keeps it, when `gate` opens. */
export const serve = (posted, gate) => {
  globalThis.fetch = async (url, { method, body }) => {
    if (method === "GET") return new Response('{"count":41,"goal":100}');
    posted.push(body);
    const payload = body.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    await gate;
    const answer = { id: JSON.parse(atob(payload)).jti, status: "accepted", receipt: "", count: 42 };
    return new Response(JSON.stringify(answer), { status: 201 });
  };
};

const errors = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("unhandledrejection", (event) => errors.push(`rejection: ${event.reason}`));

/** What reached the browser's console as an error of the page since it was last asked. */
export const uncaught = () => errors.splice(0).join(", ");

// What a form waits for before it tries again comes a hundred times sooner.
const wait = globalThis.setTimeout;
globalThis.setTimeout = (done, time, ...more) => wait(done, time / 100, ...more);

export const pause = () => new Promise((resolve) => wait(resolve, 5));
"#)]
extern "C" {
    fn attach() -> HtmlElement;
    #[wasm_bindgen(js_name = type)]
    fn type_at(control: &Element, at: u32, text: &str);
    fn choose(select: &Element, value: &str);
    fn page(code: &str) -> JsValue;
    fn restore();
    fn serve(posted: &Array, gate: &JsValue);
    fn uncaught() -> String;
    fn pause() -> Promise;
}

#[wasm_bindgen(module = "/src/renderer.js")]
extern "C" {
    fn renderer(
        root: &ShadowRoot,
        base: &str,
        names: &str,
        tags: usize,
        addresses: &JsValue,
    ) -> Renderer;
}

const CAMPAIGN: &str = r#"{
  "id": "river",
  "title": "Save the river",
  "story": "It **dries** up. [More](https://river.invalid/).",
  "publisher": {"name": "The River", "privacy_url": "https://river.invalid/privacy"},
  "targets": [
    {"id": "mayor", "name": "The mayor", "office": "Mayor"},
    {"id": "minister", "name": "The minister"}
  ],
  "targeting": {"mode": "choose"},
  "message": {"subjects": ["Save it"], "body": "Please do.\n\n{{given_name}}"},
  "consents": [{"purpose": "delivery", "wording": "Pass it on.", "required": true}],
  "counter": {"goal": 100}
}"#;

/// A supporter's input, none of which may appear in an event.
const PERSON: [(&str, &str); 4] = [
    ("given_name", "មេឃ"),
    ("family_name", "Quillfeather"),
    ("email", "mekh@river.invalid"),
    ("body", "The river is all we have."),
];

/// A form on a page, and all events that the page receives.
struct Form {
    host: HtmlElement,
    root: ShadowRoot,
    mounted: Rc<RefCell<Option<Mounted>>>,
    /// Posted bodies.
    posted: Array,
    /// Kinds and details of the received events.
    heard: Rc<RefCell<Vec<(String, String)>>>,
    listeners: RefCell<Vec<Listener>>,
}

impl Form {
    /// The form of a campaign, whose endpoint accepts everything.
    fn new() -> Self {
        let posted = Array::new();
        serve(&posted, &JsValue::UNDEFINED);
        Form::of(CAMPAIGN, posted)
    }

    fn of(campaign: &str, posted: Array) -> Self {
        let host = attach();
        let heard = Rc::<RefCell<Vec<_>>>::default();
        let form = Form {
            root: host.shadow_root().unwrap(),
            host,
            mounted: Rc::default(),
            posted,
            heard: heard.clone(),
            listeners: RefCell::default(),
        };
        for kind in ["ready", "start", "invalid", "submit", "sent", "error", "share", "count"] {
            let heard = heard.clone();
            // At the document, because they bubble and leave every shadow root.
            form.on(&form.host.owner_document().unwrap(), kind, move |event| {
                let detail = event.unchecked_ref::<CustomEvent>().detail();
                let detail = JSON::stringify(&detail).unwrap().into();
                heard.borrow_mut().push((kind.to_owned(), detail));
            });
        }
        form.mount(campaign);
        form
    }

    fn mount(&self, campaign: &str) {
        let context = [
            "en",
            "0.5",
            "",
            "https://river.invalid/campaigns/river.json",
            "",
            "",
            "https://partner.invalid/article",
            "https://partner.invalid",
            "",
            "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc",
        ];
        let context = context.join("\n");
        let addresses = JSON::parse(&address_patterns()).unwrap();
        let base = "https://river.invalid/campaigns/";
        let renderer = renderer(&self.root, base, &NAMES.join(" "), TAGS, &addresses);
        // A function of the loader; here it never delivers a file.
        put(&renderer, "load", &Function::new_no_args(""));
        let (host, root) = (self.host.clone(), self.root.clone());
        let mounted = mount(host, root, renderer, &[campaign, "", &context].join("\0"));
        let mounted = mounted.unwrap_or_else(|fault| panic!("{fault}"));
        mounted.begin(false);
        self.mounted.replace(Some(mounted));
    }

    /// Adds a page's handler for `standwith:…`, until the form is dropped.
    fn on(&self, target: &EventTarget, kind: &str, handle: impl Fn(Event) + 'static) {
        let kind = Box::leak(["standwith:", kind].concat().into_boxed_str());
        self.listeners.borrow_mut().push(Listener::new(target, kind, handle));
    }

    fn maybe(&self, selector: &str) -> Option<HtmlElement> {
        let found = self.root.query_selector(selector).unwrap();
        found.map(|element| element.dyn_into().unwrap())
    }

    fn find(&self, selector: &str) -> HtmlElement {
        self.maybe(selector).unwrap_or_else(|| panic!("there is no {selector}"))
    }

    fn control(&self, name: &str) -> HtmlElement {
        self.find(&["[name=", name, "]"].concat())
    }

    fn enter(&self, name: &str, text: &str) {
        let control = self.control(name);
        put(&control, "value", &"".into());
        type_at(&control, 0, text);
    }

    /// Fills in all fields.
    fn fill(&self) {
        for (name, text) in PERSON {
            self.enter(name, text);
        }
        choose(&self.control("country"), "KH");
        for name in ["targets", "consent_delivery"] {
            self.control(name).click();
        }
    }

    fn submit(&self) {
        self.find("[type=submit]").click();
    }

    fn focused(&self) -> String {
        let active = self.root.active_element();
        active.map_or_else(String::new, |element| element.id())
    }

    fn state(&self) -> String {
        let state = self.mounted.borrow().as_ref().map(Mounted::state);
        state.and_then(|state| state.as_string()).unwrap_or_default()
    }

    async fn until(&self, state: &str) {
        for _ in 0..1000 {
            if self.state() == state {
                return;
            }
            moment().await;
        }
        panic!("it is {} and not {state}: {}", self.state(), self.root.text_content().unwrap());
    }

    async fn until_told(&self, kind: &str) {
        for _ in 0..1000 {
            if self.told().iter().any(|told| told == kind) {
                return;
            }
            moment().await;
        }
        panic!("{kind} is not among {:?}; the form is {}", self.told(), self.state());
    }

    /// Submits, and waits for the failure.
    async fn submit_in_vain(&self) {
        self.heard.borrow_mut().clear();
        self.submit();
        self.until_told("error").await;
        assert_eq!(self.state(), "editing");
    }

    fn told(&self) -> Vec<String> {
        self.heard.borrow().iter().map(|(kind, _)| kind.clone()).collect()
    }

    fn detail(&self, kind: &str) -> String {
        let heard = self.heard.borrow();
        let (_, detail) = heard.iter().find(|(known, _)| known == kind).unwrap();
        detail.clone()
    }

    /// The controls, in order.
    fn controls(&self) -> Vec<JsValue> {
        let controls = self.root.query_selector_all("[name]").unwrap();
        (0..controls.length()).map(|index| controls.get(index).unwrap().into()).collect()
    }
}

impl Drop for Form {
    fn drop(&mut self) {
        self.mounted.take();
        self.host.remove();
        restore();
        assert_eq!(uncaught(), "");
    }
}

fn get(object: &JsValue, property: &str) -> JsValue {
    Reflect::get(object, &property.into()).unwrap()
}

fn put(object: &JsValue, property: &str, value: &JsValue) {
    Reflect::set(object, &property.into(), value).unwrap();
}

fn value(control: &HtmlElement) -> String {
    get(control, "value").as_string().unwrap()
}

async fn moment() {
    JsFuture::from(pause()).await.unwrap();
}

// Rendering.

#[test]
fn typing_keeps_the_control_its_focus_and_its_cursor() {
    let form = Form::new();
    form.find(".edit > summary").click();
    for name in ["given_name", "body"] {
        let control = form.control(name);
        form.enter(name, "Chan Sophea");
        // One letter after the other, in the middle of the text.
        for (at, letter) in [(4, "d"), (5, "a"), (6, "r")] {
            type_at(&control, at, letter);
            assert_eq!(get(&control, "selectionStart"), f64::from(at + 1));
        }
        assert_eq!(value(&control), "Chandar Sophea");
        assert_eq!(control, form.control(name));
        assert_eq!(form.focused(), name);
    }
}

#[test]
fn mistakes_come_and_go_without_touching_the_controls() {
    let form = Form::new();
    form.enter("given_name", "Sophea");
    let before = form.controls();
    form.submit();
    assert!(form.find("#form-summary").text_content().unwrap().contains("Enter your last name"));
    assert_eq!(form.control("email").get_attribute("aria-invalid").as_deref(), Some("true"));
    assert!(before == form.controls());

    let email = form.control("email");
    type_at(&email, 0, "sophea");
    type_at(&email, 6, "@river.invalid");
    assert_eq!(email.get_attribute("aria-invalid"), None);
    assert_eq!(form.maybe("#email-error"), None);
    assert_eq!(form.focused(), "email");
    assert!(before == form.controls());
    assert_eq!(value(&form.control("given_name")), "Sophea");
}

#[test]
fn countries_come_with_the_first_focus_and_stay() {
    let form = Form::new();
    let country = form.control("country");
    // At most the suggested country is in the list.
    assert!(country.child_element_count() <= 2);
    form.control("given_name").focus().unwrap();
    assert!(country.child_element_count() > 200);

    choose(&country, "KH");
    form.submit();
    assert!(form.maybe("#form-summary").is_some());
    assert_eq!(value(&country), "KH");
    let count = country.child_element_count();
    form.control("email").focus().unwrap();
    assert_eq!(country.child_element_count(), count);
    assert_eq!(value(&country), "KH");
}

#[test]
fn print_shows_what_is_folded_away() {
    let form = Form::new();
    let closed = |kind: &str| form.maybe(&["details", kind, ":not([open])"].concat()).is_some();
    assert!(closed(":not(.edit)") && closed(".edit"));
    web_sys::window().unwrap().dispatch_event(&Event::new("beforeprint").unwrap()).unwrap();
    assert!(!closed(":not(.edit)") && closed(".edit"));
}

#[test]
async fn a_form_is_empty_after_reset() {
    let form = Form::new();
    form.fill();
    form.submit();
    form.until("sent").await;
    form.mounted.borrow().as_ref().unwrap().reset();
    assert_eq!(form.state(), "editing");
    for name in ["given_name", "email"] {
        assert_eq!(value(&form.control(name)), "");
    }
    // The browser's suggestion is restored.
    assert_ne!(value(&form.control("country")), "KH");
    assert_eq!(get(&form.control("consent_delivery"), "checked"), false);
    assert_eq!(value(&form.control("body")), "Please do.\n\n{{given_name}}");

    // The next person can send.
    form.fill();
    form.submit();
    form.until("sent").await;
    assert_eq!(form.posted.length(), 2);
}

/// The test campaign with additional keys.
fn campaign_with(keys: &str) -> String {
    CAMPAIGN.replacen('{', &["{", keys, ", "].concat(), 1)
}

#[test]
fn one_of_several_answers_is_chosen() {
    let form = Form::of(&campaign_with(r#""public": {"ask": true}"#), Array::new());
    let radio = |word: &str| form.find(&["[name=public][value=", word, "]"].concat());
    let chosen = || ["name", "initials", "anonymous"].map(|w| get(&radio(w), "checked") == true);
    assert_eq!(chosen(), [false, false, true]);
    radio("name").click();
    assert_eq!(chosen(), [true, false, false]);
    radio("initials").click();
    // Rendering for another reason does not change it.
    form.submit();
    assert_eq!(chosen(), [false, true, false]);
    assert_eq!(value(&radio("initials")), "initials");
    form.mounted.borrow().as_ref().unwrap().reset();
    assert_eq!(chosen(), [false, false, true]);
}

#[test]
async fn people_at_risk_see_their_receipt_when_they_ask() {
    let posted = Array::new();
    serve(&posted, &JsValue::UNDEFINED);
    let form = Form::of(&campaign_with(r#""at_risk": true"#), posted);
    assert_eq!(form.control("email").get_attribute("autocomplete").as_deref(), Some("off"));
    form.fill();
    form.submit();
    form.until("sent").await;
    assert!(form.maybe("code").is_none() && !form.detail("sent").contains("\"id\""));
    form.find("[data-act=show-receipt]").click();
    assert_eq!(form.find("code").text_content().unwrap().len(), 22);
    assert_eq!(form.focused(), "form-receipt");
}

#[test]
fn what_a_password_manager_fills_in_without_a_word_is_sent() {
    let form = Form::new();
    form.fill();
    put(&form.control("email"), "value", &"filled@river.invalid".into());
    put(&form.control("given_name"), "value", &"".into());
    form.submit();
    assert_eq!(
        form.detail("invalid"),
        r#"{"fields":[{"name":"given_name","code":"given_name_missing"}]}"#
    );
    assert_eq!(value(&form.control("email")), "filled@river.invalid");
}

#[test]
async fn a_form_that_the_browser_translates_goes_on() {
    let form = Form::new();
    // Like the translators of browsers: every text becomes an element.
    let translate: js_sys::Function = page(
        r#"(root) => {
          const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
          const texts = [];
          while (walker.nextNode()) texts.push(walker.currentNode);
          for (const text of texts) {
            if (!text.data.trim()) continue;
            const font = document.createElement("font");
            font.append(document.createElement("font"));
            font.firstChild.textContent = `(${text.data})`;
            text.replaceWith(font);
          }
        }"#,
    )
    .unchecked_into();
    translate.call1(&JsValue::UNDEFINED, &form.root).unwrap();
    form.submit();
    assert!(form.find("#form-summary").text_content().unwrap().contains("Enter your last name"));
    translate.call1(&JsValue::UNDEFINED, &form.root).unwrap();
    form.fill();
    form.submit();
    form.until("sent").await;
    assert!(form.find("h2").text_content().unwrap().contains("Thank you"));
}

#[test]
async fn what_an_extension_puts_among_the_controls_does_no_harm() {
    let form = Form::new();
    for name in ["email", "given_name"] {
        let button = form.host.owner_document().unwrap().create_element("button").unwrap();
        button.set_attribute("type", "button").unwrap();
        let control = form.control(name);
        let place =
            if name == "email" { control.next_sibling() } else { Some(control.clone().into()) };
        control.parent_node().unwrap().insert_before(&button, place.as_ref()).unwrap();
    }
    form.submit();
    form.fill();
    form.submit();
    form.until("sent").await;
}

#[test]
fn texts_of_a_campaign_never_become_elements() {
    let naughty = [
        "<script>pwned = 1</script>",
        "<img src=x onerror='pwned = 1'>",
        "</title></textarea></style><svg onload=pwned=1>",
        "[x](javascript:pwned=1) [y](JaVaScRiPt&#58;pwned=1) [z](data:text/html,x) [u](vbscript:x)",
        "{{constructor}} ${pwned=1} {{__proto__}}",
        "\u{202e}right to left\u{202c} \u{200b}\u{feff} \u{17d2}ស \u{fdfd} 👩\u{200d}👩\u{200d}👧",
        "' onfocus=pwned=1 autofocus x='",
    ];
    for text in naughty {
        let quoted = String::from(JSON::stringify(&text.into()).unwrap());
        let campaign = [
            r#"{"id": "naughty", "title": T, "story": T, "publisher": {"name": T, "url": T, "privacy_url": T},"#,
            r#""picture": {"url": "data:,", "alt": T},"#,
            r#""targets": [{"id": "a", "name": T, "office": T}, {"id": "b", "name": "B"}],"#,
            r#""targeting": {"mode": "choose"},"#,
            r#""message": {"subjects": [T], "head": T, "body": T, "foot": T},"#,
            r#""fields": [{"id": "email"}, {"id": "why", "kind": "choice", "label": T, "options": [T]},"#,
            r#"{"id": "which", "kind": "choices", "label": T, "options": [T, "b"]}],"#,
            r#""consents": [{"purpose": "delivery", "wording": T}]}"#,
        ];
        let plain = campaign.concat().replace('T', "\"text\"");
        restore();
        serve(&Array::new(), &JsValue::UNDEFINED);
        let tags = |form: &Form| {
            let all = form.root.query_selector_all("*").unwrap();
            let tag = |index| all.get(index).unwrap().node_name();
            (0..all.length()).map(tag).filter(|tag| tag != "A").collect::<Vec<_>>()
        };
        // The story's own Markdown creates emphasis and links, nothing else.
        let expected = tags(&Form::of(&plain, Array::new()));
        let form = Form::of(&campaign.concat().replace('T', &quoted), Array::new());
        assert_eq!(tags(&form), expected, "{text}");
        let title = form.find("h2").text_content().unwrap();
        assert_eq!(title, text);
        assert_eq!(value(&form.control("subject")), text);
        for selector in
            ["a:not([href^='#']):not([href^='https:'])", "[onerror]", "[onload]", "[onfocus]"]
        {
            assert!(form.maybe(selector).is_none(), "{text}: {selector}");
        }
    }
    assert!(get(&js_sys::global(), "pwned").is_undefined());
}

// Focus.

#[test]
async fn focus_goes_to_the_summary_the_field_the_notice_and_the_thanks() {
    let form = Form::new();
    form.control("email").focus().unwrap();
    form.submit();
    assert_eq!(form.focused(), "form-summary");
    form.find("#form-summary a[href='#email']").click();
    assert_eq!(form.focused(), "email");
    // Focusing a control in a closed `details` opens it.
    form.enter("body", "");
    form.submit();
    form.find("#form-summary a[href='#body']").click();
    assert_eq!(form.focused(), "body");
    form.enter("body", "Please do.\n\n{{given_name}}");
    // Submitting again with the same field errors focuses the summary again.
    form.submit();
    assert_eq!(form.focused(), "form-summary");

    form.fill();
    page("globalThis.fetch = () => Promise.reject(1)");
    form.submit_in_vain().await;
    assert_eq!(form.focused(), "form-notice");

    serve(&form.posted, &JsValue::UNDEFINED);
    form.submit();
    form.until("sent").await;
    assert_eq!(form.focused(), "form-thanks");
}

// Lifetime.

#[test]
fn nothing_listens_once_the_form_is_dropped() {
    let form = Form::new();
    form.fill();
    let (button, email) = (form.find("[type=submit]"), form.control("email"));
    form.mounted.take();
    form.heard.borrow_mut().clear();
    let text = form.root.text_content();
    button.click();
    type_at(&email, 0, "x");
    assert!(form.heard.borrow().is_empty());
    assert_eq!(form.root.text_content(), text);
    assert_eq!(form.posted.length(), 0);
}

#[test]
async fn an_answer_that_comes_after_the_end_is_told_to_nobody() {
    let form = Form::new();
    let open = Rc::new(RefCell::new(None));
    let gate = Promise::new(&mut |resolve, _| {
        open.replace(Some(resolve));
    });
    serve(&form.posted, &gate);
    form.fill();
    form.submit();
    while form.posted.length() == 0 {
        moment().await;
    }
    let body = form.control("body");
    form.mounted.take();
    form.heard.borrow_mut().clear();
    // The pending request does not keep the form alive.
    let before = form.root.text_content();
    type_at(&body, 0, "x");
    assert_eq!(form.root.text_content(), before);
    open.take().unwrap().call0(&JsValue::UNDEFINED).unwrap();
    for _ in 0..5 {
        moment().await;
    }
    assert!(form.heard.borrow().is_empty());
    assert!(form.maybe("#form-thanks").is_none());
}

#[test]
async fn a_page_may_do_as_it_likes_inside_an_event() {
    for kind in ["start", "invalid", "submit", "error", "sent", "count"] {
        for deed in ["focus", "submit", "reset", "free", "empty", "type"] {
            let form = Form::new();
            let (root, mounted) = (form.root.clone(), form.mounted.clone());
            let done = Rc::new(Cell::new(0));
            let times = done.clone();
            form.on(&form.host, kind, move |_| {
                // A click on the button within the event that a click caused would recurse without end.
                if times.replace(times.get() + 1) > 3 {
                    return;
                }
                let find = |selector| root.query_selector(selector).unwrap();
                let click = |selector| {
                    if let Some(element) = find(selector) {
                        element.unchecked_into::<HtmlElement>().click();
                    }
                };
                match deed {
                    "focus" => {
                        if let Some(control) = find("[name=country]") {
                            control.unchecked_into::<HtmlElement>().focus().unwrap();
                        }
                    }
                    "submit" => click("[type=submit]"),
                    "reset" => mounted.borrow().as_ref().unwrap().reset(),
                    // Frees the form within its own event. The loader frees it later, but a page may not.
                    "free" => drop(mounted.take()),
                    "empty" => root.set_text_content(None),
                    _ => {
                        if let Some(control) = find("[name=given_name]") {
                            type_at(&control, 0, "x");
                        }
                    }
                }
            });
            form.enter("given_name", "S");
            if form.maybe("[type=submit]").is_some() {
                form.submit();
            }
            if form.maybe("[name=country]").is_some() {
                form.fill();
            }
            if let Some(button) = form.maybe("[type=submit]") {
                if kind == "error" {
                    page("globalThis.fetch = () => Promise.reject(1)");
                }
                button.click();
            }
            for _ in 0..4 {
                moment().await;
            }
            assert!(form.posted.length() <= 1, "{deed} in {kind} sent twice");
        }
    }
}

#[test]
async fn a_second_click_while_it_is_sent_sends_nothing() {
    let form = Form::new();
    form.fill();
    form.submit();
    form.submit();
    assert_eq!(form.state(), "sending");
    // Input during sending is preserved, and does not change the message.
    form.enter("family_name", "Later");
    form.submit();
    form.until("sent").await;
    assert_eq!(form.posted.length(), 1);
}

// Events.

#[test]
async fn a_page_may_veto() {
    let form = Form::new();
    let veto = Rc::new(Cell::new(true));
    let vetoing = veto.clone();
    form.on(&form.host, "submit", move |event| {
        assert!(event.cancelable());
        if vetoing.get() {
            event.prevent_default();
        }
    });
    form.fill();
    form.submit();
    assert_eq!(form.state(), "editing");
    assert_eq!(form.detail("error"), r#"{"code":"vetoed","retryable":false}"#);
    assert_eq!(form.focused(), "form-notice");
    assert_eq!(value(&form.control("family_name")), "Quillfeather");
    moment().await;
    assert_eq!(form.posted.length(), 0);

    veto.set(false);
    form.submit();
    form.until("sent").await;
    assert_eq!(form.posted.length(), 1);
}

#[test]
async fn events_leave_every_shadow_and_hold_nothing_of_the_person() {
    let form = Form::new();
    // The page may have put the form in its own shadow root.
    let outer = attach();
    outer.shadow_root().unwrap().append_child(&form.host).unwrap();
    form.enter("given_name", "x");
    form.submit();
    form.fill();
    page("globalThis.fetch = () => Promise.reject(1)");
    form.submit_in_vain().await;
    form.heard.borrow_mut().insert(0, ("earlier".to_owned(), String::new()));
    serve(&form.posted, &JsValue::UNDEFINED);
    form.submit();
    form.until("sent").await;
    outer.remove();
    for kind in ["submit", "error", "sent", "count"] {
        assert!(form.told().contains(&kind.to_owned()), "{kind}");
    }
    let all = format!("{:?}", form.heard.borrow());
    for (_, text) in PERSON {
        assert!(!all.contains(text), "{all}");
    }
    assert_eq!(form.detail("submit"), r#"{"campaign":"river"}"#);
    // The count requested when the form was shown may have arrived before.
    let count = ("count".to_owned(), r#"{"count":42,"goal":100}"#.to_owned());
    assert!(form.heard.borrow().contains(&count), "{all}");
    let sent = form.detail("sent");
    assert!(sent.contains(r#""status":"accepted","count":42"#), "{sent}");
}

#[test]
async fn events_say_what_the_contract_says() {
    let form = Form::new();
    form.until_told("ready").await;
    assert_eq!(
        form.detail("ready"),
        concat!(
            r#"{"campaign":"river","version":""#,
            env!("CARGO_PKG_VERSION"),
            r#"","lang":"en"}"#
        )
    );
    form.enter("email", "nonsense");
    form.enter("email", "more nonsense");
    assert_eq!(form.told().iter().filter(|kind| *kind == "start").count(), 1);
    assert_eq!(form.detail("start"), "{}");
    form.submit();
    let invalid = form.detail("invalid");
    assert!(invalid.contains(r#"{"name":"email","code":"email_malformed"}"#), "{invalid}");
    form.until_told("count").await;
    assert_eq!(form.detail("count"), r#"{"count":41,"goal":100}"#);
}

// Functions that a page or a browser removes.

#[test]
async fn a_page_with_a_fetch_of_its_own_loses_no_text() {
    let html =
        "new Response('<!doctype html><p>Sign in', {headers: {'Content-Type': 'text/html'}})";
    for fetch in [
        "() => Promise.reject('no')",
        "() => Promise.reject()",
        "() => { throw 'no' }",
        "() => 7",
        "() => undefined",
        "() => ({ then(resolve) { resolve({ status: 201 }) } })",
        "() => ({ then() { throw 'no' } })",
        "undefined",
        "async () => new Response('<!doctype html><p>Gone', { status: 502 })",
        "async () => Response.error()",
        "async () => new Response(new ReadableStream({ pull() { throw 'no' } }))",
        &format!("async () => {html}"),
    ] {
        page(&format!("globalThis.fetch = {fetch}"));
        let form = Form::of(CAMPAIGN, Array::new());
        form.fill();
        form.submit_in_vain().await;
        assert_eq!(form.detail("error"), r#"{"code":"unreachable","retryable":true}"#, "{fetch}");
        for (name, text) in PERSON {
            assert_eq!(value(&form.control(name)), text, "{fetch}");
        }
        assert_eq!(form.find("[type=submit]").text_content().unwrap(), "Try again");

        // The endpoint is reachable again.
        serve(&form.posted, &JsValue::UNDEFINED);
        form.submit();
        form.until("sent").await;
        assert_eq!(form.posted.length(), 1);
    }
}

#[test]
async fn a_page_with_requests_of_its_own_is_sent_from() {
    let form = Form::new();
    form.fill();
    page("globalThis.Request = globalThis.Headers = class { constructor() { throw Error('no') } }");
    form.submit();
    form.until("sent").await;
    assert_eq!(form.posted.length(), 1);
}

#[test]
async fn a_page_that_breaks_its_own_events_stops_nothing() {
    let form = Form::new();
    page("globalThis.CustomEvent = class { constructor() { throw 'no' } }");
    form.fill();
    form.submit();
    form.until("sent").await;
    assert_eq!(form.posted.length(), 1);
}

#[test]
async fn trying_again_sends_the_same_action() {
    let form = Form::new();
    let seen = Array::new();
    put(&js_sys::global(), "seen", &seen);
    page(
        "globalThis.fetch = async (url, { method, body }) => {
          if (method === 'POST') seen.push(body);
          throw 'lost';
        }",
    );
    form.fill();
    form.submit_in_vain().await;
    form.submit_in_vain().await;
    serve(&form.posted, &JsValue::UNDEFINED);
    form.submit();
    form.until("sent").await;
    // Six attempts for each failed press.
    assert_eq!(seen.length(), 12);
    assert!(seen.iter().all(|body| body == form.posted.get(0)));
}

#[test]
async fn a_device_works_for_a_minute_at_most_however_often_it_is_asked() {
    let form = Form::new();
    form.fill();
    // No derivation solves it, each takes seven seconds, and every answer requires another proof.
    page(
        "(() => {
          const { now } = Date;
          const { deriveBits } = SubtleCrypto.prototype;
          window.worked = 0;
          Date.now = () => now() + worked * 7000;
          SubtleCrypto.prototype.deriveBits = async () => {
            worked += 1;
            return new Uint8Array(32).fill(255).buffer;
          };
          window.rested = () => {
            Date.now = now;
            SubtleCrypto.prototype.deriveBits = deriveBits;
            return worked;
          };
          const challenge = `pbkdf2-sha256.512.32768.1790000300.${'A'.repeat(22)}.${'A'.repeat(43)}`;
          window.fetch = async () =>
            new Response(JSON.stringify({ code: 'proof_required', challenge }), { status: 429 });
        })()",
    );
    form.submit_in_vain().await;
    assert_eq!(form.focused(), "form-notice");
    let once = page("worked").as_f64().unwrap();
    assert!((1.0..=10.0).contains(&once), "{once} derivations");
    // Pressing the button again allows more work.
    form.submit_in_vain().await;
    let twice = page("rested()").as_f64().unwrap() - once;
    assert!((1.0..=10.0).contains(&twice), "{twice} derivations");
}

#[test]
async fn without_web_crypto_the_person_is_told() {
    let broken = [
        "Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true })",
        "Object.defineProperty(crypto, 'subtle', { value: {}, configurable: true })",
        // Each of its calls, failing in different ways.
        "['generateKey', () => Promise.reject('no')]",
        "['generateKey', () => { throw 'no' }]",
        "['generateKey', async () => ({})]",
        "['generateKey', async () => null]",
        "['exportKey', () => Promise.reject('no')]",
        "['digest', () => Promise.reject('no')]",
        "['sign', () => Promise.reject('no')]",
        "['sign', () => 7]",
        "crypto.getRandomValues = () => { throw 'no' }",
    ];
    for code in broken {
        let form = Form::new();
        if code.starts_with('[') {
            page(&format!(
                "(([name, broken]) => {{
                  const subtle = crypto.subtle;
                  const value = {{}};
                  for (const name of ['generateKey', 'exportKey', 'digest', 'sign']) {{
                    value[name] = subtle[name].bind(subtle);
                  }}
                  value[name] = broken;
                  Object.defineProperty(crypto, 'subtle', {{ value, configurable: true }});
                }})({code})"
            ));
        } else {
            page(code);
        }
        form.fill();
        form.submit_in_vain().await;
        assert_eq!(
            form.detail("error"),
            r#"{"code":"signing_failed","retryable":false}"#,
            "{code}"
        );
        assert_eq!(form.focused(), "form-notice");
        assert_eq!(value(&form.control("family_name")), "Quillfeather", "{code}");
        assert_eq!(form.posted.length(), 0, "{code}");

        restore();
        serve(&form.posted, &JsValue::UNDEFINED);
        form.submit();
        form.until("sent").await;
    }
}

#[test]
async fn sharing_says_whether_the_text_was_copied() {
    for (clipboard, told) in [
        ("undefined", "could not copy the text"),
        ("{}", "could not copy the text"),
        ("{ writeText() { throw 'no' } }", "could not copy the text"),
        ("{ writeText: () => Promise.reject('no') }", "could not copy the text"),
        ("{ writeText: async (text) => { globalThis.copied = text } }", "Copied"),
        // Old polyfills.
        ("{ writeText() {} }", "Copied"),
    ] {
        let form = Form::new();
        form.fill();
        form.submit();
        form.until("sent").await;
        let code = "Object.defineProperty(navigator, 'clipboard', { configurable: true, value: ";
        page(&[code, clipboard, " })"].concat());
        form.find("[data-share=copy]").click();
        assert_eq!(form.detail("share"), r#"{"channel":"copy"}"#);
        moment().await;
        let said = form.find("[part=share]").text_content().unwrap();
        assert!(said.contains(told), "{clipboard}: {said}");
    }
    assert_eq!(get(&js_sys::global(), "copied"), "https://partner.invalid/article");
}

#[test]
async fn what_is_posted_carries_a_signature_by_its_own_key() {
    let form = Form::new();
    form.fill();
    form.submit();
    form.until("sent").await;
    put(&js_sys::global(), "jws", &form.posted.get(0));
    let verified = page(
        r#"(async () => {
          const bytes = (text) =>
            Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
          const [head, payload, signature] = jws.split(".");
          const { alg, typ, jwk } = JSON.parse(atob(head));
          if (alg !== "ES256" || typ !== "action+jws" || Object.keys(jwk).sort() != "crv,kty,x,y") return;
          const curve = { name: "ECDSA", namedCurve: "P-256" };
          const key = await crypto.subtle.importKey("jwk", jwk, curve, false, ["verify"]);
          const input = new TextEncoder().encode(`${head}.${payload}`);
          const algorithm = { name: "ECDSA", hash: "SHA-256" };
          return await crypto.subtle.verify(algorithm, key, bytes(signature), input) && bytes(payload);
        })()"#,
    );
    let payload = JsFuture::from(Promise::resolve(&verified)).await.unwrap();
    let payload = String::from_utf8(Uint8Array::new(&payload).to_vec()).unwrap();
    for (name, text) in &PERSON[..3] {
        assert!(payload.contains(&format!("\"{name}\":\"{text}\"")), "{payload}");
    }
}
