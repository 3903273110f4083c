//! Pages whose libraries replace the browser's globals.

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::embedding::TAG;
use crate::harness::Stage;
use crate::strict::says_why;

/// Global names that libraries of older sites define, and pages for their own purposes.
const NAMES: [&str; 15] = [
    "Request",
    "Response",
    "Headers",
    "Event",
    "CustomEvent",
    "Element",
    "HTMLElement",
    "Document",
    "Node",
    "Text",
    "Option",
    "URL",
    "URLSearchParams",
    "crypto",
    "AbortController",
];

/// Scripts that replace these globals, as properties of the window or as declarations beside it, each after its
/// description. The prototypes of the browser's own classes stay.
fn replacements(engine: &str) -> Vec<(String, String)> {
    let script = |body: String| format!("<script>{body}</script>");
    // WebKit's driver recognises elements by the page's own `Node` and `Element`.
    let names =
        NAMES.iter().filter(|name| engine != "webkit" || !["Node", "Element"].contains(name));
    let each = |of: fn(&str) -> String| script(names.clone().map(|name| of(name)).collect());
    vec![
        (
            "functions that do nothing".to_owned(),
            each(|name| format!("window.{name} = function () {{}};")),
        ),
        (
            "functions that throw".to_owned(),
            each(|name| format!("window.{name} = function () {{ throw 'mine'; }};")),
        ),
        ("nothing".to_owned(), each(|name| format!("window.{name} = undefined;"))),
        ("constants".to_owned(), each(|name| format!("const {name} = 'mine';"))),
        ("classes".to_owned(), each(|name| format!("class {name} {{}}"))),
    ]
}

pub(crate) async fn globals_of_a_library_neither_break_nor_deaden_the_form(
    stage: &Stage,
) -> Result<()> {
    for (number, (told, head)) in replacements(stage.browser.engine.name()).into_iter().enumerate()
    {
        let seen = async {
            stage.open_page(&head, TAG, &[]).await?;
            let form = stage.form();
            form.until("editing").await?;
            form.fill().await?;
            form.send().await?;
            let posted = stage.proxy.posted();
            ensure!(posted.len() == number + 1, "posted {} times", posted.len());
            ensure!(posted[number].content_type.starts_with("text/plain"), "{posted:?}");
            let odd = stage.proxy.seen().into_iter().find(|seen| seen.path.contains("object"));
            ensure!(odd.is_none(), "requested {odd:?}");
            let uncaught = stage.uncaught().await?;
            ensure!(uncaught == json!([]), "uncaught: {uncaught}");
            anyhow::Ok(())
        };
        seen.await.context(told)?;
    }
    Ok(())
}

pub(crate) async fn without_its_cryptography_a_page_hears_why(stage: &Stage) -> Result<()> {
    // A top-level function of this name replaces the browser's `crypto`.
    stage.open_page("<script>function crypto() {}</script>", TAG, &[]).await?;
    says_why(stage, "The form needs a secure connection").await?;
    let rejects = "SubtleCrypto.prototype.digest = () => Promise.reject(new Error('no'))";
    stage.open_page(&format!("<script>{rejects}</script>"), TAG, &[]).await?;
    says_why(stage, "this page or browser does not let it run").await
}
