//! Strings of all kinds, entered in a browser: they reach the endpoint and the export unchanged, or the form rejects
//! them.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use standwith::draft::clean;

use crate::embedding::TAG;
use crate::harness::{CAMPAIGN, Stage};

const STRINGS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/naughty/strings.json");

/// Number of the form's fields.
const FIELDS: usize = 100;

/// Whether the form rejects a text, because it contains a control character. Line ends and tabs are allowed in an
/// answer of several lines.
fn is_refused(string: &str) -> bool {
    clean(string).chars().any(|c| c.is_control() && !"\n\t".contains(c))
}

pub(crate) async fn whatever_is_typed_arrives_unchanged(stage: &Stage) -> Result<()> {
    let strings: Vec<String> = serde_json::from_slice(&fs::read(STRINGS)?)?;
    // Without texts that are empty once cleaned (browsers differ on a lone CR in a textarea), and very long ones.
    let strings: Vec<String> = strings
        .into_iter()
        .filter(|string| !clean(string).is_empty() && string.chars().count() < 2000)
        // Nor with bidirectional controls: whether they are rejected depends on whether they are balanced.
        .filter(|string| {
            !string.contains(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'))
        })
        .collect();
    ensure!(strings.len() > 400, "{} strings", strings.len());
    let (refused, mut taken): (Vec<_>, Vec<_>) = strings.into_iter().partition(|s| is_refused(s));
    // Texts of similar length go into the same field, so that even the longest answers together fit into an action.
    let length = |string: &String| string.chars().count();
    taken.sort_by_key(|string| std::cmp::Reverse(length(string)));
    let columns: Vec<&[String]> = taken.chunks(taken.len().div_ceil(FIELDS)).collect();
    let path = stage.endpoint.path("campaigns").join(format!("{CAMPAIGN}.json"));
    let mut file: Value = serde_json::from_slice(&fs::read(&path)?)?;
    let field = |(at, column): (usize, &&[String])| {
        let max = length(&column[0]);
        json!({ "id": format!("a{at}"), "kind": "long_text", "label": format!("A {at}"), "max": max })
    };
    file["fields"] = columns.iter().enumerate().map(field).collect();
    file["message"]["max"] = 200.into();
    file["targeting"] = json!({ "mode": "all" });
    file["consents"] = json!([]);
    file["languages"] = json!({});
    file["message"]["head"] = "".into();
    file["message"]["body"] = "Please set him free, as the law of your country asks of you.".into();
    file["delivery"] = json!({ "disclose": [] });
    fs::write(&path, file.to_string())?;
    stage.endpoint.kill().await?;
    stage.endpoint.start_again().await?;
    stage.proxy.lead_to(&stage.endpoint.origin());

    stage.open_page("", TAG, &[]).await?;
    let form = stage.form();
    form.until("editing").await?;
    let enter = "const root = document.querySelector('stand-with').shadowRoot;
        arguments[0].forEach((text, at) => {
          const control = root.querySelector(`[name=a${at}]`);
          control.value = text;
          control.dispatchEvent(new Event('input', { bubbles: true }));
        })";
    let mut sent = Vec::new();
    for row in 0..columns[0].len() {
        let some: Vec<&String> = columns.iter().filter_map(|column| column.get(row)).collect();
        stage.browser.run(enter, &[json!(some)]).await?;
        form.send().await?;
        sent.push(some);
        stage.browser.run("document.querySelector('stand-with').reset()", &[]).await?;
        form.until("editing").await?;
    }
    let actions = stage.endpoint.export(CAMPAIGN).await?;
    ensure!(actions.len() == sent.len(), "{} of {} arrived", actions.len(), sent.len());
    for (action, some) in actions.iter().zip(sent) {
        for (at, string) in some.iter().enumerate() {
            let arrived = action["claims"]["answers"][format!("a{at}")].as_str();
            let arrived = arrived.with_context(|| format!("{string:?} did not arrive"))?;
            ensure!(arrived == clean(string), "{string:?} arrived as {arrived:?}");
        }
    }
    ensure!(!refused.is_empty(), "nothing is rejected");
    stage.browser.run(enter, &[json!(refused)]).await?;
    form.submit().await?;
    form.find("#form-summary").await?;
    for (at, string) in refused.iter().enumerate() {
        ensure!(form.has(&format!("#a{at}-error")).await?, "{string:?} passed");
    }
    ensure!(stage.uncaught().await? == json!([]), "uncaught errors");
    Ok(())
}
