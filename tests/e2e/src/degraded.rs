//! Browsers that lack WebAssembly or storage, or pages that have removed it. The rest is tested beside the feature
//! concerned: no database in `outbox`, no script in `hosted`, no secure connection and no permission to run
//! WebAssembly in `strict`, a sandboxed frame in `embedding`.

use anyhow::{Result, ensure};
use serde_json::json;

use crate::embedding::TAG;
use crate::harness::Stage;
use crate::strict::says_why;

pub(crate) async fn without_webassembly_there_is_a_reason_and_a_link(stage: &Stage) -> Result<()> {
    for gone in ["delete window.WebAssembly", "window.WebAssembly = undefined", "WebAssembly = {}"]
    {
        stage.open_page(&format!("<script>{gone}</script>"), TAG, &[]).await?;
        says_why(stage, "this page or browser does not let it run").await?;
    }
    Ok(())
}

pub(crate) async fn where_nothing_can_be_stored_it_is_sent_all_the_same(
    stage: &Stage,
) -> Result<()> {
    let throws = "<script>
      for (const name of ['sessionStorage', 'localStorage', 'indexedDB', 'caches', 'cookieStore']) {
        Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });
      }
    </script>";
    let full = "<script>
      Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
    </script>";
    let tag = TAG.replace("data-campaign", "data-draft=session data-campaign");
    for head in [throws, full] {
        stage.open_page(head, &tag, &[]).await?;
        let form = stage.form();
        form.fill().await?;
        form.send().await?;
        ensure!(stage.uncaught().await? == json!([]), "{}", stage.uncaught().await?);
    }
    ensure!(stage.endpoint.export(crate::harness::CAMPAIGN).await?.len() == 2, "one is missing");
    Ok(())
}
