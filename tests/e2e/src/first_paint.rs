//! The form before its code is loaded: what a person sees and does, and how Rust takes it over.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use standwith::campaign::{CampaignFile, Strictness};
use standwith::markup::{Attribute, EDITION, Markup, Tag};
use standwith::text::{Key, Locale, Rules};

use crate::embedding::{SCRIPT, TAG};
use crate::harness::fault_proxy::Fault;
use crate::harness::form::Form;
use crate::harness::server::answer;
use crate::harness::{CAMPAIGN, Stage};
use crate::strict::says_why;

// Key codes of WebDriver.
const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const LEFT: char = '\u{e012}';

const ROOT: &str = "document.querySelector('stand-with').shadowRoot";

/// Sets `isRead` when the loader has read the campaign file: it then computes the digest, and renders the first paint
/// in the same task.
const READ: &str = "<script>
  const { digest } = SubtleCrypto.prototype;
  SubtleCrypto.prototype.digest = function (...what) {
    setTimeout(() => window.isRead = true);
    return digest.apply(this, what);
  };
</script>";

/// An element with content of its own, for a form in Khmer.
const ELEMENT: &str = r#"<stand-with lang="km" campaign="/plain.json"
    hosted="https://actions.example.org/campaigns/free-mech-dara"><a id="own" href="/">My words</a></stand-with>"#;

/// Records for each change in a shadow root whether it contains a form, and the element's state.
const WATCHED: &str = "<script>
  window.painted = [];
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (options) {
    const root = attach.call(this, options);
    const look = () => painted.push([!!root.querySelector('form'), this.state]);
    new MutationObserver(look).observe(root, { childList: true, subtree: true });
    return root;
  };
</script>";

/// Opens a page and waits for its first paint. The code is held until the proxy's fault is cleared or replaced.
async fn open_painted<'a>(stage: &'a Stage, head: &str, body: &str) -> Result<Form<'a>> {
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    stage.open_page(head, body, &[]).await?;
    let form = stage.form();
    form.find("form").await?;
    ensure!(form.state().await? == "loading", "the code is there already");
    Ok(form)
}

/// The example campaign's file, with changes.
fn changed(stage: &Stage, change: impl FnOnce(&mut Value)) -> Result<String> {
    let path = stage.endpoint.path("campaigns").join(format!("{CAMPAIGN}.json"));
    let mut file = serde_json::from_slice(&fs::read(path)?)?;
    change(&mut file);
    Ok(file.to_string())
}

/// Makes the endpoint serve the example campaign with changes.
pub(crate) async fn serve_changed(stage: &Stage, change: impl FnOnce(&mut Value)) -> Result<()> {
    let path = stage.endpoint.path("campaigns").join(format!("{CAMPAIGN}.json"));
    fs::write(path, changed(stage, change)?)?;
    stage.endpoint.kill().await?;
    stage.endpoint.start_again().await?;
    stage.proxy.lead_to(&stage.endpoint.origin());
    Ok(())
}

/// The example campaign's file as a static server has it.
fn plain_file(stage: &Stage) -> Result<String> {
    let endpoint = format!("{}/campaigns/{CAMPAIGN}/actions", stage.proxy.origin);
    changed(stage, |file| {
        file["endpoint"]["url"] = endpoint.into();
        // No program validates the file there; an invalid address must not prevent the form.
        file["picture"] = json!({ "url": "https://[", "alt": "No address" });
    })
}

/// Serves it as a static server does, if wanted with a first paint after it.
fn serve_plain(stage: &Stage, markup: Option<&Value>) -> Result<()> {
    let mut file = plain_file(stage)?;
    if let Some(markup) = markup {
        file.push('\0');
        file.push_str(&markup.to_string());
    }
    stage.partner.put("plain.json", "application/json", &file, &[]);
    Ok(())
}

/// A first paint in Khmer with this markup, in the format that the loader reads.
fn plan_of(first: impl Into<Value>) -> Value {
    json!({ "edition": EDITION, "lang": "km", "first": first.into() })
}

/// Opens a page with the plain file, and waits until it is read.
async fn open_plain(stage: &Stage) -> Result<()> {
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    stage.open_page(&[READ, SCRIPT].concat(), ELEMENT, &[]).await?;
    stage.browser.until("window.isRead").await
}

/// Records for each press in the form from now on whether the browser's own action is prevented. These listeners run
/// after the loader's.
async fn note_presses(stage: &Stage) -> Result<()> {
    let note = format!(
        "window.presses = [];
        for (const kind of ['click', 'submit']) {ROOT}.addEventListener(kind, (event) => {{
          const within = Element.prototype.closest.call(event.target, 'button');
          if (kind === 'submit' || within) presses.push(event.defaultPrevented);
        }})"
    );
    stage.browser.run(&note, &[]).await?;
    Ok(())
}

/// Waits for this many presses, and asserts that the browser's own action is prevented for all of them: then the page
/// is not left later either.
async fn presses_do_nothing(stage: &Stage, number: usize) -> Result<()> {
    stage.browser.until(&format!("presses.length >= {number}")).await?;
    let prevented = stage.browser.value("presses.every((prevented) => prevented)").await?;
    ensure!(prevented == true, "the browser acts on a press");
    Ok(())
}

async fn no_uncaught(stage: &Stage) -> Result<()> {
    let uncaught = stage.uncaught().await?;
    ensure!(uncaught == json!([]), "uncaught: {uncaught}");
    Ok(())
}

pub(crate) async fn what_is_typed_before_the_code_is_there_stays(stage: &Stage) -> Result<()> {
    serve_changed(stage, |file| {
        file["fields"] = json!([
            { "id": "given_name", "required": true }, { "id": "family_name", "required": true },
            { "id": "email", "required": true }, { "id": "country", "required": false },
            { "id": "trade", "kind": "choice", "label": "Trade", "options": [
                { "id": "press", "label": "Press" }, { "id": "other", "label": "Other" },
            ] },
        ]);
    })
    .await?;
    let form = open_painted(stage, "", TAG).await?;
    form.click("[value=embassy]").await?;
    form.click("[name=consent_delivery]").await?;
    form.click("[name=consent_updates]").await?;
    form.click("[name=consent_updates]").await?;
    form.find("[name=trade] option[value=press]").await?.click().await?;
    form.click("[name=family_name]").await?;
    let keys = format!("Chan{TAB}sophea@supporter.invalid");
    stage.browser.strike(&keys).await?;
    form.click("[name=given_name]").await?;
    stage.browser.strike(&format!("Spheaa\u{e003}{LEFT}{LEFT}{LEFT}{LEFT}")).await?;
    let mark = format!(
        "window.typedInto = {ROOT}.activeElement;
         window.all = [...{ROOT}.querySelectorAll('*')]"
    );
    stage.browser.run(&mark, &[]).await?;
    ensure!(stage.browser.value("heard").await? == json!([]), "an event before the code is there");

    stage.proxy.clear_faults();
    form.until("editing").await?;
    // Not only the values stay, but also the nodes, the focus and the cursor.
    let same = format!(
        "typedInto === {ROOT}.activeElement && typedInto.name === 'given_name'
         && all.every((element) => element.getRootNode() === {ROOT})"
    );
    ensure!(stage.browser.value(&same).await? == true, "something was replaced");
    ensure!(stage.browser.value("typedInto.selectionStart").await? == 1, "the cursor has moved");
    stage.browser.strike("o").await?;
    for (name, value) in [
        ("given_name", "Sophea"),
        ("family_name", "Chan"),
        ("email", "sophea@supporter.invalid"),
        ("trade", "press"),
    ] {
        let held = form.value(name).await?;
        ensure!(held == value, "{name} holds {held:?}");
    }
    let heard = "heard.map(([kind]) => kind).filter((kind) => kind !== 'count')";
    stage.browser.until(&format!("{heard}.length > 1")).await?;
    let heard = stage.browser.value(heard).await?;
    ensure!(heard == json!(["ready", "start"]), "the page got {heard}");
    // Rust has the input, too: the letter ends with the name.
    form.until_it_says("Sophea Chan").await?;
    form.send().await?;
    let claims = stage.endpoint.only_action().await?["claims"].take();
    let person = json!({
        "given_name": "Sophea", "family_name": "Chan", "email": "sophea@supporter.invalid"
    });
    for (name, value) in person.as_object().context("no person")? {
        ensure!(claims["person"][name] == *value, "{claims}");
    }
    let targets = ["prime-minister", "minister-of-justice", "minister-of-interior"];
    ensure!(claims["targets"] == json!(targets), "{claims}");
    ensure!(claims.to_string().contains(r#""trade":"press""#), "{claims}");
    let granted = claims["consents"].as_array().into_iter().flatten();
    let granted: Vec<_> =
        granted.map(|consent| (&consent["purpose"], &consent["granted"])).collect();
    let (no, yes) = (json!(false), json!(true));
    ensure!(granted == [(&json!("updates"), &no), (&json!("delivery"), &yes)], "{claims}");
    no_uncaught(stage).await
}

pub(crate) async fn the_code_moves_nothing_when_it_takes_over(stage: &Stage) -> Result<()> {
    let watch = "<script>
      window.shifts = [];
      window.observed = PerformanceObserver.supportedEntryTypes.includes('layout-shift');
      if (observed) {
        const keep = (list) => shifts.push(...list.getEntries().map(({ startTime }) => startTime));
        new PerformanceObserver(keep).observe({ type: 'layout-shift', buffered: true });
      }
      // Two frames later everything is on the screen, and layout shifts are reported.
      window.settle = () => {
        window.settled = false;
        const end = () => setTimeout(() => window.settled = true, 100);
        requestAnimationFrame(() => requestAnimationFrame(end));
      };
    </script>";
    // After the form comes content that a change of its height would move.
    let pages = ["en", "km"].map(|lang| {
        let tag = TAG.replace("data-campaign", &format!("data-lang={lang} data-campaign"));
        format!("<div>{tag}</div><p id=after>The article goes on.</p>")
    });
    let settle = || async {
        stage.browser.run("settle()", &[]).await?;
        stage.browser.until("window.settled").await
    };
    // Engines disagree on the thousands separator in Khmer.
    let looks = format!(
        // The suggested country depends on the browser.
        "[{ROOT}.querySelector('.standwith').outerHTML.replaceAll(/(?<=\\d)[.,](?=\\d{{3}})/g, '')
            .replaceAll(/ selected=\"\"|<option value=\"[A-Z].*?<\\/option>/g, ''),
          [document.querySelector('#after'), ...{ROOT}.querySelectorAll('*:not(option)')].map((element) => {{
            const {{ x, y, width, height }} = element.getBoundingClientRect();
            return [element.localName, element.className, x, y, width, height];
          }})]"
    );
    // One subject only: of several, each form suggests one at random.
    serve_changed(stage, |file| {
        for texts in ["/message/subjects", "/languages/km/message/subjects"] {
            if let Some(Value::Array(subjects)) = file.pointer_mut(texts) {
                subjects.truncate(1);
            }
        }
    })
    .await?;
    for page in pages {
        let form = open_painted(stage, watch, &page).await?;
        settle().await?;
        let first = stage.browser.value(&looks).await?;
        stage.browser.run("window.since = performance.now()", &[]).await?;
        stage.proxy.break_down("/count", Fault::Hold);
        form.until("editing").await?;
        stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
        settle().await?;
        let live = stage.browser.value(&looks).await?;
        ensure!(first[0] == live[0], "what was painted: {}\nis now: {}", first[0], live[0]);
        ensure!(first[1] == live[1], "what was at: {}\nis at: {}", first[1], live[1]);
        // The count's space is reserved, so its arrival moves nothing.
        stage.proxy.clear_faults();
        stage.browser.until("heard.some(([kind]) => kind === 'count')").await?;
        settle().await?;
        let counted = stage.browser.value(&looks).await?;
        ensure!(first[1] == counted[1], "what was at: {}\nis at: {}", first[1], counted[1]);
        let shifts = "shifts.filter((time) => time > since)";
        let told = stage.browser.value(shifts).await?;
        ensure!(told == json!([]), "shifts at {told}");
        // Counter-check: a browser that reports layout shifts reports this one.
        stage.browser.run("after.style.marginTop = '90px'; scrollTo(0, 1e6)", &[]).await?;
        stage.browser.run("after.style.marginTop = '190px'", &[]).await?;
        settle().await?;
        let told = stage.browser.value(&format!("!observed || {shifts}.length > 0")).await?;
        ensure!(told == true, "shifts are not reported");
        no_uncaught(stage).await?;
    }
    Ok(())
}

pub(crate) async fn a_click_before_the_code_is_there_leaves_nothing_and_counts(
    stage: &Stage,
) -> Result<()> {
    for by_key in [false, true] {
        let form = open_painted(stage, "", TAG).await?;
        let address = stage.browser.value("location.href").await?;
        let seen = stage.proxy.seen().len();
        note_presses(stage).await?;
        if by_key {
            form.click("[name=email]").await?;
            stage.browser.strike(&format!("sophea{ENTER}")).await?;
        } else {
            form.submit().await?;
        }
        presses_do_nothing(stage, 1).await?;
        ensure!(form.state().await? == "loading", "the page is left, or the form is gone");
        ensure!(stage.browser.value("location.href").await? == address, "the page is left");
        ensure!(stage.proxy.seen().len() == seen, "{:?}", &stage.proxy.seen()[seen..]);

        stage.proxy.clear_faults();
        form.until_it_says("There is a problem").await?;
        ensure!(form.focused().await? == "form-summary", "the focus: {}", form.focused().await?);
        ensure!(stage.browser.value("location.href").await? == address, "the page is left");
        let email = if by_key { "sophea" } else { "" };
        ensure!(form.value("email").await? == email, "{}", form.value("email").await?);
        ensure!(stage.proxy.posted().is_empty(), "sent");
        no_uncaught(stage).await?;
    }

    // A form without errors is sent.
    serve_changed(stage, |file| {
        file["fields"] = json!([{ "id": "given_name" }, { "id": "family_name" }, { "id": "email", "required": true }]);
        file["delivery"]["disclose"] = json!(["name"]);
    })
    .await?;
    let form = open_painted(stage, "", TAG).await?;
    form.click("[value=embassy]").await?;
    form.click("[name=consent_delivery]").await?;
    form.click("[name=email]").await?;
    stage.browser.strike(&format!("sophea@supporter.invalid{ENTER}{ENTER}")).await?;
    stage.proxy.clear_faults();
    form.until("sent").await?;
    ensure!(stage.proxy.posted().len() == 1, "sent {} times", stage.proxy.posted().len());
    stage.endpoint.only_action().await?;
    no_uncaught(stage).await
}

pub(crate) async fn a_list_of_countries_may_have_the_focus_early(stage: &Stage) -> Result<()> {
    let form = open_painted(stage, "", TAG).await?;
    let list = format!("{ROOT}.querySelector('[name=country]')");
    form.click("[name=email]").await?;
    stage.browser.strike(&TAB.to_string()).await?;
    ensure!(form.focused().await? == "country", "the focus: {}", form.focused().await?);
    ensure!(stage.browser.value(&format!("{list}.length")).await? == 1, "filled too early");
    stage.proxy.clear_faults();
    form.until("editing").await?;
    ensure!(form.focused().await? == "country", "the focus: {}", form.focused().await?);
    stage.browser.until(&format!("{list}.length > 200")).await?;
    stage.browser.strike("cambod").await?;
    form.click("[value=embassy]").await?;
    form.enter("given_name", "Sophea").await?;
    form.enter("family_name", "Chan").await?;
    ensure!(form.value("country").await? == "KH", "{:?}", form.value("country").await?);
    form.enter("email", "sophea@supporter.invalid").await?;
    form.click("[name=consent_delivery]").await?;
    form.send().await?;
    let claims = stage.endpoint.only_action().await?["claims"].take();
    ensure!(claims["person"]["country"] == "KH", "{claims}");
    no_uncaught(stage).await
}

pub(crate) async fn a_plain_file_is_enough(stage: &Stage) -> Result<()> {
    serve_plain(stage, None)?;
    open_plain(stage).await?;
    let form = stage.form();
    let height = "document.querySelector('#own').getBoundingClientRect().height > 0";
    ensure!(stage.browser.value(height).await? == true, "the content is not visible");
    ensure!(!form.has("form").await?, "painted from nothing");
    ensure!(form.state().await? == "loading", "{}", form.state().await?);
    stage.proxy.clear_faults();
    form.until("editing").await?;
    ensure!(stage.browser.value(height).await? == false, "the content is still visible");
    form.fill().await?;
    form.send().await?;
    stage.endpoint.only_action().await?;
    ensure!(stage.proxy.asked(&format!("{CAMPAIGN}.json")) == 0, "{:?}", stage.proxy.seen());
    no_uncaught(stage).await
}

pub(crate) async fn without_the_code_what_was_typed_can_be_copied(stage: &Stage) -> Result<()> {
    let why = "Trying again...";
    let fail = || {
        let gone = answer(404, "text/html", "<!doctype html>");
        stage.proxy.break_down("standwith.wasm", Fault::Answer(gone));
    };
    let form = open_painted(stage, "", TAG).await?;
    form.click("[name=given_name]").await?;
    stage.browser.strike("Sophea").await?;
    form.submit().await?;
    fail();
    says_why(stage, why).await?;
    ensure!(form.value("given_name").await? == "Sophea", "the input is lost");
    ensure!(form.find("[name=given_name]").await?.is_displayed().await?, "it is not visible");
    // The button shows the press, which counts once the form can be sent.
    ensure!(form.has("[type=submit][aria-disabled]").await?, "the press is lost");
    ensure!(stage.proxy.posted().is_empty(), "sent");

    // Browsers submit a form with a single field on Enter, even without a button.
    serve_changed(stage, |file| {
        file["fields"] = json!([]);
        file["message"]["body"] = "He reported on what others would not see.".into();
        file["delivery"]["disclose"] = json!([]);
        file["languages"] = json!({});
    })
    .await?;
    let form = open_painted(stage, "", TAG).await?;
    let address = stage.browser.value("location.href").await?;
    form.click("[name=subject]").await?;
    stage.browser.strike("Please ").await?;
    fail();
    says_why(stage, why).await?;
    form.click("[name=subject]").await?;
    note_presses(stage).await?;
    stage.browser.strike(&ENTER.to_string()).await?;
    presses_do_nothing(stage, 1).await?;
    ensure!(stage.browser.value("location.href").await? == address, "the page is left");
    ensure!(form.value("subject").await?.contains("Please "), "the input is lost");

    // If nothing was typed, the element's own content is shown again.
    let own =
        TAG.replace("<script", "<stand-with").replace("</script", "<a id=own>Mine</a></stand-with");
    let own = own.replace("data-campaign", "campaign");
    open_painted(stage, SCRIPT, &own).await?;
    let height = "document.querySelector('#own').getBoundingClientRect().height > 0";
    ensure!(stage.browser.value(height).await? == false, "the content is visible");
    fail();
    says_why(stage, why).await?;
    ensure!(stage.browser.value(height).await? == true, "the content is not back");
    // It disappears once the code is loaded after all.
    stage.proxy.clear_faults();
    stage.form().until("editing").await?;
    ensure!(stage.browser.value(height).await? == false, "the content is still visible");
    Ok(())
}

/// Leaves no list of countries in the form, as their names come with the code.
fn without_lists(file: &mut Value) {
    file["fields"] = json!([{ "id": "given_name" }, { "id": "family_name" }]);
    file["delivery"]["disclose"] = json!(["name"]);
}

/// Fills in everything that such a campaign requires.
async fn fill_first(form: &Form<'_>) -> Result<()> {
    form.enter("given_name", "Sophea").await?;
    form.click("[value=embassy]").await?;
    form.click("[name=consent_delivery]").await
}

/// The browser's region is suggested as the country; a press before that was for a form without it.
pub(crate) async fn a_press_sends_no_country_that_was_not_shown(stage: &Stage) -> Result<()> {
    let form = open_painted(stage, "", TAG).await?;
    for (name, value) in
        [("given_name", "Sophea"), ("family_name", "Chan"), ("email", "s@chan.invalid")]
    {
        form.enter(name, value).await?;
    }
    form.click("[name=consent_delivery]").await?;
    form.submit().await?;
    stage.proxy.clear_faults();
    let summary = form.find("#form-summary").await?.text().await?;
    ensure!(summary.to_lowercase().contains("country"), "{summary}");
    ensure!(form.value("country").await?.is_empty(), "a country is chosen");
    ensure!(stage.proxy.posted().is_empty(), "sent");
    // Without the press, it is suggested if the browser tells its region, and stays when a draft is restored.
    let tells = stage.browser.value("/-[A-Z]{2}/.test(navigator.language)").await?;
    let tag = TAG.replacen("<script", "<script data-draft=session", 1);
    for visit in ["first", "second"] {
        stage.open_page("", &tag, &[]).await?;
        stage.form().until("editing").await?;
        let form = stage.form();
        form.enter("given_name", visit).await?;
        let is_suggested = !form.value("country").await?.is_empty();
        ensure!(tells == is_suggested, "on the {visit} visit: {is_suggested}");
    }
    no_uncaught(stage).await
}

pub(crate) async fn a_form_is_written_in_before_it_can_send(stage: &Stage) -> Result<()> {
    serve_changed(stage, without_lists).await?;
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    stage.open_page("", TAG, &[]).await?;
    let form = stage.form();
    fill_first(&form).await?;
    form.click("[name=body]").await?;
    stage.browser.strike("Please.").await?;
    ensure!(stage.browser.value("heard").await? == json!([]), "an event before the form can send");
    let pressed = "[type=submit][aria-disabled]";
    form.submit().await?;
    ensure!(form.has(pressed).await?, "the button does not show the press");
    // A person who goes on writing does not want to send yet, so the press is cleared. The script sets the focus,
    // because a click would move the cursor.
    let focus = format!("{ROOT}.querySelector('[name=body]').focus()");
    stage.browser.run(&focus, &[]).await?;
    stage.browser.strike(" ").await?;
    ensure!(!form.has(pressed).await?, "it would be sent while the person types");
    form.submit().await?;
    ensure!(stage.proxy.posted().is_empty(), "sent without the code that signs");

    stage.proxy.clear_faults();
    form.until("sent").await?;
    ensure!(stage.proxy.posted().len() == 1, "sent {} times", stage.proxy.posted().len());
    let claims = stage.endpoint.only_action().await?["claims"].take();
    ensure!(claims["message"]["body"].as_str().is_some_and(|b| b.contains("Please.")), "{claims}");
    no_uncaught(stage).await
}

pub(crate) async fn the_code_is_asked_for_again(stage: &Stage) -> Result<()> {
    serve_changed(stage, without_lists).await?;
    let gone = answer(503, "text/plain", "busy");
    stage.proxy.break_down("standwith.wasm", Fault::Answer(gone));
    stage.open_page("", TAG, &[]).await?;
    let form = stage.form();
    fill_first(&form).await?;
    form.submit().await?;
    ensure!(stage.proxy.asked("standwith.wasm") > 0, "the code is not requested");
    stage.proxy.clear_faults();
    form.until("sent").await?;
    no_uncaught(stage).await
}

pub(crate) async fn what_is_said_meanwhile_moves_nothing(stage: &Stage) -> Result<()> {
    let gone = answer(503, "text/plain", "busy");
    stage.proxy.break_down("standwith.wasm", Fault::Answer(gone));
    stage.open_page("", TAG, &[]).await?;
    let form = stage.form();
    let place = format!("{ROOT}.querySelector('[name=email]').getBoundingClientRect().top");
    form.enter("email", "sophea@supporter.invalid").await?;
    let before = stage.browser.value(&place).await?;
    form.until_it_says("Trying again...").await?;
    ensure!(stage.browser.value(&place).await? == before, "it moved when the notice came");
    // Input in the meantime makes no second form.
    form.click("[value=embassy]").await?;
    form.click("[name=body]").await?;
    stage.browser.strike("Please. ").await?;
    let forms = format!("{ROOT}.querySelectorAll('form').length");
    ensure!(stage.browser.value(&forms).await? == 1, "there are two forms");
    let before = stage.browser.value(&place).await?;
    stage.proxy.clear_faults();
    stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
    ensure!(stage.browser.value(&place).await? == before, "it moved when the notice went");
    ensure!(!form.has("slot + [role=status]").await?, "the notice is still there");
    form.fill().await?;
    form.send().await?;
    no_uncaught(stage).await
}

pub(crate) async fn what_is_not_open_is_never_painted_as_open(stage: &Stage) -> Result<()> {
    let states = "painted.filter(([form]) => form).map(([, state]) => state)";
    // Counter-check: the watching script does see a form that is painted while loading.
    let form = open_painted(stage, WATCHED, TAG).await?;
    stage.browser.until(&format!("{states}.includes('loading')")).await?;
    stage.proxy.clear_faults();
    form.until("editing").await?;
    for (opens, closes) in [("2024-10-01", "2024-10-02"), ("2999-10-01", "2999-10-02")] {
        serve_changed(stage, |file| {
            file["opens"] = format!("{opens}T00:00:00Z").into();
            file["closes"] = format!("{closes}T00:00:00Z").into();
        })
        .await?;
        stage.proxy.break_down("standwith.wasm", Fault::Hold);
        let asked = stage.proxy.asked("km.json");
        let tag = TAG.replace("data-campaign", "data-lang=km data-campaign");
        // The catalogue is requested along with the campaign file. It may be cached, so the wait has a limit.
        stage.open_page(WATCHED, &tag, &[]).await?;
        for _ in 0..25 {
            if stage.proxy.asked("km.json") > asked {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let form = stage.form();
        ensure!(form.state().await? == "loading", "{opens}: {}", form.state().await?);
        ensure!(!form.has("form").await?, "{opens}: painted");
        stage.proxy.clear_faults();
        form.until("closed").await?;
        form.find("h2").await?;
        let states = stage.browser.value(states).await?;
        ensure!(states == json!([]), "{opens}: there was a form: {states}");
        no_uncaught(stage).await?;
    }
    Ok(())
}

/// A first paint that contains what `say` writes.
fn markup(say: impl FnOnce(&mut Markup)) -> Value {
    let mut markup = Markup::default();
    markup.begin(Tag::Div);
    markup.set(Attribute::Class, "standwith");
    say(&mut markup);
    markup.end();
    plan_of(markup.as_str())
}

pub(crate) async fn a_hostile_plan_runs_nothing(stage: &Stage) -> Result<()> {
    let script = "javascript:window.pwned=1";
    let link = markup(|markup| {
        for address in [
            script,
            " \u{1}JavaScript:window.pwned=1",
            "data:text/html,<script>top.pwned=1</script>",
        ] {
            markup.begin(Tag::A);
            markup.set(Attribute::Href, address);
            markup.text("A link");
            markup.end();
        }
        markup.begin(Tag::Img);
        markup.set(Attribute::Src, script);
        markup.set(Attribute::Alt, "\"><img src=x onerror='window.pwned=1'>");
        markup.end();
        markup.text("<img src=x onerror='window.pwned=1'>");
    });
    let deep = |depth: usize| {
        let code = char::from(b'0' + Tag::Div as u8).to_string();
        plan_of(code.repeat(depth) + &"/".repeat(depth))
    };
    let unended = plan_of(link["first"].as_str().unwrap_or_default().trim_end_matches('/'));
    let mut cut = link["first"].as_str().unwrap_or_default().to_owned();
    cut.truncate(cut.len() / 2);
    // A name, the first paint, and a selector for what the page then shows: `slot` if the first paint is rejected.
    for (told, hostile, seen) in [
        ("links", link, ".standwith a"),
        ("without an end", unended, "slot"),
        ("cut", plan_of(cut), "slot"),
        ("unknown codes", plan_of("4~x\u{7f}/"), "div"),
        ("characters that are no codes", plan_of("4\u{0}\u{1}<script>"), "slot"),
        ("100,000 levels", deep(100_000), "slot"),
        ("60 levels", deep(60), "div"),
        // The renderer allows 64 levels. Some engines crash with more than a few thousand.
        ("70 levels", deep(70), "slot"),
        ("3,000 levels", deep(3_000), "slot"),
        ("a region in a region", plan_of("4#1#2/"), "slot"),
        ("no text", plan_of(7), "slot"),
        ("a list", plan_of(json!(["4/"])), "slot"),
        ("an object", plan_of(json!({ "length": 9 })), "slot"),
        ("no first paint", Value::Null, "slot"),
        ("another edition", json!({ "edition": 1, "lang": "km", "first": "4'x\u{7f}/" }), "slot"),
        (
            "another language",
            json!({ "edition": EDITION, "lang": "en", "first": "4'x\u{7f}/" }),
            "slot",
        ),
    ] {
        serve_plain(stage, Some(&hostile))?;
        let try_it = async {
            open_plain(stage).await?;
            let form = stage.form();
            ensure!(form.state().await? == "loading", "{}", form.state().await?);
            ensure!(form.has(seen).await?, "there is no {seen}");
            ensure!(!form.has("script, [onerror]").await?, "there is script");
            let click = format!("{ROOT}.querySelectorAll('a, button').forEach((it) => it.click())");
            stage.browser.run(&click, &[]).await?;
            stage.proxy.clear_faults();
            // Rust replaces everything that was painted.
            form.until_it_says("សូមដោះលែងលោក").await?;
            form.until("editing").await?;
            ensure!(!form.has("img:not([alt^=No])").await?, "something is left");
            let own = form.has("slot").await?;
            ensure!(!own, "its own content is left");
            let pwned = stage.browser.value("window.pwned ?? 0").await?;
            ensure!(pwned == 0, "it ran");
            no_uncaught(stage).await
        };
        try_it.await.map_err(|error| error.context(told))?;
    }

    // A form with a `javascript:` action runs nothing and leaves no page, not even after the code has failed.
    let hostile = markup(|markup| {
        markup.begin(Tag::Form);
        markup.set(Attribute::Action, script);
        markup.begin(Tag::Input);
        markup.set(Attribute::Name, "given_name");
        markup.end();
        for _ in 0..2 {
            markup.begin(Tag::Button);
            markup.set(Attribute::Type, "submit");
            markup.text("Send");
            markup.end();
        }
        markup.end();
    });
    serve_plain(stage, Some(&hostile))?;
    open_plain(stage).await?;
    let form = stage.form();
    let address = stage.browser.value("location.href").await?;
    // One click only: two in one place in quick succession would select a word, which would then be typed over.
    // The notice about the failure must not take the focus either.
    form.click("[name=given_name]").await?;
    note_presses(stage).await?;
    for _ in 0..2 {
        stage.browser.strike(&format!("Sophea{ENTER}")).await?;
        let click =
            format!("{ROOT}.querySelectorAll('button').forEach((button) => button.click())");
        stage.browser.run(&click, &[]).await?;
        stage.proxy.break_down("standwith.wasm", Fault::Break);
        form.until("unavailable").await?;
    }
    // Three presses each time: Enter presses the first button, and the script clicks both.
    presses_do_nothing(stage, 6).await?;
    ensure!(stage.browser.value("window.pwned ?? 0").await? == 0, "it ran");
    ensure!(stage.browser.value("location.href").await? == address, "the page is left");
    ensure!(
        form.value("given_name").await? == "SopheaSophea",
        "{}",
        form.value("given_name").await?
    );
    Ok(())
}

// Regression: a variable with the name of a function prevented all forms on pages without `lang`.
pub(crate) async fn a_page_without_a_language_has_its_form(stage: &Stage) -> Result<()> {
    stage.open_page("", TAG, &[]).await?;
    stage.form().until("editing").await?;
    // One directly in the body, and one directly in a shadow root of the page, both without a language around them.
    let make = "document.documentElement.removeAttribute('lang');
        const { campaign } = document.querySelector('script[data-campaign]').dataset;
        document.querySelector('stand-with').remove();
        const root = document.createElement('div').attachShadow({ mode: 'open' });
        document.body.append(root.host);
        window.forms = [document.body, root].map((place) => {
          const form = document.createElement('stand-with');
          form.setAttribute('campaign', campaign);
          place.append(form);
          return form;
        })";
    stage.browser.run(make, &[]).await?;
    stage.browser.until("forms.every((form) => form.state === 'editing')").await?;
    no_uncaught(stage).await
}

// Regression: values from a link were signed unseen, if the button was pressed before they were filled in. Also
// for test mode, and for targets that are picked at random.
pub(crate) async fn a_press_before_something_is_filled_in_sends_nothing(
    stage: &Stage,
) -> Result<()> {
    for (attribute, address, mode) in [
        ("data-prefill=fragment", "#locality=Nowhere", "choose"),
        ("", "?standwith-test", "choose"),
        ("", "", "random"),
    ] {
        serve_changed(stage, |file| {
            file["fields"] =
                json!([{ "id": "given_name" }, { "id": "family_name" }, { "id": "locality" }]);
            file["delivery"]["disclose"] = json!(["name"]);
            file["targeting"] = json!({ "mode": mode });
        })
        .await?;
        stage.proxy.break_down("standwith.wasm", Fault::Hold);
        let tag = TAG.replacen("<script", &format!("<script {attribute}"), 1);
        let page = stage.partner.publish("", &format!("<main>{tag}</main>"), &[]);
        stage.open(&format!("{page}{address}")).await?;
        let form = stage.form();
        form.enter("given_name", "Sophea").await?;
        if mode == "choose" {
            form.click("[value=embassy]").await?;
        }
        form.click("[name=consent_delivery]").await?;
        form.submit().await?;
        let posted = stage.proxy.posted().len();
        stage.proxy.clear_faults();
        form.until_it_says("Check the form, then send your message.").await?;
        ensure!(stage.proxy.posted().len() == posted, "{attribute} {address}: it was sent");
        ensure!(form.focused().await? == "form-notice", "the focus: {}", form.focused().await?);
        // Only the press was discarded, so the next one sends.
        form.submit().await?;
        form.until("sent").await?;
    }
    no_uncaught(stage).await
}

pub(crate) async fn another_language_may_be_asked_for_before_the_code_is_there(
    stage: &Stage,
) -> Result<()> {
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    let page = stage.partner.publish("", TAG, &[]);
    // A test always counts as different from its first paint, which discards presses that send, but no others.
    stage.open(&format!("{page}?standwith-test")).await?;
    let form = stage.form();
    form.enter("given_name", "Sophea").await?;
    form.click("[value=embassy]").await?;
    form.click("[data-act=language-km]").await?;
    stage.proxy.clear_faults();
    form.find(".standwith[lang=km]").await?;
    ensure!(form.value("given_name").await? == "Sophea", "the input is lost");
    ensure!(!form.has("[value=embassy]:checked").await?, "the choice is lost");
    ensure!(!form.has("#form-notice").await?, "there is a notice");
    no_uncaught(stage).await
}

pub(crate) async fn a_draft_comes_back_beside_what_is_typed_before_the_code_is_there(
    stage: &Stage,
) -> Result<()> {
    serve_changed(stage, |file| {
        file["fields"] = json!([
            { "id": "given_name" }, { "id": "family_name" }, { "id": "email", "required": true },
            { "id": "phone" }, { "id": "country" },
        ]);
    })
    .await?;
    let tag = TAG.replacen("<script", "<script data-draft=session", 1);
    // A script stores the draft as an earlier visit would have: on a real second visit the code would come from the
    // browser's cache.
    let kept = json!(["given_name", "Sophea", "email", "sophea@gmial.com", "phone", "012 345 678"]);
    let kept = json!(kept.to_string());
    let head = format!("<script>sessionStorage.setItem('standwith:{CAMPAIGN}:0', {kept})</script>");
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    stage.open_page(&head, &tag, &[]).await?;
    let form = stage.form();
    form.enter("phone", "087 654 321").await?;
    form.enter("family_name", "Chan").await?;
    form.click("[value=embassy]").await?;
    form.click("[name=consent_delivery]").await?;
    form.submit().await?;
    stage.proxy.clear_faults();
    form.until_it_says("Check the form, then send your message.").await?;
    // For the restored email address, a correction is suggested.
    form.until_it_says("Did you mean sophea@gmail.com?").await?;
    for (name, value) in [
        ("given_name", "Sophea"),
        ("family_name", "Chan"),
        ("email", "sophea@gmial.com"),
        ("phone", "087 654 321"),
    ] {
        let held = form.value(name).await?;
        ensure!(held == value, "{name} holds {held:?}");
    }
    form.submit().await?;
    form.until("sent").await?;
    no_uncaught(stage).await
}

pub(crate) async fn what_is_done_on_a_first_paint_that_differs_is_forgotten(
    stage: &Stage,
) -> Result<()> {
    serve_changed(stage, |file| {
        file["fields"] = json!([{ "id": "given_name" }, { "id": "family_name" }, { "id": "email", "required": true }]);
        file["delivery"]["disclose"] = json!(["name"]);
    })
    .await?;
    let texts = standwith::text::compile(include_str!("../../../www/locales/km.json"));
    let texts = texts.map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    let khmer = Locale::compiled("km", &texts, Rules::PLAIN);
    let campaign = CampaignFile::parse(plain_file(stage)?.as_bytes())
        .map(|file| file.campaign("km", Strictness::Lenient))
        .map_err(|fault| anyhow::anyhow!("{fault}"))?
        .map_err(|faults| anyhow::anyhow!("{faults:?}"))?;
    let own = standwith::view::first(&campaign, &khmer).as_str().to_owned();
    let wording = campaign.consents.iter().find(|consent| consent.purpose.as_str() == "delivery");
    let wording = wording.context("no consent")?.wording.clone();
    let send = khmer.words(Key::Send);
    for (from, to) in [
        ("nothing", "nothing"),
        (wording.as_str(), "Keep my name secret"),
        (send, "Save as a draft"),
    ] {
        let markup = own.replace(from, to);
        serve_plain(stage, Some(&plan_of(markup.as_str())))?;
        let posted = stage.proxy.posted().len();
        let try_it = async {
            open_plain(stage).await?;
            let form = stage.form();
            form.click("[value=embassy]").await?;
            form.click("[name=consent_delivery]").await?;
            form.click("[name=email]").await?;
            stage.browser.strike("sophea@supporter.invalid").await?;
            // Firefox scrolls to the typed text when it paints next, which would move the button away from the pointer.
            let frames =
                "requestAnimationFrame(() => requestAnimationFrame(() => window.rests = true))";
            stage.browser.run(frames, &[]).await?;
            stage.browser.until("window.rests").await?;
            form.submit().await?;
            ensure!(form.has("[type=submit][aria-disabled]").await?, "the press is not shown");
            stage.proxy.clear_faults();
            if markup == own {
                form.until("sent").await?;
                ensure!(stage.proxy.posted().len() == posted + 1, "not sent once");
                return no_uncaught(stage).await;
            }
            form.until_it_says(khmer.words(Key::Repainted)).await?;
            ensure!(form.state().await? == "editing", "{}", form.state().await?);
            ensure!(form.focused().await? == "form-notice", "the focus: {}", form.focused().await?);
            ensure!(!form.has("[name^=consent]:checked").await?, "a consent is ticked");
            ensure!(!form.has("[type=submit][aria-disabled]").await?, "the press still counts");
            let typed = form.value("email").await?;
            ensure!(typed == "sophea@supporter.invalid", "{typed:?}");
            form.until_it_says(&wording).await?;
            ensure!(stage.proxy.posted().len() == posted, "sent");
            form.click("[value=embassy]").await?;
            form.click("[name=consent_delivery]").await?;
            form.submit().await?;
            form.until("sent").await?;
            no_uncaught(stage).await
        };
        try_it.await.with_context(|| format!("{to} in place of {from}"))?;
    }
    Ok(())
}

pub(crate) async fn the_endpoints_first_paint_is_taken_over_in_every_language(
    stage: &Stage,
) -> Result<()> {
    for lang in ["ar", "de", "en", "es", "fr", "hi", "km", "pt", "uk", "zh"] {
        serve_changed(stage, |file| {
            file["lang"] = lang.into();
            file["languages"] = json!({});
            file["closes"] = "2099-01-01T00:00:00Z".into();
            file["retention_days"] = 1234.into();
        })
        .await?;
        let form = open_painted(stage, "", TAG).await?;
        form.click("[name=consent_delivery]").await?;
        stage.proxy.clear_faults();
        form.until("editing").await?;
        stage.browser.until("heard.some(([kind]) => kind === 'ready')").await?;
        let same = form.find(".standwith").await?.attr("lang").await?;
        ensure!(same.as_deref() == Some(lang), "its language is {same:?}");
        ensure!(form.has("[name=consent_delivery]:checked").await?, "{lang}: the tick is lost");
        ensure!(!form.has("#form-notice").await?, "{lang}: there is a notice");
    }
    Ok(())
}

pub(crate) async fn a_field_may_have_any_name(stage: &Stage) -> Result<()> {
    // The controls of a form are members of its element, and hide its own members of the same name.
    let fields =
        ["append", "planned", "remove", "action", "submit", "closest", "parent", "id", "name"];
    serve_changed(stage, |file| {
        let fields =
            fields.map(|id| json!({ "id": id, "kind": "text", "label": id, "required": false }));
        let all = file["fields"].as_array().into_iter().flatten().cloned().chain(fields);
        file["fields"] = all.collect();
    })
    .await?;
    let form = open_painted(stage, "", TAG).await?;
    stage.proxy.clear_faults();
    form.until("editing").await?;
    form.fill().await?;
    for name in fields {
        form.enter(name, name).await?;
    }
    form.submit().await?;
    form.until("sent").await?;
    ensure!(form.focused().await? == "form-thanks", "the focus is not on the thanks");
    ensure!(!form.has("form").await?, "the form is still there");
    let claims = stage.endpoint.only_action().await?["claims"].to_string();
    for name in fields {
        ensure!(claims.contains(&format!("\"{name}\":\"{name}\"")), "{claims}");
    }
    no_uncaught(stage).await
}

pub(crate) async fn the_pages_hotkeys_get_no_letter(stage: &Stage) -> Result<()> {
    let hotkeys = "<script>
      window.pressed = [];
      for (const kind of ['keydown', 'keypress', 'keyup']) {
        document.addEventListener(kind, ({ key }) => pressed.push(key));
        addEventListener(kind, ({ key }) => pressed.push(key));
      }
    </script>";
    let form = open_painted(stage, hotkeys, &format!("<input id=own>{TAG}")).await?;
    // Outside the form, the hotkeys get the letters.
    stage.browser.run("own.focus()", &[]).await?;
    stage.browser.strike("z").await?;
    let pressed = stage.browser.value("pressed").await?;
    ensure!(pressed == json!(["z", "z", "z", "z", "z", "z"]), "{pressed}");
    stage.browser.run("pressed.length = 0", &[]).await?;

    form.click("[name=given_name]").await?;
    stage.browser.strike("jk/?").await?;
    form.click("[name=body]").await?;
    stage.browser.strike("g").await?;
    stage.proxy.clear_faults();
    form.until("editing").await?;
    form.click("[name=given_name]").await?;
    stage.browser.strike("gG1#x").await?;
    ensure!(form.value("given_name").await?.len() == 9, "{}", form.value("given_name").await?);
    let pressed = stage.browser.value("pressed").await?;
    ensure!(pressed == json!([]), "the page got {pressed}");
    no_uncaught(stage).await
}
