//! The hosted form, without script.

use std::io::Read;

use axum::body::Body;
use axum::http::Request;
use serde_json::json;
use standwith_endpoint::http::Peer;
use standwith_endpoint::rate_limit::Limits;
use standwith_endpoint::signature::digest;

use crate::test_endpoint::{
    Answer, Bad, DELIVERY_KM, FILLED, ID, TestEndpoint, campaign, hidden, signed, with,
};

async fn send(scene: &TestEndpoint, values: &[(&str, &str)]) -> Answer {
    send_in(scene, "", values).await
}

async fn send_in(scene: &TestEndpoint, query: &str, values: &[(&str, &str)]) -> Answer {
    follow(scene, scene.ask(scene.form(query, values)).await).await
}

/// The page that a browser shows: the one that a redirect leads to.
async fn follow(scene: &TestEndpoint, answer: Answer) -> Answer {
    if answer.status != 303 {
        return answer;
    }
    assert!(answer.body.is_empty());
    scene.get(&format!("/campaigns/{}", answer.header("location"))).await
}

#[tokio::test]
async fn the_form_is_a_page_without_script() {
    let scene = TestEndpoint::new().await;
    let answer = scene.get(&format!("/campaigns/{ID}")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "same-origin");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    let policy = answer.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "form-action 'self'",
        "base-uri 'none'",
        "style-src 'sha256-",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("script"));
    let page = answer.text();
    for part in [
        "<html lang=\"en\">",
        "<form ",
        "method=\"post\" action=\"free-press?lang=en\"",
        "name=\"given_name\"",
        "name=\"consent_delivery\"",
        "<option value=\"KH\">Cambodia</option>",
        "<button type=\"submit\"",
        "{{given_name}}",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    let (_, form) = page.split_once("</style>").unwrap();
    for part in ["<script", "onclick", "javascript:"] {
        assert!(!form.contains(part), "{part} is in {form}");
    }
    // At first both targets are chosen, and nothing else is.
    for target in ["minister", "embassy"] {
        assert!(form.contains(&format!("value=\"{target}\" checked")), "{form}");
    }
    assert_eq!(form.matches(" checked").count(), 2, "{form}");
    let other = scene.get(&format!("/campaigns/{ID}")).await.text();
    assert_ne!(hidden(&page, "jti"), hidden(&other, "jti"));
    let nobody = scene.get("/campaigns/nobody").await;
    assert_eq!(
        (nobody.status.as_u16(), nobody.header("content-type")),
        (404, "text/html; charset=utf-8")
    );
    let path = format!("/campaigns/{ID}");
    let packed = scene.get_with(&path, &[("accept-encoding", "gzip, br")]).await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    let mut unpacked = String::new();
    flate2::read::GzDecoder::new(&packed.body[..]).read_to_string(&mut unpacked).unwrap();
    assert!(unpacked.contains("</html>") && packed.body.len() * 2 < unpacked.len());
}

#[tokio::test]
async fn the_campaigns_colour_is_in_the_style_and_in_no_attribute() {
    let coloured = with(campaign(), json!({"theme": {"accent": "#14546b"}}));
    let page =
        TestEndpoint::serving(&[coloured]).await.get(&format!("/campaigns/{ID}")).await.text();
    let (style, form) = page.split_once("</style>").unwrap();
    assert!(style.ends_with(":root{--campaign-accent:#14546b}"), "{style}");
    assert!(!form.contains("accent") && !form.contains("#14546b"), "{form}");
    let prompt = "<option value selected>";
    assert!(form.contains(prompt), "{form}");
}

#[tokio::test]
async fn the_language_is_one_of_the_campaigns() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}");
    for (query, header, lang) in [
        ("", "", "en"),
        ("", "km-KH, en;q=0.5", "km"),
        ("", "fr, de", "en"),
        ("?lang=km", "en", "km"),
        ("?lang=xx", "km", "km"),
        ("?lang=%22%3E%3Cscript%3E", "", "en"),
    ] {
        let headers = [("accept-language", header)];
        let page = scene.get_with(&format!("{path}{query}"), &headers).await.text();
        assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{query} {header}");
        assert!(!page.contains("<script"));
    }
    let page = scene.get(&format!("{path}?lang=km")).await.text();
    assert!(page.contains("សេរីភាពសារព័ត៌មាន") && page.contains(DELIVERY_KM));
    assert!(page.contains(">កម្ពុជា</option>"));
    assert!(page.contains("<a href=\"?lang=en\" lang=\"en\">English</a>"));
}

#[tokio::test]
async fn what_is_sent_is_recorded_without_proof() {
    let scene = TestEndpoint::new().await;
    let page = scene.get(&format!("/campaigns/{ID}")).await.text();
    let (jti, version) = (hidden(&page, "jti"), hidden(&page, "campaign_digest"));
    let mut values = FILLED.to_vec();
    values.extend([("jti", jti.as_str()), ("campaign_digest", &version)]);
    let sent = send(&scene, &values).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    assert!(sent.text().contains(&jti) && sent.text().contains("data:application/jose,"));
    assert!(!sent.text().contains("<script") && !sent.text().contains("<form"));

    let kept = scene.stored().await.remove(0);
    assert_eq!((kept.status.word(), kept.content.assurance()), ("recorded", "none"));
    let standwith_endpoint::store::Content::Bare(claims) = kept.content else { panic!() };
    let claims: serde_json::Value = serde_json::from_str(&claims).unwrap();
    assert_eq!(claims["jti"], json!(jti));
    assert_eq!(claims["message"]["body"], "Please let them write.\n\nដារ៉ា");
    assert_eq!(claims["aud"], format!("http://localhost:8080/campaigns/{ID}/actions"));
    assert_eq!(claims["campaign_digest"], json!(version));
    assert_eq!(claims["consents"][1]["granted"], true);
    assert_eq!(scene.get(&format!("/campaigns/{ID}/count")).await.json()["count"], 1);

    // Sent twice: the same receipt, one row.
    let again = send(&scene, &values).await;
    assert_eq!(again.status, 200);
    assert_eq!(receipt(&again.text()), receipt(&sent.text()));
    // Changed and sent: another message, with an identity of its own.
    values[4] = ("targets", "embassy");
    let changed = send(&scene, &values).await;
    assert_eq!(changed.status, 422);
    let notice = "The campaign did not accept your message (replay_mismatch).";
    assert!(changed.text().contains(notice), "{}", changed.text());
    let fresh = hidden(&changed.text(), "jti");
    assert_ne!(fresh, jti);
    values[8] = ("jti", &fresh);
    assert_eq!(send(&scene, &values).await.status, 200);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 2);
}

fn receipt(page: &str) -> String {
    let (_, rest) = page.split_once("data:application/jose,").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test]
async fn an_address_is_stored_without_what_came_along_when_it_was_copied() {
    let scene = TestEndpoint::new().await;
    for address in ["\u{202d}ada@example.org\u{202c}", "\u{feff}ada\u{ff20}example.org"] {
        let mut values = FILLED.to_vec();
        values[2].1 = address;
        let sent = send(&scene, &values).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        assert_eq!(last_claims(&scene).await["person"]["email"], "ada@example.org");
    }
}

#[tokio::test]
async fn mistakes_keep_all_that_was_typed() {
    let scene = TestEndpoint::new().await;
    let mut values = FILLED.to_vec();
    values[0] = ("given_name", "<b>\"Dara\"</b>");
    values[2] = ("email", "dara@");
    values[6] = ("body", "\nMine </textarea><script>alert(1)</script>");
    values.retain(|(name, _)| *name != "consent_delivery");
    values.push(("jti", "AAAAAAAAAAAAAAAAAAAAAA"));
    let answer = send(&scene, &values).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    // The page opens at the error summary (`autofocus`); a page without errors has no such element.
    assert_eq!(page.matches(" autofocus>").count(), 1);
    assert!(!scene.get(&format!("/campaigns/{ID}")).await.text().contains("autofocus"));
    for part in [
        "value=\"&lt;b&gt;&quot;Dara&quot;&lt;/b&gt;\"",
        "value=\"dara@\"",
        "aria-invalid=\"true\"",
        "href=\"#email\"",
        "href=\"#consent_delivery\"",
        "<option value=\"KH\" selected>",
        "value=\"minister\" checked",
        "\n\nMine &lt;/textarea&gt;&lt;script&gt;",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<script"));
    assert_eq!(hidden(&page, "jti"), "AAAAAAAAAAAAAAAAAAAAAA");
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
}

#[tokio::test]
async fn a_form_is_taken_as_it_was_shown() {
    let scene = TestEndpoint::new().await;
    let page = scene.get(&format!("/campaigns/{ID}?lang=km")).await.text();
    let version = hidden(&page, "campaign_digest");
    let mut changed = campaign();
    changed["languages"]["km"]["consents"][0]["wording"] = json!("ផ្សេង");
    scene.change_campaign(&changed).await;
    let mut values = FILLED.to_vec();
    values.push(("campaign_digest", &version));
    let sent = send_in(&scene, "?lang=km", &values).await;
    assert_eq!(sent.status, 200);
    let kept = scene.stored().await.remove(0);
    let standwith_endpoint::store::Content::Bare(claims) = kept.content else { panic!() };
    let digest = standwith_endpoint::signature::digest(DELIVERY_KM.as_bytes());
    assert!(claims.contains(&digest) && claims.contains(&version));
}

// Posts that named old versions, without a token, made the endpoint parse the file of each.
#[tokio::test]
async fn a_form_without_a_valid_token_loads_no_old_version() {
    let scene = TestEndpoint::new().await;
    let old = hidden(&scene.get(&format!("/campaigns/{ID}")).await.text(), "campaign_digest");
    scene.change_campaign(&with(campaign(), json!({"title": "Another title"}))).await;
    let mut values = FILLED.to_vec();
    values.extend([("campaign_digest", old.as_str()), ("form-token", "1.forged")]);
    let answer = send(&scene, &values).await;
    assert_eq!(answer.status, 422);
    assert_ne!(hidden(&answer.text(), "campaign_digest"), old);
    assert!(answer.text().contains("dara@example.org"));
}

#[tokio::test]
async fn a_closed_campaign_says_so() {
    let closed = with(campaign(), json!({"closes": "2024-10-24T00:00:00Z"}));
    let scene = TestEndpoint::serving(&[closed]).await;
    let page = scene.get(&format!("/campaigns/{ID}")).await.text();
    assert!(!page.contains("<form"));
    assert_eq!(send(&scene, &FILLED).await.status, 410);
}

#[tokio::test]
async fn a_strange_form_is_a_mistake_and_a_huge_one_is_refused() {
    let scene = TestEndpoint::new().await;
    let mut values = FILLED.to_vec();
    values.push(("colour", "red"));
    assert_eq!(send(&scene, &values).await.status, 422);
    assert_eq!(send(&scene, &[]).await.status, 422);
    let many = vec![("a", "b"); 20_000];
    assert_eq!(send(&scene, &many).await.status, 422);
    let huge = "x".repeat(200_000);
    let refused = send(&scene, &[("body", &huge)]).await;
    assert_eq!(refused.status, 413);
    is_a_page_to_go_back_from(&refused, "accepts 128 KB");
}

#[tokio::test]
async fn a_page_without_a_form_is_in_the_language_that_is_asked_for() {
    let scene = TestEndpoint::new().await;
    for (path, asked, start, heading) in [
        ("/campaigns/none", "de", "lang=\"de\">", "Unter dieser Adresse gibt es keine Kampagne"),
        (
            "/campaigns/no%20id",
            "xx, fr-CA",
            "lang=\"fr\">",
            "Il n’y a pas de campagne à cette adresse",
        ),
        (
            "/campaigns/none?lang=ar",
            "de",
            "lang=\"ar\" dir=\"rtl\">",
            "لا توجد حملة على هذا العنوان",
        ),
        ("/campaigns/none", "xx", "lang=\"en\">", "There is no campaign at this address"),
    ] {
        let answer = scene.get_with(path, &[("accept-language", asked)]).await;
        assert_eq!(answer.status, 404);
        let page = answer.text();
        let start = format!("<!DOCTYPE html>\n<html {start}");
        assert!(
            page.starts_with(&start) && page.contains(&format!("<h1>{heading}</h1>")),
            "{page}"
        );
        let title = format!("<title>{heading}</title>");
        assert!(page.contains(&title), "{page}");
    }
    let request = Request::post(format!("/campaigns/{ID}?lang=km"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let broken = scene.ask(request.body(Body::new(Bad::Broken)).unwrap()).await;
    let page = broken.text();
    for part in ["<html lang=\"km\">", "<h1>សាររបស់អ្នកមិនទាន់ត្រូវបានផ្ញើនៅឡើយទេ</h1>\n<p>ការតភ្ជាប់បានដាច់"]
    {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[track_caller]
fn is_a_page_to_go_back_from(answer: &Answer, why: &str) {
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{}", answer.text());
    assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
    let page = answer.text();
    for part in ["<h1>Your message has not been sent yet</h1>", "Back button", why] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_does_not_come_is_answered_by_a_page() {
    let scene = TestEndpoint::new().await;
    tokio::time::pause();
    let post = |body| {
        let request = Request::post(format!("/campaigns/{ID}"));
        request.header("content-type", "application/x-www-form-urlencoded").body(body).unwrap()
    };
    let broken = scene.ask(post(Body::new(Bad::Broken))).await;
    assert_eq!(broken.status, 400);
    is_a_page_to_go_back_from(&broken, "broke off");
    let slow = scene.ask(post(Body::new(Bad::Never))).await;
    assert_eq!(slow.status, 408);
    is_a_page_to_go_back_from(&slow, "too slow");
}

#[tokio::test]
async fn a_slash_at_the_end_leads_to_the_form() {
    let scene = TestEndpoint::new().await;
    for (path, location) in [
        ("/campaigns/free-press/", "../free-press"),
        ("/campaigns/free-press/?lang=km&x=%20", "../free-press?lang=km&x=%20"),
        ("/campaigns/%2f%2fevil.example/", "../%2f%2fevil.example"),
    ] {
        for method in ["GET", "HEAD", "POST"] {
            let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
            let answer = scene.ask(request).await;
            assert_eq!((answer.status.as_u16(), answer.header("location")), (308, location));
        }
    }
    let answer = scene.get("/campaigns/%ff").await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (404, "text/html; charset=utf-8")
    );
}

#[tokio::test]
async fn a_message_sent_as_it_is_is_nudged_once() {
    let mut nudging = campaign();
    nudging["message"]["nudge"] = json!(true);
    let scene = TestEndpoint::serving(&[nudging]).await;
    let suggested = "Please let them write.\r\n\r\n{{given_name}} {{family_name}}";
    let unchanged: Vec<_> =
        FILLED.map(|(name, value)| (name, if name == "body" { suggested } else { value })).into();
    let answer = send(&scene, &unchanged).await;
    assert_eq!(answer.status, 422);
    let page = answer.text();
    assert!(page.contains("A few words of your own"), "{page}");
    assert!(page.contains("<details class=\"edit\" open"), "{page}");
    assert!(page.contains("ដារ៉ា") && !page.contains("part=\"error\""), "{page}");
    // Sent again with the values of this page, the same message is accepted.
    let (jti, nudged) = (hidden(&page, "jti"), hidden(&page, "form-nudged"));
    let again = [&unchanged[..], &[("jti", &jti), ("form-nudged", &nudged)]].concat();
    assert_eq!(send(&scene, &again).await.status, 200);
    // A supporter who changed the text is not asked, and field errors come first.
    assert_eq!(send(&scene, &FILLED).await.status, 200);
    let missing: Vec<_> = unchanged.iter().copied().filter(|(name, _)| *name != "email").collect();
    assert!(!send(&scene, &missing).await.text().contains("A few words of your own"));
}

#[tokio::test]
async fn each_target_gets_its_own_message_without_script() {
    let mut apart = campaign();
    apart["message"]["subjects"] = json!(["To {{target_name}}", "A request"]);
    apart["message"]["per_target"] = json!(true);
    apart["message"]["max"] = json!(2000);
    let scene = TestEndpoint::serving(&[apart]).await;
    let values = [&FILLED[..], &[("targets", "embassy")]].concat();
    let values: Vec<_> = values
        .into_iter()
        .map(|(name, value)| (name, if name == "subject" { "To {{target_name}}" } else { value }))
        .collect();
    // With a field error, the page shows the messages of the chosen targets.
    let without: Vec<_> = values.iter().copied().filter(|(name, _)| *name != "email").collect();
    let page = send(&scene, &without).await.text();
    for part in ["Message to The Minister", "Message to The Embassy", "To The Embassy"] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("data-act"));
    assert_eq!(send(&scene, &values).await.status, 200);
    let claims = last_claims(&scene).await;
    assert!(claims.get("message").is_none());
    assert_eq!(claims["messages"]["embassy"]["subject"], "To The Embassy");
    assert_eq!(claims["messages"]["minister"]["subject"], "To The Minister");
    assert_eq!(claims["subject_index"], 0);
}

#[tokio::test]
async fn each_page_suggests_a_subject_of_its_own() {
    let mut several = campaign();
    several["message"]["subjects"] = json!(["First", "Second"]);
    let scene = TestEndpoint::serving(&[several]).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let page = scene.get(&format!("/campaigns/{ID}")).await.text();
        let shown = ["First", "Second"].into_iter().filter(|subject| page.contains(subject));
        seen.extend(shown);
    }
    assert_eq!(seen.len(), 2);
}

/// The claims of the last stored action.
async fn last_claims(scene: &TestEndpoint) -> serde_json::Value {
    let kept = scene.stored().await.pop().unwrap();
    let standwith_endpoint::store::Content::Bare(claims) = kept.content else { panic!() };
    serde_json::from_str(&claims).unwrap()
}

/// The targets of the last stored action.
async fn last_targets(scene: &TestEndpoint) -> serde_json::Value {
    last_claims(scene).await["targets"].clone()
}

/// A campaign with ten targets and this targeting.
fn ten(targeting: serde_json::Value) -> serde_json::Value {
    let mut ten = campaign();
    let target = |n: u32| {
        let country = if n == 3 { json!(["KH"]) } else { json!(["FR"]) };
        json!({"id": format!("t{n}"), "name": format!("Target {n}."), "filter": {"countries": country}})
    };
    ten["targets"] = (1..=10).map(target).collect();
    ten["targeting"] = targeting;
    if ten["targeting"]["mode"] == "random" {
        for target in ten["targets"].as_array_mut().unwrap() {
            target.as_object_mut().unwrap().remove("filter");
        }
    }
    ten
}

#[tokio::test]
async fn the_lot_falls_on_those_whom_the_page_showed() {
    let scene = TestEndpoint::serving(&[ten(json!({"mode": "random", "most": 3}))]).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..5 {
        let page = scene.get(&format!("/campaigns/{ID}")).await.text();
        let shown: Vec<String> = (1..=10)
            .filter(|n| page.contains(&format!("Target {n}.")))
            .map(|n| format!("t{n}"))
            .collect();
        assert_eq!(shown.len(), 3);
        let jti = hidden(&page, "jti");
        let mut values = FILLED.to_vec();
        values.retain(|(name, _)| *name != "targets");
        values.push(("jti", &jti));
        let sent = send(&scene, &values).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        assert_eq!(last_targets(&scene).await, json!(shown));
        seen.insert(shown);
    }
    assert!(seen.len() > 1);
}

#[tokio::test]
async fn a_country_finds_its_targets_without_script() {
    let scene = TestEndpoint::serving(&[ten(json!({"mode": "country"}))]).await;
    let page = scene.get(&format!("/campaigns/{ID}")).await.text();
    assert!(!page.contains("Target 3."));
    let mut values = FILLED.to_vec();
    values.retain(|(name, _)| *name != "targets");
    let sent = send(&scene, &values).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    assert_eq!(last_targets(&scene).await, json!(["t3"]));
    // If targets can be chosen, the page offers them once the country is known.
    let scene = TestEndpoint::serving(&[ten(json!({"mode": "country", "most": 2}))]).await;
    values.retain(|(name, _)| *name != "country");
    values.push(("country", "FR"));
    let asked = send(&scene, &values).await;
    assert_eq!(asked.status, 422);
    assert!(asked.text().contains("name=\"targets\" value=\"t10\""), "{}", asked.text());
    values.push(("targets", "t10"));
    assert_eq!(send(&scene, &values).await.status, 200);
    assert_eq!(last_targets(&scene).await, json!(["t10"]));
}

// Campaigns whose supporters may be at risk.

fn at_risk() -> serde_json::Value {
    let target = |id: &str, country: &str| json!({"id": id, "name": id, "country": country});
    with(
        campaign(),
        json!({
            "at_risk": {
                "own_government": ["TH"],
                "advice": [{"label": "Digital safety", "url": "https://advice.invalid/"}],
            },
            "targets": [target("minister", "KH"), target("embassy", "FR")],
        }),
    )
}

#[tokio::test]
async fn the_hosted_form_protects_people_at_risk_without_script() {
    let scene = TestEndpoint::serving(&[at_risk()]).await;
    let page = scene.get(&format!("/campaigns/{ID}")).await.text();
    let (style, form) = page.split_once("</style>").unwrap();
    for part in [
        "data-act=\"exit\" target=\"_top\" rel=\"noopener noreferrer\" href=\"https://www.google.com/\">Leave this page quickly</a>",
        "Your safety",
        "href=\"https://advice.invalid/\">Digital safety</a>",
        "think carefully before you send your message",
        "<form part=\"form\" novalidate autocomplete=\"off\" method=\"post\"",
    ] {
        assert!(form.contains(part), "{part} is not in {form}");
    }
    assert!(!form.contains("Open the form on its own page"));
    assert!(!form.contains("autocomplete=\"email\"") && !form.contains("autocomplete=\"country\""));
    // Without script, the style shows the warning to the supporters concerned.
    let rule = ".standwith:not(:has(#country [value=FR]:checked,#country [value=KH]:checked,\
                #country [value=TH]:checked)) #form-own-government{display:none}";
    assert!(style.ends_with(rule), "{style}");
    assert!(form.contains("id=\"form-own-government\""));
}

// Back and Reload showed the typed text again, since the page was the answer to a post.
#[tokio::test]
async fn a_post_at_risk_is_answered_under_an_address_that_works_once() {
    let scene = TestEndpoint::serving(&[at_risk()]).await;
    let mut wrong = FILLED.to_vec();
    wrong.retain(|(name, _)| *name != "country");
    for (values, status, words) in
        [(&wrong, 422, "dara@example.org"), (&FILLED.to_vec(), 200, "Show my receipt")]
    {
        let answer = scene.ask(scene.form("?lang=en", values)).await;
        assert_eq!((answer.status.as_u16(), answer.header("cache-control")), (303, "no-store"));
        let address = format!("/campaigns/{}", answer.header("location"));
        // A HEAD request does not use up the address.
        let head = axum::http::Request::head(&address).body(axum::body::Body::empty()).unwrap();
        scene.ask(head).await;
        let page = scene.get(&address).await;
        assert_eq!((page.status.as_u16(), page.header("cache-control")), (status, "no-store"));
        assert!(page.text().contains(words), "{}", page.text());
        let again = scene.get(&address).await.text();
        assert!(again.contains("could be opened only once") && !again.contains(words), "{again}");
        // The page may be gone unread: another instance has it, or the endpoint has restarted.
        assert!(again.contains("If you have not, we can’t tell here whether it was"), "{again}");
    }
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}

#[tokio::test]
async fn the_page_at_risk_has_the_widget_and_without_script_says_what_it_can_not_do() {
    let scene = TestEndpoint::serving(&[at_risk()]).await;
    let limits = "Without JavaScript, the quick exit cannot empty this form";
    let page = scene.get(&format!("/campaigns/{ID}")).await;
    let (policy, text) = (page.header("content-security-policy").to_owned(), page.text());
    let (_, rest) = text.split_once("<noscript>").unwrap();
    let (plain, script) = rest.split_once("</noscript>").unwrap();
    assert!(plain.contains("<form ") && plain.contains(limits), "{plain}");
    // The text below does not contradict it.
    assert!(!plain.contains("keeps nothing on this device"), "{plain}");
    assert!(plain.contains("This form can’t hide that you opened this page"), "{plain}");
    let tag = "<script async src=\"../standwith.js\" data-campaign=\"free-press.json\" \
               data-lang=\"en\" data-hosted=\"free-press?plain\"></script>";
    assert!(script.contains(tag), "{script}");
    for part in ["script-src 'self' 'wasm-unsafe-eval'", "connect-src 'self'", "form-action 'self'"]
    {
        assert!(policy.contains(part), "{policy}");
    }
    // The same without script, for browsers in which the widget does not run.
    let plain = scene.get(&format!("/campaigns/{ID}?plain")).await;
    assert!(!plain.header("content-security-policy").contains("script"));
    assert!(plain.text().contains(limits) && !plain.text().contains("<script"));
    assert!(plain.text().contains("href=\"?lang=km&amp;plain\""), "{}", plain.text());
    // Other campaigns have neither this sentence nor a script.
    let other = TestEndpoint::new().await.get(&format!("/campaigns/{ID}")).await.text();
    assert!(!other.contains(limits) && !other.contains("<script"));
}

#[tokio::test]
async fn a_form_posted_by_another_site_is_neither_taken_nor_shown() {
    let scene = TestEndpoint::new().await;
    for (headers, status) in [
        (&[("sec-fetch-site", "cross-site")][..], 403),
        (&[("sec-fetch-site", "same-site")], 403),
        (&[("origin", "https://evil.example")], 403),
        (&[("origin", "null")], 403),
        (&[("sec-fetch-site", "same-origin")], 200),
        (&[("origin", "http://localhost:8080")], 200),
    ] {
        let before = scene.number("SELECT count(*) FROM action").await;
        let mut request = scene.form("", &FILLED);
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let answer = scene.ask(request).await;
        assert_eq!(answer.status, status, "{headers:?}");
        let taken = scene.number("SELECT count(*) FROM action").await - before;
        assert_eq!(taken, i64::from(status == 200), "{headers:?}");
        if status == 403 {
            let page = answer.text();
            assert!(page.contains("Another website tried to fill in this form"), "{page}");
            assert!(!page.contains("dara@example.org") && !page.contains("ដារ៉ា"), "{page}");
            assert!(page.contains("name=\"form-token\""));
        }
    }
}

// Above the limit each of them got a page of 30 KB and a line in the log.
#[tokio::test]
async fn posts_of_other_sites_have_the_limits_of_all() {
    let limits = Limits { network: 4, all: 40, ..Limits::default() };
    let scene = TestEndpoint::limited(limits).await;
    let mut statuses = Vec::new();
    for _ in 0..6 {
        let mut request = scene.form("", &FILLED);
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        request.headers_mut().insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
        request.extensions_mut().insert(Peer("127.0.0.1".parse().unwrap()));
        let answer = scene.ask(request).await;
        assert!(answer.status == 403 || answer.body.len() < 1000);
        statuses.push(answer.status.as_u16());
    }
    assert_eq!(statuses, [403, 403, 403, 403, 429, 429]);
}

// The page thanked for a message that was not stored.
#[tokio::test]
async fn a_form_that_names_a_version_which_was_sealed_is_one_of_today() {
    let scene = TestEndpoint::new().await;
    let jwk = crate::sealed::new_key(scene.dir.path(), "seal.json");
    scene.change_campaign(&crate::sealed::sealing_campaign(&jwk)).await;
    let sealed = std::fs::read(crate::test_endpoint::campaign_file(scene.dir.path(), ID)).unwrap();
    let digest = standwith_endpoint::signature::digest(&sealed);
    scene.change_campaign(&campaign()).await;
    let values = [&FILLED[..], &[("campaign_digest", &digest)]].concat();
    assert_eq!(send(&scene, &values).await.status, 200);
    let claims: String = sqlx::query_scalar("SELECT claims FROM action")
        .fetch_one(&mut scene.database().await)
        .await
        .unwrap();
    assert!(claims.contains("dara@example.org"), "{claims}");
}

#[tokio::test]
async fn a_form_that_was_not_given_out_is_shown_again_with_what_was_typed() {
    let scene = TestEndpoint::new().await;
    let jti = crate::test_endpoint::fresh_jti();
    let hours_ago = |hours: i64| standwith_endpoint::clock::now() - hours * 3600;
    let token = |jti: &str, hours| scene.endpoint.hosted.token(ID, jti, hours_ago(hours));
    let other = crate::test_endpoint::fresh_jti();
    for token in ["", "nonsense", &token(&other, 0), &token(&jti, 13)] {
        let values = [&FILLED[..], &[("jti", &jti), ("form-token", token)]].concat();
        let answer = send(&scene, &values).await;
        assert_eq!(answer.status, 422, "{token}");
        let page = answer.text();
        assert!(page.contains("has not been sent yet, because this form was open for too long"));
        assert!(page.contains("dara@example.org"));
        assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
        // The form that is shown again has a new identity and token, so it can be sent.
        assert_ne!(hidden(&page, "jti"), jti);
        assert!(!hidden(&page, "form-token").is_empty());
    }
    let recent = token(&jti, 11);
    let values = [&FILLED[..], &[("jti", &jti), ("form-token", &recent)]].concat();
    assert_eq!(send(&scene, &values).await.status, 200);
}

#[tokio::test]
async fn a_hosted_receipt_is_folded_away_for_people_at_risk() {
    let scene = TestEndpoint::serving(&[at_risk()]).await;
    let sent = send(&scene, &FILLED).await.text();
    let (before, folded) = sent.split_once("<details><summary>Show my receipt</summary>").unwrap();
    assert!(!before.contains("data:application/jose,"));
    let (receipt, after) = folded.split_once("</details>").unwrap();
    assert!(receipt.contains("data:application/jose,") && !after.contains("jose"));
    assert!(receipt.contains("Keep it only if that is safe for you."));
}

/// The campaign with these modes of delivery.
fn mailed(modes: serde_json::Value) -> serde_json::Value {
    with(campaign(), json!({"delivery": {"modes": modes}}))
}

#[tokio::test]
async fn a_message_is_offered_as_a_mail_and_recorded_when_it_was_sent() {
    for (modes, first) in [(json!(["mail-app"]), ""), (json!(["server", "mail-app"]), "mail")] {
        let scene = TestEndpoint::serving(&[mailed(modes)]).await;
        let page = scene.get(&format!("/campaigns/{ID}")).await.text();
        assert!(page.contains(">Continue in my own email</button>"), "{page}");
        assert!(page.contains("action=\"free-press?lang=en#form-mail\""));
        assert_eq!(page.contains("name=\"form-act\" value=\"mail\""), first == "mail");
        let jti = hidden(&page, "jti");
        let mut values = FILLED.to_vec();
        values.push(("jti", &jti));
        values.push(("form-act", first));
        // It is validated like any other.
        let mut wrong = values.clone();
        wrong.retain(|(name, _)| *name != "given_name");
        let wrong = send(&scene, &wrong).await;
        assert_eq!(wrong.status, 422);
        assert!(!wrong.text().contains("mailto:"));
        let offered = send(&scene, &values).await;
        assert_eq!(offered.status, 200);
        let page = offered.text();
        for part in [
            "href=\"mailto:minister@government.invalid?subject=A%20request&amp;body=Please%20let%20",
            "href=\"https://mail.google.com/mail/?view=cm&amp;fs=1&amp;to=minister%40government.inv",
            "href=\"https://mail.proton.me/u/0/inbox#mailto=mailto%3Aminister%40government.invalid",
            "<button type=\"submit\" name=\"form-act\" value=\"mail-yes\">Yes, I sent it</button>",
            "minister@government.invalid</p>",
            "id=\"form-mail\"",
        ] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        // Controls that require script are left out.
        assert!(!page.contains("type=\"button\"") && !page.contains("<script"));
        assert_eq!(hidden(&page, "jti"), jti);
        assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);

        let fingerprint = hidden(&page, "form-mail");
        values.pop();
        values.extend([("form-mail", fingerprint.as_str()), ("form-act", "mail-yes")]);
        // After a change of the message, a new mail is offered, and nothing is stored.
        let mut changed = values.clone();
        changed[6] = ("body", "Another message.");
        let changed = send(&scene, &changed).await;
        assert_eq!(changed.status, 200);
        assert!(changed.text().contains("body=Another%20message."));
        assert_ne!(hidden(&changed.text(), "form-mail"), fingerprint);
        assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);

        let sent = send(&scene, &values).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        assert!(sent.text().contains("You told us that you sent it from your own email"));
        assert!(!sent.text().contains("mailto:minister"));
        let kept = scene.stored().await.remove(0);
        assert_eq!((kept.status.word(), kept.content.assurance()), ("recorded", "none"));
        let standwith_endpoint::store::Content::Bare(claims) = kept.content else { panic!() };
        let claims: serde_json::Value = serde_json::from_str(&claims).unwrap();
        assert_eq!(claims["delivery"], "mail-app");
        assert_eq!(scene.get(&format!("/campaigns/{ID}/count")).await.json()["count"], 1);
        // Confirmed twice, the message is stored once.
        assert_eq!(receipt(&send(&scene, &values).await.text()), receipt(&sent.text()));
        assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
    }
}

#[tokio::test]
async fn nobody_is_sent_to_the_own_mail_where_the_campaign_does_not_say_so() {
    let scene = TestEndpoint::new().await;
    for act in ["mail", "mail-yes", "strange"] {
        let mut values = FILLED.to_vec();
        values.push(("form-act", act));
        values.push(("form-mail", "x"));
        let sent = send(&scene, &values).await;
        assert_eq!(sent.status, 200);
        assert!(sent.text().contains("It was recorded."));
    }
    let closed = with(mailed(json!(["mail-app"])), json!({"closes": "2024-10-24T00:00:00Z"}));
    let scene = TestEndpoint::serving(&[closed]).await;
    assert_eq!(send(&scene, &FILLED).await.status, 410);
}

#[tokio::test]
async fn whoever_may_choose_can_have_the_endpoint_deliver() {
    let scene = TestEndpoint::serving(&[mailed(json!(["server", "mail-app"]))]).await;
    let sent = send(&scene, &FILLED).await;
    assert!(sent.text().contains("It was recorded."), "{}", sent.text());
    let kept = scene.stored().await.remove(0);
    let standwith_endpoint::store::Content::Bare(claims) = kept.content else { panic!() };
    assert!(!claims.contains("delivery\":\""), "{claims}");
}

#[tokio::test]
async fn a_public_name_is_asked_for_without_script() {
    let asking = with(campaign(), json!({"public": {"ask": true}}));
    let scene = TestEndpoint::serving(&[asking]).await;
    let page = scene.get(&format!("/campaigns/{ID}")).await.text();
    for (id, value) in [("public", "name"), ("public-1", "initials"), ("public-2", "anonymous")] {
        let checked = if value == "anonymous" { " checked>" } else { ">" };
        let radio =
            format!("type=\"radio\" id=\"{id}\" name=\"public\" value=\"{value}\"{checked}");
        assert!(page.contains(&radio), "{radio} is not in {page}");
    }
    let mut values = FILLED.to_vec();
    values.push(("public", "initials"));
    assert_eq!(send(&scene, &values).await.status, 200);
    let kept = scene.stored().await.remove(0);
    let standwith_endpoint::store::Content::Bare(claims) = kept.content else { panic!() };
    let claims: serde_json::Value = serde_json::from_str(&claims).unwrap();
    assert_eq!(claims["public"], "initials");
    values.pop();
    values.push(("public", "loudly"));
    let again = send(&scene, &values).await;
    assert_eq!(again.status, 422);
    assert!(again.text().contains("href=\"#public\""));
}

#[tokio::test]
async fn who_asks_and_who_is_responsible_is_said_without_script() {
    let organisation =
        json!({"name": "The Alliance", "privacy_url": "https://alliance.invalid/privacy"});
    let campaign = with(
        campaign(),
        json!({
            "publisher": {"name": "Example Campaign", "privacy_url": "https://campaign.invalid/privacy"},
            "retention_days": 90,
            "consents": [
                {"purpose": "delivery", "wording": "Pass my message on.", "required": true},
                {"purpose": "alliance", "wording": "The alliance may write.", "organisation": organisation},
            ],
        }),
    );
    let page =
        TestEndpoint::serving(&[campaign]).await.get(&format!("/campaigns/{ID}")).await.text();
    for part in [
        "id=\"consent_alliance-organisation\">The Alliance · <a target=\"_blank\" rel=\"noopener noreferrer\" href=\"https://alliance.invalid/privacy\">Privacy notice</a></p>",
        "aria-describedby=\"consent_alliance-organisation\"",
        "Example Campaign is responsible for your data. Your data is kept for 90 days. <a",
        "href=\"https://campaign.invalid/privacy\">Privacy notice</a>",
        "The people you write to will see: your name, your country.",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
}

#[tokio::test]
async fn a_form_for_a_test_says_so_and_what_it_sends_never_counts() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}");
    let plain = scene.get(&path).await.text();
    assert!(!plain.contains("Test mode") && !plain.contains("standwith-test"));
    for query in ["?standwith-test", "?standwith-test=no&lang=en"] {
        let page = scene.get(&format!("{path}{query}")).await.text();
        for part in ["Test mode.", ">Send a test message</button>"] {
            assert!(page.contains(part), "{part} is not in {page}");
        }
        assert!(page.contains("<a href=\"?lang=km&amp;standwith-test\" lang=\"km\">"), "{page}");
        assert_eq!(hidden(&page, "standwith-test"), "1");
        let jti = hidden(&page, "jti");
        let mut values = FILLED.to_vec();
        values.extend([("jti", jti.as_str()), ("standwith-test", "1")]);
        // After a field error it is still a test.
        values[2] = ("email", "dara@");
        let mistaken = send(&scene, &values).await;
        assert_eq!(mistaken.status, 422);
        assert_eq!(hidden(&mistaken.text(), "standwith-test"), "1");
        values[2] = ("email", "dara@example.org");
        let sent = send(&scene, &values).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        assert!(sent.text().contains("This was a test."), "{}", sent.text());
        receipt(&sent.text());
        // The identity is no longer free for a message that counts.
        values.pop();
        assert_eq!(send(&scene, &values).await.status, 422);
    }
    assert_eq!(scene.get(&format!("{path}/count")).await.json()["count"], 0);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 2);
    assert_eq!(scene.number("SELECT coalesce(sum(counted), 0) FROM action").await, 0);
}

/// A campaign with two variants.
fn varied() -> serde_json::Value {
    let message = json!({"subjects": ["A request"], "body": "Please.", "editable": false});
    let variants = json!([
        {"id": "a", "title": "Title of a", "message": {"body": "Text of a."}},
        {"id": "b", "title": "Title of b", "message": {"body": "Text of b."}},
    ]);
    with(campaign(), json!({"message": message, "variants": variants, "languages": null}))
}

#[tokio::test]
async fn a_page_shows_one_variant_and_sends_it() {
    let scene = TestEndpoint::serving(&[varied()]).await;
    let mut seen = std::collections::BTreeSet::new();
    for number in 0..12 {
        let page = scene.get(&format!("/campaigns/{ID}")).await.text();
        let shown = if page.contains("Text of a.") { "a" } else { "b" };
        assert!(page.contains(&format!("<title>Title of {shown}</title>")), "{page}");
        let (jti, email) = (hidden(&page, "jti"), format!("{number}@example.org"));
        let mut values = FILLED.to_vec();
        values[2] = ("email", &email);
        values[6] = ("body", "Text of a.");
        values.push(("jti", &jti));
        let sent = send(&scene, &values).await;
        assert_eq!(sent.status, 200, "{}", sent.text());
        let claims = last_claims(&scene).await;
        assert_eq!(claims["variant"], shown);
        assert_eq!(claims["message"]["body"], format!("Text of {shown}."));
        // A message changed after sending is another one, with the same variant.
        values[0] = ("given_name", "Sok");
        let changed = send(&scene, &values).await.text();
        assert!(changed.contains("replay_mismatch"), "{changed}");
        assert!(changed.contains(&format!("<title>Title of {shown}</title>")), "{changed}");
        assert_ne!(hidden(&changed, "jti"), jti);
        seen.insert(shown);
    }
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn what_a_variant_says_is_judged_by_it_and_no_plan_comes_first() {
    let scene = TestEndpoint::serving(&[varied()]).await;
    let claims = |variant: serde_json::Value, body: &str| {
        let message = json!({"subject": "A request", "body": body});
        signed(&with(scene.claims(), json!({"variant": variant, "message": message})))
    };
    scene.post(claims(json!("a"), "Text of a.")).await.taken(201);
    scene.post(claims(json!(null), "Please.")).await.taken(201);
    scene.post(claims(json!("a"), "Text of b.")).await.refused(422, "rules");
    let refused = scene.post(claims(json!("c"), "Please.")).await.refused(422, "rules");
    assert_eq!(refused["errors"][0]["field"], "variant");
    // The variants of a version that was never served here are unknown, so any variant is accepted.
    let message = json!({"subject": "A request", "body": "Please."});
    let strange = json!({"variant": "c", "message": message, "campaign_digest": digest(b"other")});
    scene.post(signed(&with(scene.claims(), strange))).await.taken(201);
    let asks = [("accept", "application/vnd.standwith.form, */*;q=0.1")];
    let file = scene.get_with(&format!("/campaigns/{ID}.json"), &asks).await;
    assert_eq!(file.header("content-type"), "application/json");
    assert!(!file.body.contains(&0));
}

#[tokio::test]
async fn a_field_that_nobody_sees_is_in_the_form() {
    let page = TestEndpoint::new().await.get(&format!("/campaigns/{ID}")).await.text();
    let (style, form) = page.split_once("</style>").unwrap();
    assert!(style.contains("#form-extra{position:absolute"), "{style}");
    let field = "<div id=\"form-extra\" aria-hidden=\"true\"><label for=\"form-website\">Leave this field \
                 empty</label><input type=\"text\" id=\"form-website\" name=\"form-website\" \
                 autocomplete=\"off\" tabindex=\"-1\"></div>";
    assert_eq!(form.matches(field).count(), 1, "{form}");
    // Robots recognise hidden inputs and inline styles, and then skip a field.
    assert!(!form.contains("type=\"hidden\" name=\"form-website\"") && !form.contains(" style="));
}

#[tokio::test]
async fn a_robot_learns_nothing_and_a_person_loses_nothing() {
    let scene = TestEndpoint::new().await;
    let path = format!("/campaigns/{ID}");
    let jti = hidden(&scene.get(&path).await.text(), "jti");
    let mut values = FILLED.to_vec();
    values.extend([("jti", jti.as_str()), ("form-website", "https://spam.example")]);
    let trapped = send(&scene, &values).await;
    let page = trapped.text();
    // The robot gets the status of a success, but nothing is stored.
    assert_eq!(trapped.status, 200);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
    let metrics = scene.metrics();
    assert!(metrics.contains("outcome=\"robot\"} 1\n"), "{metrics}");
    // A person gets an explanation in the page's language, with all typed text.
    assert!(page.contains("<p role=\"alert\">Your message has not been sent yet."), "{page}");
    assert!(page.contains("name=\"form-website\"") && !page.contains("spam.example"));
    assert!(!page.contains("id=\"form-extra\"") && !page.contains("tabindex=\"-1\"></div><"));
    assert!(page.contains("dara@example.org") && page.contains("Please let them write."));
    assert_eq!(hidden(&page, "jti"), jti);
    let in_khmer = send_in(&scene, "?lang=km", &values).await.text();
    assert!(in_khmer.contains("សាររបស់អ្នកមិនទាន់ត្រូវបានផ្ញើនៅឡើយទេ"), "{in_khmer}");
    // Sent again with the field empty, it is stored like any other.
    values[9].1 = " ";
    assert_eq!(send(&scene, &values).await.status, 200);
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 1);
}
