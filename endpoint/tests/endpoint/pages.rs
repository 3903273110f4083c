//! Everything around the hosted form: the list of campaigns, metadata of a page, frames of other sites, and pages
//! without a form.

use axum::http::Request;
use serde_json::{Value, json};
use standwith_endpoint::address::PublicUrl;

use crate::test_endpoint::{
    Answer, FILLED, ID, TestEndpoint, campaign, folder, hidden, with, write_campaign,
};

const ORIGIN: &str = "https://actions.example.org";

/// An endpoint that serves these campaigns at [`ORIGIN`].
async fn public(campaigns: &[Value]) -> TestEndpoint {
    TestEndpoint::at(folder(campaigns), vec![ORIGIN.parse::<PublicUrl>().unwrap()]).await
}

/// A campaign with everything that a page's metadata can contain.
fn told() -> Value {
    let km = json!({
        "title": "សេរីភាពសារព័ត៌មាន",
        "story": "អ្នកសារព័ត៌មានម្នាក់ត្រូវបានចាប់ខ្លួនកាលពីខែកញ្ញា។ សូមជួយ។",
        "picture": {"alt": "អ្នកសារព័ត៌មាន"},
        "consents": [{"purpose": "delivery", "wording": "សូមបញ្ជូនសាររបស់ខ្ញុំ។"}],
    });
    with(
        campaign(),
        json!({
            "story": "# Why\n\nA **journalist** was arrested in the last days of September. Help him.",
            "picture": {"url": "face.jpg", "alt": "A journalist at work"},
            "publisher": {"name": "Press & Freedom", "url": "https://press.invalid/?a=1&b=2"},
            "languages": {"km": km},
        }),
    )
}

/// The origins that the content security policy allows to frame the page.
fn frames(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy");
    let (_, frames) = policy.split_once("frame-ancestors ").unwrap();
    frames.to_owned()
}

#[tokio::test]
async fn the_page_has_a_preview_in_each_language() {
    let scene = public(&[told()]).await;
    let page = scene.get(&format!("/campaigns/{ID}")).await.text();
    let (head, body) = page.split_once("</style>").unwrap();
    let sentence = "A journalist was arrested in the last days of September.";
    let url = format!("{ORIGIN}/campaigns/{ID}");
    for part in [
        format!("<meta name=\"description\" content=\"{sentence}\">"),
        format!("<link rel=\"canonical\" href=\"{url}?lang=en\">"),
        format!("<link rel=\"alternate\" hreflang=\"en\" href=\"{url}?lang=en\">"),
        format!("<link rel=\"alternate\" hreflang=\"km\" href=\"{url}?lang=km\">"),
        format!("<link rel=\"alternate\" hreflang=\"x-default\" href=\"{url}\">"),
        "<meta property=\"og:title\" content=\"Free the press\">".to_owned(),
        format!("<meta property=\"og:description\" content=\"{sentence}\">"),
        format!("<meta property=\"og:url\" content=\"{url}?lang=en\">"),
        "<meta property=\"og:site_name\" content=\"Press &amp; Freedom\">".to_owned(),
        "<meta property=\"og:locale\" content=\"en\">".to_owned(),
        "<meta property=\"og:locale:alternate\" content=\"km\">".to_owned(),
        format!("<meta property=\"og:image\" content=\"{ORIGIN}/campaigns/face.jpg\">"),
        "<meta property=\"og:image:alt\" content=\"A journalist at work\">".to_owned(),
        "<meta name=\"twitter:card\" content=\"summary_large_image\">".to_owned(),
        "<meta name=\"twitter:title\" content=\"Free the press\">".to_owned(),
        format!("<meta name=\"twitter:image\" content=\"{ORIGIN}/campaigns/face.jpg\">"),
        "<link rel=\"icon\" href=\"data:image/svg+xml,".to_owned(),
    ] {
        assert!(head.contains(&part), "{part} is not in {head}");
    }
    let publisher = "<p>A campaign by <a target=\"_blank\" rel=\"noopener noreferrer\" \
                     href=\"https://press.invalid/?a=1&amp;b=2\">Press &amp; Freedom</a></p>";
    assert!(body.contains(publisher), "{body}");

    let page = scene.get(&format!("/campaigns/{ID}?lang=km&standwith-test&x=%22")).await.text();
    for part in [
        format!("<link rel=\"canonical\" href=\"{url}?lang=km\">"),
        "<meta property=\"og:title\" content=\"សេរីភាពសារព័ត៌មាន\">".to_owned(),
        "<meta name=\"description\" content=\"អ្នកសារព័ត៌មានម្នាក់ត្រូវបានចាប់ខ្លួនកាលពីខែកញ្ញា។\">".to_owned(),
        "<meta property=\"og:image:alt\" content=\"អ្នកសារព័ត៌មាន\">".to_owned(),
        "<meta property=\"og:locale\" content=\"km\">".to_owned(),
    ] {
        assert!(page.contains(&part), "{part} is not in {page}");
    }
}

#[tokio::test]
async fn what_a_campaign_does_not_have_is_not_in_its_preview() {
    let one = with(campaign(), json!({"languages": {}}));
    let page = public(&[one]).await.get(&format!("/campaigns/{ID}")).await.text();
    for part in [
        "description\"",
        "og:image",
        "og:site_name",
        "og:locale:alternate",
        "A campaign by",
        "<nav",
    ] {
        assert!(!page.contains(part), "{part} is in {page}");
    }
    // With one language there is one address.
    let canonical = format!("<link rel=\"canonical\" href=\"{ORIGIN}/campaigns/{ID}\">");
    assert!(page.contains(&canonical) && page.contains("content=\"summary\""), "{page}");
}

#[tokio::test]
async fn a_picture_is_previewed_only_where_everybody_may_fetch_it() {
    for (url, at_risk, expected) in [
        ("face.jpg", false, Some("https://actions.example.org/campaigns/face.jpg")),
        ("face.jpg", true, Some("https://actions.example.org/campaigns/face.jpg")),
        ("/face.jpg?a=1&b=2", false, Some("https://actions.example.org/face.jpg?a=1&amp;b=2")),
        ("https://pictures.invalid/face.jpg", false, Some("https://pictures.invalid/face.jpg")),
        (
            "https://actions.example.org/face.jpg",
            false,
            Some("https://actions.example.org/face.jpg"),
        ),
        ("http://localhost/face.jpg", false, None),
    ] {
        let mut shown = with(campaign(), json!({"picture": {"url": url, "alt": "A"}}));
        if at_risk {
            shown = with(shown, json!({"at_risk": true}));
        }
        let scene = public(&[shown]).await;
        let page = scene.get(&format!("/campaigns/{ID}")).await.text();
        let found = page
            .split_once("og:image\" content=\"")
            .map(|(_, rest)| rest.split('"').next().unwrap());
        assert_eq!(found, expected, "{url}");
    }
}

#[tokio::test]
async fn only_sites_that_the_campaign_names_may_frame_the_page() {
    let path = format!("/campaigns/{ID}");
    let scene = TestEndpoint::new().await;
    for query in ["", "?embed", "?embed=https://evil.example"] {
        assert_eq!(frames(&scene.get(&format!("{path}{query}")).await), "'none'", "{query}");
    }
    let origins =
        ["https://partner.invalid", "https://Zeitung.ö.example:8443", "http://localhost:3000"];
    scene.change_campaign(&with(campaign(), json!({"embed": {"origins": origins}}))).await;
    assert_eq!(frames(&scene.get(&path).await), "'none'");
    let allowed =
        "https://partner.invalid https://zeitung.xn--nda.example:8443 http://localhost:3000";
    let shown = scene.get(&format!("{path}?embed&lang=en")).await;
    assert_eq!(frames(&shown), allowed);
    // The pages that follow are shown in the same frame.
    let page = shown.text();
    assert!(page.contains("action=\"free-press?lang=en&amp;embed\""), "{page}");
    assert!(page.contains("href=\"?lang=km&amp;embed\""), "{page}");
    assert!(!page.contains("lang=en&amp;embed\">\n"), "no address names it: {page}");
    let sent = scene.ask(scene.form("?lang=en&embed", &FILLED)).await;
    assert_eq!((sent.status.as_u16(), frames(&sent).as_str()), (200, allowed));
    let sent = scene.ask(scene.form("?lang=en", &FILLED)).await;
    assert_eq!(frames(&sent), "'none'");
    for path in ["/", "/?embed", "/campaigns/unknown?embed"] {
        assert_eq!(frames(&scene.get(path).await), "'none'", "{path}");
    }
}

#[tokio::test]
async fn a_frame_at_risk_says_that_the_page_around_stays_and_keeps_its_answers() {
    let changes = json!({"at_risk": true, "embed": {"origins": ["https://partner.invalid"]}});
    let scene = TestEndpoint::serving(&[with(campaign(), changes)]).await;
    let around = "If the page around this form stays open";
    let page = scene.get(&format!("/campaigns/{ID}?plain&embed")).await.text();
    assert!(page.contains(around), "{page}");
    assert!(!scene.get(&format!("/campaigns/{ID}?plain")).await.text().contains(around));
    // The page names no icon, so browsers request /favicon.ico, which must not be stored; Chromium then stores no page
    // for "Back".
    assert!(!page.contains("rel=\"icon\""), "{page}");
    assert_eq!(scene.get("/favicon.ico").await.header("cache-control"), "no-store");
    let sent = scene.ask(scene.form("?embed", &FILLED)).await;
    assert!(sent.header("location").ends_with("&embed"), "{}", sent.header("location"));
    for _ in 0..2 {
        let shown = scene.get(&format!("/campaigns/{}", sent.header("location"))).await;
        assert_eq!(frames(&shown), "https://partner.invalid");
    }
}

#[tokio::test]
async fn the_front_page_lists_the_campaigns() {
    let scene = public(&[told()]).await;
    let (title, day) = ("<script>alert('x')</script>", 24 * 60 * 60);
    write_campaign(scene.dir.path(), &with(campaign(), json!({"id": "a", "title": title})));
    let closed = json!({"id": "closed", "closes": "2024-01-01T00:00:00Z"});
    write_campaign(scene.dir.path(), &with(campaign(), closed));
    scene.look().await;
    let answer = scene.get("/").await;
    assert!(answer.header("content-type").starts_with("text/html"));
    assert!(answer.header("content-security-policy").contains("default-src 'none'"));
    assert!(answer.header("vary").contains("Accept-Language"));
    let page = answer.text();
    let snippet = "&lt;script async crossorigin=&quot;anonymous&quot; \
                   src=&quot;https://actions.example.org/standwith.js&quot;\n        \
                   data-campaign=&quot;https://actions.example.org/campaigns/free-press.json&quot;&gt;&lt;/script&gt;";
    for part in [
        "<html lang=\"en\">",
        "<h1>Campaigns</h1>",
        "<h2><a href=\"campaigns/free-press\">Free the press</a></h2>",
        "<img class=\"picture\" src=\"campaigns/face.jpg\" alt=\"A journalist at work\"",
        "referrerpolicy=\"no-referrer\"",
        "A campaign by Press &amp; Freedom",
        "A journalist was arrested in the last days of September.",
        "0 of 500 messages sent",
        "Languages: English, ភាសាខ្មែរ",
        "<label for=\"snippet-free-press\">",
        snippet,
        "&lt;script&gt;alert(&#39;x&#39;)",
    ] {
        assert!(page.contains(part), "{part} is not in {page}");
    }
    assert!(!page.contains("<script") && !page.contains("campaigns/closed"));
    // The reader's language, even if a campaign lacks it.
    let german = scene.get_with("/", &[("accept-language", "de, km;q=0.5")]).await.text();
    for part in [
        "<html lang=\"de\">",
        "<h1>Kampagnen</h1>",
        "<h2 lang=\"km\" dir=\"ltr\"><a href=\"campaigns/free-press\">សេរីភាពសារព័ត៌មាន</a></h2>",
        "alt=\"អ្នកសារព័ត៌មាន\" lang=\"km\"",
    ] {
        assert!(german.contains(part), "{part} is not in {german}");
    }
    let asked = scene.get_with("/?lang=ar", &[("accept-language", "de")]).await.text();
    assert!(asked.contains("<html lang=\"ar\" dir=\"rtl\">"), "{asked}");
    assert!(asked.contains("href=\"campaigns/free-press?lang=en\""), "{asked}");
    // A campaign is no longer listed after it has closed.
    let soon = json!({"id": "a", "closes": "2124-01-01T00:00:00Z"});
    write_campaign(scene.dir.path(), &with(campaign(), soon));
    scene.look().await;
    assert!(scene.get("/").await.text().contains("campaigns/a\""));
    scene.clock.advance(100 * 366 * day);
    assert!(!scene.get("/").await.text().contains("campaigns/a\""));
}

#[tokio::test]
async fn where_there_is_no_campaign_the_front_page_says_so() {
    let scene = TestEndpoint::serving(&[]).await;
    let page = scene.get_with("/", &[("accept-language", "fr")]).await.text();
    assert!(page.contains("<html lang=\"fr\">") && !page.contains("<ul"), "{page}");
}

#[tokio::test]
async fn the_cards_lead_where_the_browser_is() {
    let scene = TestEndpoint::new().await;
    for (host, address) in [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("evil.example", "http://localhost:8080"),
        ("\"><script>", "http://localhost:8080"),
    ] {
        let page = scene.get_with("/", &[("host", host)]).await.text();
        assert!(
            page.contains(&format!("src=&quot;{address}/standwith.js&quot;")),
            "{host}: {page}"
        );
        assert!(!page.contains("<script") && !page.contains("evil.example"));
    }
}

#[tokio::test]
async fn a_page_without_a_form_is_in_the_readers_language() {
    let scene = TestEndpoint::new().await;
    for (path, accepts, lang, heading) in [
        ("/campaigns/unknown", "", "en", "There is no campaign at this address"),
        (
            "/campaigns/unknown",
            "de-AT, en;q=0.5",
            "de",
            "Unter dieser Adresse gibt es keine Kampagne",
        ),
        ("/campaigns/%ff", "tlh, de", "de", "Unter dieser Adresse gibt es keine Kampagne"),
        ("/campaigns/unknown?lang=de", "fr", "de", "Unter dieser Adresse gibt es keine Kampagne"),
        (
            "/campaigns/unknown?lang=%22%3E%3Cscript%3E",
            "",
            "en",
            "There is no campaign at this address",
        ),
    ] {
        let answer = scene.get_with(path, &[("accept-language", accepts)]).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cache-control"), "no-store");
        let page = answer.text();
        assert!(page.contains(&format!("<html lang=\"{lang}\">")), "{page}");
        assert!(page.contains(&format!("<h1>{heading}</h1>")), "{page}");
        assert!(page.contains("<a href=\"../\">") && !page.contains("<script"), "{page}");
    }
    let arabic = scene.get_with("/campaigns/unknown", &[("accept-language", "ar")]).await.text();
    assert!(arabic.contains("<html lang=\"ar\" dir=\"rtl\">"), "{arabic}");
    let long = Request::post(format!("/campaigns/{ID}?lang=de"));
    let long = scene.ask(long.body("x".repeat(200 * 1024).into()).unwrap()).await;
    assert_eq!(long.status, 413);
    let page = long.text();
    assert!(page.contains("<html lang=\"de\">") && page.contains("höchstens 128 KB"), "{page}");
}

/// Texts that end an attribute, an element or a style, or link to script.
const HOSTILE: [&str; 6] = [
    "\"><script>alert(1)</script>",
    "'><img src=x onerror=alert(1)>",
    "</title></style></textarea><script>alert(1)</script>",
    "javascript:alert(1)",
    "{publisher}{count}&quot;&#34;>",
    "]]><!-- --!>",
];

#[tokio::test]
async fn no_text_of_a_campaign_leaves_its_place() {
    for text in HOSTILE {
        let changes = json!({
            "title": text,
            "story": format!("{text} {text}"),
            "picture": {"url": "face.jpg", "alt": text},
            "publisher": {"name": text},
            "languages": {"km": {
                "title": text,
                "consents": [{"purpose": "delivery", "wording": text}],
            }},
        });
        let scene = public(&[with(campaign(), changes)]).await;
        assert_eq!(scene.endpoint.campaigns.faults(), Vec::<String>::new());
        let path = format!("/campaigns/{ID}");
        for path in ["/", "/?lang=km", &path, &format!("{path}?lang=km")] {
            let page = scene.get(path).await.text();
            let allowed = [
                "<img class=\"picture\" src=\"face.jpg\"",
                "<img class=\"picture\" src=\"campaigns/face.jpg\"",
            ];
            let images: usize = allowed.iter().map(|image| page.matches(image).count()).sum();
            for (part, times) in [
                ("<script", 0),
                ("<!--", 0),
                ("<img", images),
                ("onerror=alert(1)>", 0),
                ("href=\"javascript", 0),
                ("</style>", 1),
                ("</title>", 1),
                ("content=\"\"", 0),
            ] {
                assert_eq!(page.matches(part).count(), times, "{part} in {path}: {page}");
            }
        }
    }
    // An address becomes a link only if it leads to a page.
    for url in HOSTILE {
        let changes = json!({"publisher": {"name": "Press", "url": url}});
        let scene = public(&[with(campaign(), changes)]).await;
        // `check` refuses it, and nothing is served.
        assert_eq!(scene.get(&format!("/campaigns/{ID}")).await.status, 404);
    }
}

#[tokio::test]
async fn the_style_is_minified() {
    let page = TestEndpoint::new().await.get(&format!("/campaigns/{ID}")).await.text();
    let (_, rest) = page.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    for part in ["/*", "\n", "  ", "{ ", "; ", ";}"] {
        assert!(!style.contains(part), "{part:?} is in {style}");
    }
    // Strings, selectors and calculations are not damaged.
    for part in [
        "\"Noto Sans Khmer\"",
        ".standwith:lang(km) :is(",
        "calc((0.179 - y) * 1e6)",
        "[type=\"submit\"]",
    ] {
        assert!(style.contains(part), "{part} is not in {style}");
    }
    assert!(!hidden(&page, "jti").is_empty());
}
