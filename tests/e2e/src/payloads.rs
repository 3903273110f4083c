//! Several thousand texts that run as script if a program takes them for HTML, in every text of campaign files: in a
//! real engine nothing runs, and the rendered form contains nothing that could run.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use standwith::lint::lint;
use standwith::markup::{NAMES, TAGS};
use standwith_hardening::payloads;

use crate::embedding::SCRIPT;
use crate::harness::{CAMPAIGN, Stage};

/// Number of payloads in one campaign file.
const AT_ONCE: usize = 600;

/// Defines `look`, which checks all elements in a root, as the engine parsed them, and adds forbidden ones to `found`.
const LOOK: &str = "
  const found = [];
  const tags = /^(slot|TAGS)$/;
  const look = (root) => {
    for (const it of root.querySelectorAll('*')) {
      const tell = (what) => found.push(`${it.localName} ${what}`.slice(0, 200));
      if (!tags.test(it.localName) || it.namespaceURI !== 'http://www.w3.org/1999/xhtml') tell('is there');
      if (it.shadowRoot) tell('has a root');
      for (const { name, value } of it.attributes) {
        if (/^on|^(style|srcdoc|srcset|formaction|action|ping|background|is|slot)$/.test(name)) {
          const own = name === 'style' && it.style.length === 1 && it.style[0] === '--campaign-accent';
          const sent = name === 'action' && root === document;
          if (!own && !sent) tell(`${name}=${value}`);
        }
        if (name === 'href') {
          const receipt = value.startsWith('data:application/jose,') && it.hasAttribute('download');
          const own = value.startsWith('#') || root === document && /^(\\?lang=|campaigns\\/[a-z-]+$)/.test(value);
          // The hosted page's own addresses, and its icon, may have other schemes.
          const protocol = it.protocol ?? new URL(it.href).protocol.replace(/^(http|data):$/, 'https:');
          // An address that the engine can't parse has no scheme, and leads nowhere.
          if (![':', 'https:', 'mailto:', 'tel:'].includes(protocol) && !own && !receipt) tell(`href=${value}`);
        }
        if (name === 'src') {
          const address = URL.canParse(it.src) ? new URL(it.src).protocol : 'https:';
          if (!['https:', 'http:'].includes(address)) tell(`src=${value}`);
        }
      }
    }
  };";

/// [`LOOK`] with the allowed tags in place of `TAGS`.
fn look() -> String {
    LOOK.replace("TAGS", &NAMES[..TAGS].join("|"))
}

/// Runs before all other scripts of the page: answers to posts are as hostile as the file, and the browser records all
/// requests, also those to other hosts.
const HEAD: &str = "<script>
  {
  performance.setResourceTimingBufferSize(9999);
  const { fetch } = window;
  window.answer = {};
  window.fetch = async (url, options) => {
    if (options.method !== 'POST') return fetch(url, options);
    const payload = options.body.split('.')[1].replace(/-/g, '+').replace(/_/g, '/');
    const { jti } = JSON.parse(atob(payload));
    const body = JSON.stringify({ id: jti, ...window.answer });
    return new Response(body, { status: window.answers ?? 201 });
  };
  }
  </script>";

/// Whether this is a control character or a bidirectional control, which messages may not contain.
fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A campaign file with all of these in every text and every list of addresses; which of them are its single addresses
/// depends on `at`.
fn file(some: &[String], at: usize) -> Value {
    let each = |make: &dyn Fn(usize, &String) -> Value| -> Value {
        some.iter().enumerate().map(|(index, text)| make(index, text)).collect()
    };
    let (line, lines) = (some.join(" "), some.join("\n\n"));
    // A message that could not be sent would show no thanks.
    let sendable: Vec<&str> =
        some.iter().map(String::as_str).filter(|text| !text.contains(is_control)).collect();
    let message = sendable.join("\n\n");
    let one = |step: usize| some[(at * 37 + step) % some.len()].clone();
    json!({
        "id": "hostile",
        "title": line,
        "story": lines,
        "picture": { "url": one(0), "alt": line },
        "publisher": { "name": line, "url": one(1), "privacy_url": one(2) },
        "targets": each(&|index, text| json!({
            "id": format!("t{index}"), "name": text, "office": text, "organisation": text, "email": text,
            "picture": { "url": text, "alt": text },
        })),
        "targeting": { "mode": "all" },
        "message": {
            "subjects": sendable, "head": message, "body": message, "foot": message, "min": 0, "max": 4_000_000,
        },
        "fields": each(&|index, text| json!({
            "id": format!("f{index}"), "kind": "choice", "label": text,
            "options": [{ "id": text, "label": text }],
        })),
        "consents": each(&|index, text| json!({
            "purpose": format!("c{index}"), "wording": text,
            "organisation": { "name": text, "url": text, "privacy_url": text },
        })),
        "thanks": lines,
        "share": { "text": lines, "url": one(3) },
        "next": { "label": line, "url": one(4) },
        "at_risk": {
            "exit_url": one(5),
            "advice": each(&|_, text| json!({ "label": text, "url": text })),
        },
        "theme": { "accent": "#0b6e4f" },
    })
}

/// Asserts that nothing has run, and that the form and its page contain and request nothing that they may not.
async fn nothing_runs(stage: &Stage) -> Result<()> {
    let look = format!(
        "{} look(document.querySelector('stand-with').shadowRoot);
        const page = Array.from(document.querySelectorAll('*'), (it) => it.localName);
        const own = ['html', 'head', 'meta', 'title', 'script', 'body', 'stand-with'];
        found.push(...page.filter((name) => !own.includes(name)));
        for (const {{ name, initiatorType }} of performance.getEntriesByType('resource')) {{
          if (initiatorType !== 'img' && name.includes('evil')) found.push(`${{initiatorType}} ${{name}}`);
        }}
        if ('pwned' in window || 'pwned' in {{}}) found.push('it ran');
        return found;",
        look()
    );
    let found = stage.browser.run(&look, &[]).await?;
    ensure!(found == json!([]), "{found}");
    Ok(())
}

pub(crate) async fn nothing_in_a_campaign_file_runs(stage: &Stage) -> Result<()> {
    let payloads = payloads::all();
    for (at, some) in payloads.chunks(AT_ONCE).enumerate() {
        let file = file(some, at);
        stage.partner.put("hostile.json", "application/json", &file.to_string(), &[]);
        let element = "<stand-with campaign=hostile.json></stand-with>";
        stage.open_page(&format!("{HEAD}{SCRIPT}"), element, &[]).await?;
        let form = stage.form();
        form.until("editing").await?;
        let fields =
            "document.querySelector('stand-with').shadowRoot.querySelectorAll('[name^=f]').length";
        stage.browser.until(&format!("{fields} >= {}", some.len())).await?;
        nothing_runs(stage).await.with_context(|| format!("file {at}"))?;

        // A rejection with the payloads as names of fields and as codes.
        let errors: Vec<Value> =
            some.iter().map(|text| json!({ "field": text, "code": text })).collect();
        let refusal = json!({ "code": some[0], "errors": errors });
        let answer = "window.answer = arguments[0]; window.answers = arguments[1]";
        stage.browser.run(answer, &[refusal, 422.into()]).await?;
        let send = "document.querySelector('stand-with').shadowRoot.querySelector('[type=submit]').click()";
        stage.browser.run(send, &[]).await?;
        form.find("#form-summary, #form-notice").await?;
        form.until("editing").await?;
        nothing_runs(stage).await.with_context(|| format!("file {at}, rejected"))?;

        let acceptance = json!({ "status": "accepted", "count": 1, "receipt": some.join("\n") });
        stage.browser.run(answer, &[acceptance, 201.into()]).await?;
        stage.browser.run(send, &[]).await?;
        form.until("sent").await?;
        form.find("#form-thanks").await?;
        nothing_runs(stage).await.with_context(|| format!("file {at}, sent"))?;
        let uncaught = stage.uncaught().await?;
        ensure!(uncaught == json!([]), "file {at}: {uncaught}");
    }
    Ok(())
}

/// The hosted page is HTML, parsed by the engine's own parser: every text appears unchanged.
pub(crate) async fn nothing_on_the_hosted_page_runs(stage: &Stage) -> Result<()> {
    let path = stage.endpoint.path("campaigns").join(format!("{CAMPAIGN}.json"));
    // `serve` rejects files with control characters or unknown placeholders.
    let may = |text: &&String| !text.contains(is_control) && !text.contains("{{");
    let payloads = payloads::all();
    let payloads: Vec<&String> = payloads.iter().filter(may).collect();
    ensure!(payloads.len() > 3000, "{} payloads", payloads.len());
    // `serve` rejects a file with more questions, as the answers would not fit into an action.
    for some in payloads.chunks(300) {
        let mut file: Value = serde_json::from_slice(&fs::read(&path)?)?;
        let line = some.iter().map(|text| text.as_str()).collect::<Vec<_>>().join(" ");
        file["title"] = line.clone().into();
        file["story"] =
            some.iter().map(|text| text.as_str()).collect::<Vec<_>>().join("\n\n").into();
        file["publisher"]["name"] = line.clone().into();
        file["picture"] = json!({ "url": "face.jpg", "alt": line.clone() });
        file["languages"] = json!({});
        file["delivery"] = json!({ "disclose": [] });
        file["message"]["body"] =
            "Please set him free, as the law of your country asks of you.".into();
        file["message"]["max"] = 1000.into();
        file["fields"] = some
            .iter()
            .enumerate()
            .map(|(index, text)| {
                let option = json!({ "id": format!("o{index}"), "label": text });
                let other = json!({ "id": "other", "label": "Other" });
                json!({ "id": format!("f{index}"), "kind": "choice", "label": text.trim(), "options": [option, other] })
            })
            .collect();
        let text = file.to_string();
        let faults = lint(text.as_bytes());
        ensure!(faults.is_empty(), "{faults:#?}");
        fs::write(&path, text)?;
        stage.endpoint.kill().await?;
        stage.endpoint.start_again().await?;
        stage.proxy.lead_to(&stage.endpoint.origin());
        stage.browser.open(&format!("{}/campaigns/{CAMPAIGN}", stage.proxy.origin)).await?;
        stage.browser.until("!!document.querySelector('[type=submit]')").await?;
        let look = format!(
            "{} look(document);
            const page = /^(html|head|meta|link|title|style|body|header|main|nav|h1) is there$/;
            const options = Array.from(document.querySelectorAll('option[value^=o]'));
            const labels = options.filter((it) => /^o[0-9]+$/.test(it.value)).map((it) => it.textContent);
            const radios = Array.from(document.querySelectorAll('input[type=radio][value^=o]'), (it) => it.labels[0].textContent);
            const content = (name) => document.querySelector(`meta[property='og:${{name}}']`).content;
            const read = [content('title'), content('site_name')];
            return [found.filter((it) => !page.test(it)), [...labels, ...radios], 'pwned' in window, read];",
            look()
        );
        let seen = stage.browser.run(&look, &[]).await?;
        ensure!(seen[0] == json!([]), "{}", seen[0]);
        ensure!(seen[2] == false, "it ran");
        ensure!(seen[3] == json!([&line, &line]), "{}", seen[3]);
        let shown = seen[1].as_array().context("no texts")?;
        ensure!(shown.len() == some.len(), "{} of {} texts", shown.len(), some.len());
        for (shown, text) in shown.iter().zip(some) {
            ensure!(shown.as_str() == Some(text.as_str()), "{text:?} reads {shown}");
        }
        let card = format!("{}/", stage.proxy.origin);
        stage.browser.open(&card).await?;
        stage.browser.until("!!document.querySelector('.cards')").await?;
        let look = look.replace(
            "content('title'), content('site_name')",
            "document.querySelector('h2').textContent, document.querySelector('img').alt",
        );
        let seen = stage.browser.run(&look, &[]).await?;
        ensure!(seen == json!([[], [], false, [&line, &line]]), "{seen}");
    }
    Ok(())
}
