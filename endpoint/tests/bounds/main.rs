//! Limits of a request's cost: on every route, memory and answer are at most a constant plus a multiple of the
//! request's size. A separate binary, because it measures the allocations of the whole process.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]
#![allow(missing_docs, reason = "tests")]

#[allow(dead_code, reason = "shared with the other tests of the endpoint")]
#[path = "../endpoint/test_endpoint.rs"]
mod test_endpoint;

use axum::body::Body;
use axum::http::Request;
use peak_alloc::PeakAlloc;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::test_endpoint::{ID, TestEndpoint, campaign, signed, with};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Limit for an answer: bytes for the page without values, and bytes for each byte of the request, because a value is
/// escaped, and may be shown several times.
const ANSWER: (usize, usize) = (256 * 1024, 20);
/// Limit for the memory that a request has allocated at any time: bytes, and bytes for each byte of the request.
const PEAK: (usize, usize) = (4 * 1024 * 1024, 200);

/// A text that repeats one of the pieces that cost most to process.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = [
        "{{phone}}",
        "{{email}}",
        "{{target_name}}",
        "{{",
        "{{given_name}} ",
        "a",
        " ",
        "\n",
        "&",
        "\"",
        "<",
        "\u{1f600}",
        "ក",
        "\u{0}",
        "=",
        "[a](https://b)",
        "e\u{301}",
    ];
    (proptest::sample::select(pieces.to_vec()), prop_oneof![0_usize..40, 0_usize..40_000])
        .prop_map(|(piece, times)| piece.repeat(times.min(120_000 / piece.len())))
}

/// A hosted form, filled in by an attacker.
fn form() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = [
        "given_name",
        "family_name",
        "email",
        "phone",
        "country",
        "postal_code",
        "address",
        "subject",
        "body",
        "targets",
        "consent_delivery",
        "public",
        "role",
        "body/minister",
        "form-act",
        "campaign_digest",
        "form-mail",
        "x",
    ];
    let pair = (proptest::sample::select(names.to_vec()).prop_map(str::to_owned), hostile());
    // A placeholder many times, for a value that is long.
    let fields = ["phone", "given_name", "email", "address", "target_name"];
    let expanding = (proptest::sample::select(fields.to_vec()), 0_usize..3000, 0_usize..60_000);
    let expanding = expanding.prop_map(|(field, times, length)| {
        let (template, value) = (format!("{{{{{field}}}}}").repeat(times), "1".repeat(length));
        let target = |n: usize| ("targets", format!("t{n}"));
        let mut values = vec![(field, value), ("subject", template.clone()), ("body", template)];
        values.extend((0..20).map(target));
        values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    });
    prop_oneof![
        expanding,
        proptest::collection::vec(pair, 0..8),
        // Many short values.
        (0_usize..1200, "[a-z/]{1,9}", hostile().prop_map(|text| text.chars().take(9).collect()))
            .prop_map(|(count, name, value): (_, _, String)| {
                (0..count).map(|n| (format!("{name}{n}"), value.clone())).collect()
            }),
    ]
}

/// Texts of an attacker, and the claims that they replace.
fn claims() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    let places = [
        "/person/given_name",
        "/person/phone",
        "/person/email",
        "/message/subject",
        "/message/body",
        "/targets/0",
        "/lang",
        "/campaign_digest",
        "/source/partner",
        "/consents/0/purpose",
        "/jti",
    ];
    proptest::collection::vec((proptest::sample::select(places.to_vec()), hostile()), 0..4)
}

/// A post that causes many errors in the reader: a long key, and below it many values of the wrong type.
fn faulty() -> impl Strategy<Value = (&'static str, String)> {
    let letters = proptest::sample::select(vec!["~", "k", "/", "\u{1f600}", "\u{1}"]);
    let places =
        proptest::sample::select(vec!["answers", "person", "source", "nowhere", "messages"]);
    (letters, places, 0_usize..16_000, 0_usize..8000, any::<bool>()).prop_map(
        |(letter, place, length, times, is_jws)| {
            let key = serde_json::to_string(&letter.repeat(length / letter.len())).unwrap();
            let values = vec!["1"; times].join(",");
            let claims = format!("{{\"{place}\":{{{key}:[{values}]}}}}");
            if !is_jws {
                return ("application/json", format!("{{\"action\":{claims},\"proof\":\"a\"}}"));
            }
            let signer = test_endpoint::Signer::new();
            ("text/plain", signer.sign_raw(&signer.header().to_string(), &claims))
        },
    )
}

/// Fails if answer or memory are out of proportion to the request.
async fn proportionate(
    scene: &TestEndpoint,
    request: Request<Body>,
    sent: usize,
) -> Result<(), TestCaseError> {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let what = format!("{} {}", request.method(), request.uri().path());
    let answer = scene.ask(request).await;
    let peak = MEMORY.peak_usage().saturating_sub(before);
    let within = |bound: (usize, usize)| bound.0 + bound.1 * sent;
    prop_assert!(
        answer.body.len() <= within(ANSWER),
        "{what}: {} bytes for {sent}",
        answer.body.len()
    );
    prop_assert!(peak <= within(PEAK), "{what}: {peak} bytes of memory for {sent}");
    Ok(())
}

/// Campaigns with many targets with long names: one with a message for each target, one with a message for all.
fn campaigns() -> Vec<Value> {
    let target = |n| json!({"id": format!("t{n}"), "name": "N".repeat(200)});
    let targets: Vec<Value> = (0..60).map(target).collect();
    let each = json!({
        "id": "per-target",
        "targets": targets,
        "targeting": {"mode": "choose", "most": 20},
        "message": {"subjects": ["S"], "head": "{{target_name}}", "body": "B", "max": 20, "per_target": true},
    });
    let all = json!({
        "id": "for-all",
        "targets": targets,
        "targeting": {"mode": "all"},
        "message": {"subjects": ["S"], "head": "{{given_name}}", "body": "{{email}}"},
    });
    vec![campaign(), with(campaign(), each), with(campaign(), all)]
}

#[test]
fn no_request_costs_more_than_a_multiple_of_itself() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let scene = runtime.block_on(async {
        let folder = test_endpoint::folder(&[]);
        for campaign in campaigns() {
            test_endpoint::write_campaign(folder.path(), &campaign);
        }
        TestEndpoint::on(folder).await
    });
    let ids = [ID, "per-target", "for-all"];
    // One-time allocations are not counted.
    for id in ids {
        runtime.block_on(scene.get(&format!("/campaigns/{id}")));
    }
    let mut runner =
        TestRunner::new(Config { cases: 96, max_shrink_iters: 0, ..Config::default() });
    let forms = (proptest::sample::select(ids.to_vec()), form());
    let result = runner.run(&forms, |(id, values)| {
        let values: Vec<_> = values.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        runtime.block_on(async {
            let request = scene.form_of(id, "", &values);
            let sent = request.headers()["content-length"].to_str().unwrap().parse().unwrap();
            proportionate(&scene, request, sent).await
        })
    });
    result.unwrap();
    let result = runner.run(&claims(), |texts| {
        let mut claims = scene.claims();
        for (place, text) in texts {
            *claims.pointer_mut(place).unwrap() = json!(text);
        }
        let body = signed(&claims);
        let sent = body.len();
        let request = Request::post(format!("/campaigns/{ID}/actions"));
        let request = request.header("content-type", "text/plain").body(body.into()).unwrap();
        runtime.block_on(proportionate(&scene, request, sent))
    });
    result.unwrap();
    let result = runner.run(&faulty(), |(kind, body)| {
        let sent = body.len();
        let request = Request::post(format!("/campaigns/{ID}/actions"));
        let request = request.header("content-type", kind).body(body.into()).unwrap();
        runtime.block_on(proportionate(&scene, request, sent))
    });
    result.unwrap();
    let routes = [
        "/",
        "/campaigns/free-press",
        "/campaigns/free-press.json",
        "/campaigns/free-press/count",
        "/nowhere",
    ];
    let asked =
        (proptest::sample::select(routes.to_vec()), "[a-z=&%]{0,2000}", "[a-z;=,q]{0,2000}");
    let result = runner.run(&asked, |(route, query, header)| {
        let request = Request::get(format!("{route}?{}", query.replace('%', "%25")));
        let request = request.header("accept-language", &header).header("accept-encoding", &header);
        let sent = query.len() + 2 * header.len();
        runtime.block_on(proportionate(&scene, request.body(Body::empty()).unwrap(), sent))
    });
    result.unwrap();
}
