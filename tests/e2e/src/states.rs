//! The states of a form, one after the other, and campaigns that show everything that a form can have.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::embedding::TAG;
use crate::harness::fault_proxy::Fault;
use crate::harness::form::Form;
use crate::harness::server::answer;
use crate::harness::{CAMPAIGN, Stage};

/// A campaign with every kind of field, in Arabic, which is written from right to left.
pub(crate) const ARABIC: &str = "arabic";
/// A campaign with fixed targets and message.
pub(crate) const GIVEN: &str = "given";
const CLOSED: &str = "closed";
const NOT_YET_OPEN: &str = "not-yet-open";

/// A page with a form.
pub(crate) struct Page<'a> {
    /// Its name in failure messages.
    pub name: &'a str,
    /// Additional content of its head.
    pub head: &'a str,
    /// The tag.
    pub tag: String,
    /// Whether the page is in a frame, whose size a test changes.
    pub is_framed: bool,
}

impl Page<'_> {
    async fn open<'a>(&self, stage: &'a Stage, tag: &str) -> Result<Form<'a>> {
        let body = format!("<main><h1>An article</h1>{tag}</main>");
        if self.is_framed {
            let viewport = "<meta name=viewport content='width=device-width'><style>body { margin: 0 }</style>";
            let page = stage.partner.publish(&[viewport, self.head].concat(), &body, &[]);
            let frame = format!(
                "<iframe title=Form width=640 height=512 style='border:0' src='{page}'></iframe>"
            );
            stage.open_body(&frame).await?;
            stage.browser.enter_frame().await?;
        } else {
            stage.open_page(self.head, &body, &[]).await?;
        }
        Ok(stage.form())
    }
}

/// The tag with another campaign.
pub(crate) fn tag_of(campaign: &str) -> String {
    TAG.replace(&format!("{CAMPAIGN}.json"), &format!("{campaign}.json"))
}

/// Takes a form through its states, from the first paint to the thanks; calls `look` in each, with the state's name.
pub(crate) async fn walk(
    stage: &Stage,
    page: &Page<'_>,
    look: impl AsyncFn(&Form<'_>, &str) -> Result<()>,
) -> Result<()> {
    let look = async |form: &Form<'_>, state: &str| {
        let name = page.name;
        look(form, state).await.with_context(|| format!("{name}, {state}"))
    };
    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    let form = page.open(stage, &page.tag).await?;
    form.find("form").await?;
    ensure!(form.state().await? == "loading", "the code is there already");
    look(&form, "loading").await?;

    stage.proxy.clear_faults();
    form.until("editing").await?;
    stage.browser.until("heard.some(([kind]) => kind === 'count')").await?;
    form.click("summary").await?;
    form.find("details[open]").await?;
    look(&form, "editing").await?;

    form.submit().await?;
    form.find("#form-summary").await?;
    look(&form, "with mistakes").await?;

    form.fill().await?;
    stage.proxy.break_down("/actions", Fault::Hold);
    form.submit().await?;
    form.until("sending").await?;
    form.find("[aria-disabled]").await?;
    look(&form, "sending").await?;

    stage.proxy.break_down("/actions", Fault::Answer(answer(502, "text/html", "")));
    form.find("#form-notice[part=error]").await?;
    look(&form, "failed").await?;

    if form.has("[data-act=keep]").await? {
        form.click("[data-act=keep]").await?;
        form.until("queued").await?;
        look(&form, "kept").await?;
        stage.proxy.clear_faults();
        form.click("[data-act=send-kept]").await?;
        form.until("sent").await?;
    } else {
        stage.proxy.clear_faults();
        form.send().await?;
    }
    look(&form, "sent").await
}

/// Shows the other states, in most of which nothing can be sent; calls `look` in each, with the state's name.
pub(crate) async fn show_the_rest(
    stage: &Stage,
    page: &Page<'_>,
    look: impl AsyncFn(&Form<'_>, &str) -> Result<()>,
) -> Result<()> {
    let look =
        async |form: &Form<'_>, state: &str| look(form, state).await.context(state.to_owned());
    // First, before the browser has cached the code.
    let gone = || Fault::Answer(answer(404, "text/html", ""));
    stage.proxy.break_down("standwith.wasm", gone());
    let form = page.open(stage, &page.tag).await?;
    form.until("unavailable").await?;
    look(&form, "unavailable").await?;

    stage.proxy.break_down("standwith.wasm", Fault::Hold);
    let form = page.open(stage, &page.tag).await?;
    form.click("[name=given_name]").await?;
    stage.browser.strike("Sophea").await?;
    stage.proxy.break_down("standwith.wasm", gone());
    form.until("unavailable").await?;
    form.find("[name=given_name]").await?;
    look(&form, "unavailable with something typed").await?;
    stage.proxy.clear_faults();

    for campaign in [CLOSED, NOT_YET_OPEN] {
        let form = page.open(stage, &tag_of(campaign)).await?;
        form.until("closed").await?;
        form.find("p.notice").await?;
        look(&form, campaign).await?;
    }
    let form = page.open(stage, &tag_of(GIVEN)).await?;
    form.until("editing").await?;
    look(&form, GIVEN).await?;
    Ok(())
}

/// Makes the endpoint serve this file's campaigns too.
pub(crate) async fn serve_them(stage: &Stage) -> Result<()> {
    let folder = stage.endpoint.path("campaigns");
    let file = fs::read(folder.join(format!("{CAMPAIGN}.json")))?;
    for (id, change) in [
        (ARABIC, in_arabic as fn(&mut Value)),
        (GIVEN, |file| {
            file["targeting"] = json!({ "mode": "all" });
            file["message"]["editable"] = false.into();
        }),
        (CLOSED, |file| file["closes"] = "2024-10-02T00:00:00Z".into()),
        (NOT_YET_OPEN, |file| file["opens"] = "2999-10-02T00:00:00Z".into()),
    ] {
        let mut file: Value = serde_json::from_slice(&file)?;
        file["id"] = id.into();
        file["endpoint"] = json!({ "url": format!("{id}/actions") });
        change(&mut file);
        fs::write(folder.join(format!("{id}.json")), file.to_string())?;
    }
    stage.endpoint.kill().await?;
    stage.endpoint.start_again().await?;
    stage.proxy.lead_to(&stage.endpoint.origin());
    Ok(())
}

fn in_arabic(file: &mut Value) {
    file["lang"] = "ar".into();
    file["languages"] = json!({});
    file["title"] = "الحرية لميش دارا، الصحفي الذي كتب عن الذين فقدوا حريتهم".into();
    file["story"] = "**هذا مثال.** كتب عن مجمعات الاحتيال، [حيث يُجبر الناس على العمل](https://press-freedom.invalid/story).\n\n## ما نطلبه\n\n- الإفراج عنه دون تأخير؛\n- إسقاط التهمة.".into();
    // The host does not exist, so no picture has to be loaded.
    file["picture"] =
        json!({ "url": "https://press-freedom.invalid/picture.jpg", "alt": "صورة الصحفي" });
    file["message"]["head"] = "إلى من يهمه الأمر،".into();
    file["message"]["foot"] = "مع الاحترام".into();
    file["fields"] = json!([
        { "id": "given_name", "required": true }, { "id": "family_name", "required": true },
        { "id": "email", "required": true }, { "id": "phone" }, { "id": "country", "required": true },
        { "id": "region" }, { "id": "locality" }, { "id": "postal_code" }, { "id": "address" },
        { "id": "why", "kind": "long_text", "label": "لماذا تكتب؟" },
        { "id": "letters", "kind": "number", "label": "كم رسالة كتبت من قبل؟" },
        { "id": "since", "kind": "date", "label": "منذ متى تعرف القضية؟" },
        { "id": "trade", "kind": "choice", "label": "ما مهنتك؟", "options": [
            { "id": "press", "label": "الصحافة" }, { "id": "other", "label": "مهنة أخرى" },
        ] },
        { "id": "help", "kind": "choices", "label": "كيف يمكنك المساعدة؟", "options": [
            { "id": "write", "label": "بالكتابة" }, { "id": "speak", "label": "بالحديث" },
        ] },
        { "id": "adult", "kind": "checkbox", "label": "بلغت الثامنة عشرة" },
    ]);
}
