//! Accepted and rejected actions: each code of the contract.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use standwith::envelope::encode;
use standwith_endpoint::clock;
use standwith_endpoint::signature::digest;

use crate::test_endpoint::{
    Bad, DELIVERY_KM, ID, Signer, TestEndpoint, campaign, fresh_jti, signed, with,
};

#[tokio::test]
async fn an_action_is_taken() {
    let scene = TestEndpoint::new().await;
    let claims = scene.claims();
    let answer = scene.post(signed(&claims)).await;
    answer.taken(201);
    let said = answer.json();
    assert_eq!(said["id"], claims["jti"]);
    assert_eq!(said["status"], "accepted");
    assert_eq!(said["count"], 1);
    assert_eq!(answer.header("access-control-expose-headers"), "Retry-After");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn both_media_types_of_a_jws_are_taken() {
    let scene = TestEndpoint::new().await;
    for kind in ["text/plain", "text/plain;charset=UTF-8", "application/jose"] {
        scene.post_to(ID, kind, signed(&scene.claims())).await.taken(201);
    }
    for kind in ["text/html", "application/x-www-form-urlencoded", "nonsense"] {
        scene
            .post_to(ID, kind, signed(&scene.claims()))
            .await
            .refused(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn an_action_in_the_clear_is_taken_with_its_proof() {
    let scene = TestEndpoint::new().await;
    let (kind, claims) = ("application/json", scene.claims());
    let proof = signed(&claims);
    let body = |action: &Value, proof: &str| json!({"action": action, "proof": proof}).to_string();
    scene.post_to(ID, kind, body(&claims, &proof)).await.taken(201);
    // The same action as a compact JWS.
    scene.post(proof.clone()).await.taken(200);

    let other = with(claims.clone(), json!({"message": {"subject": "x", "body": "y"}}));
    let refused = scene.post_to(ID, kind, body(&other, &proof)).await.refused(400, "malformed");
    assert!(refused["detail"].as_str().unwrap().contains("/action"));
    let unknown = with(claims.clone(), json!({"colour": "red"}));
    let refused = scene.post_to(ID, kind, body(&unknown, &proof)).await.refused(400, "malformed");
    assert!(refused["detail"].as_str().unwrap().contains("/action/colour"), "{refused}");
    for wrong in [
        json!({"action": claims}),
        json!({"proof": proof}),
        json!({"action": claims, "proof": proof, "more": 1}),
        json!([claims, proof]),
        json!("text"),
    ] {
        scene.post_to(ID, kind, wrong.to_string()).await.refused(400, "malformed");
    }
    let twice = format!(r#"{{"action":{claims},"proof":"{proof}","proof":"{proof}"}}"#);
    scene.post_to(ID, kind, twice).await.refused(400, "malformed");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let scene = TestEndpoint::new().await;
    scene.post("a".repeat(32 * 1024)).await.refused(400, "malformed");
    scene.post("a".repeat(32 * 1024 + 1)).await.refused(413, "too_large");
    scene.post("a".repeat(4 * 1024 * 1024)).await.refused(413, "too_large");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let scene = TestEndpoint::new().await;
    // From here on, time advances when all tasks are idle.
    tokio::time::pause();
    scene.post(Body::new(Bad::Never)).await.refused(408, "timeout");
}

#[tokio::test]
async fn a_line_end_after_the_jws_is_no_part_of_the_action() {
    let scene = TestEndpoint::new().await;
    let jws = signed(&scene.claims());
    let receipt = scene.post(format!("{jws}\n")).await.taken(201);
    for end in ["", "\n", "\r\n"] {
        assert_eq!(scene.post(format!("{jws}{end}")).await.taken(200), receipt);
    }
    let content = scene.stored().await.remove(0).content;
    assert_eq!(content, standwith_endpoint::store::Content::Signed(jws));
}

#[tokio::test]
async fn a_time_that_is_not_in_digits_alone_is_refused_by_name() {
    let scene = TestEndpoint::new().await;
    let signer = Signer::new();
    let now = clock::now();
    for written in [format!("{now}.0"), format!("{now}e0"), format!("{now}.5")] {
        let text = scene.claims().to_string();
        let text = text.replace(&format!("\"iat\":{now}"), &format!("\"iat\":{written}"));
        let jws = signer.sign_raw(&signer.header().to_string(), &text);
        let refused = scene.post(jws).await.refused(400, "malformed");
        let detail = refused["detail"].as_str().unwrap();
        assert!(detail.contains("/iat") && detail.contains("digits alone"), "{detail}");
    }
}

#[tokio::test]
async fn bodies_of_other_media_types_or_codings_are_refused() {
    let scene = TestEndpoint::new().await;
    for (name, value) in [
        ("content-type", "application/octet-stream"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("content-type", ""),
        ("content-encoding", "gzip"),
        ("content-encoding", "br, identity"),
        ("content-encoding", "identity"),
        ("content-encoding", ""),
    ] {
        let mut request = Request::post(format!("/campaigns/{ID}/actions"));
        if name != "content-type" {
            request = request.header("content-type", "text/plain");
        }
        let request = request.header(name, value).body(signed(&scene.claims()).into()).unwrap();
        let answer = scene.ask(request).await;
        if name == "content-encoding" && ["identity", ""].contains(&value) {
            answer.taken(201);
        } else {
            answer.refused(415, "unsupported_media_type");
        }
    }
    let none = Request::post(format!("/campaigns/{ID}/actions"));
    let none = scene.ask(none.body(Body::from("x")).unwrap()).await;
    none.refused(415, "unsupported_media_type");
}

#[tokio::test]
async fn what_is_no_jws_is_refused() {
    let scene = TestEndpoint::new().await;
    let jws = signed(&scene.claims());
    let (signing_input, _) = jws.rsplit_once('.').unwrap();
    for (wrong, told) in [
        (String::new(), "JWS"),
        ("{}".to_owned(), "JWS"),
        (format!("{jws}="), "JWS"),
        (format!("{jws}\n\n"), "JWS"),
        (format!("{jws}\r"), "JWS"),
        (format!("\n{jws}"), "JWS"),
        (format!("{jws}.x"), "JWS"),
        (signing_input.to_owned(), "JWS"),
        (format!("{signing_input}.{}", encode(&[1; 63])), "64 bytes"),
    ] {
        let refused = scene.post(wrong.clone()).await.refused(400, "malformed");
        assert!(refused["detail"].as_str().unwrap().contains(told), "{wrong}: {refused}");
    }
    scene.post(vec![0xff, 0xfe, b'.', b'.']).await.refused(400, "malformed");
}

#[tokio::test]
async fn other_algorithms_keys_and_headers_are_refused_by_name() {
    let scene = TestEndpoint::new().await;
    let signer = Signer::new();
    let (header, claims) = (signer.header(), scene.claims().to_string());
    let mut private = header.clone();
    private["jwk"]["d"] = json!("AAAA");
    let mut other_curve = header.clone();
    other_curve["jwk"]["crv"] = json!("P-384");
    let mut short = header.clone();
    short["jwk"]["x"] = json!("AAAA");
    for (header, named) in [
        (with(header.clone(), json!({"alg": "none"})), "/alg"),
        (with(header.clone(), json!({"alg": "HS256"})), "/alg"),
        (with(header.clone(), json!({"typ": "JWT"})), "/typ"),
        (with(header.clone(), json!({"jwk": null})), "/jwk"),
        (with(header.clone(), json!({"kid": "a"})), "/kid"),
        (with(header.clone(), json!({"crit": ["exp"]})), "/crit"),
        (with(header.clone(), json!({"jku": "https://evil.example"})), "/jku"),
        (private, "/jwk/d"),
        (other_curve, "/jwk"),
        (short, "/jwk"),
    ] {
        let jws = signer.sign_raw(&header.to_string(), &claims);
        let refused = scene.post(jws).await.refused(400, "malformed");
        assert!(refused["detail"].as_str().unwrap().contains(named), "{header}: {refused}");
    }
    // `none`, with an empty signature.
    let unsigned = signer.sign_raw(&with(header, json!({"alg": "none"})).to_string(), &claims);
    let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
    scene.post(unsigned).await.refused(400, "malformed");
}

#[tokio::test]
async fn unknown_and_duplicate_claims_are_refused_by_name() {
    let scene = TestEndpoint::new().await;
    let signer = Signer::new();
    let header = signer.header().to_string();
    let claims = scene.claims().to_string();
    for (payload, named) in [
        (claims.replacen('{', r#"{"colour":"red","#, 1), "/colour"),
        (claims.replacen('{', r#"{"lang":"km","#, 1), "/lang"),
        (claims.replace(r#""given_name""#, r#""nickname":"x","given_name""#), "/person/nickname"),
        (claims.replace(r#""jti""#, r#""jit""#), "/jti"),
        (claims.replace(r#""iat":"#, r#""iat":0.5,"x":"#), "/iat"),
        ("[]".to_owned(), "object"),
        ("{".to_owned(), ""),
    ] {
        let refused =
            scene.post(signer.sign_raw(&header, &payload)).await.refused(400, "malformed");
        assert!(refused["detail"].as_str().unwrap().contains(named), "{payload}: {refused}");
    }
}

#[tokio::test]
async fn an_altered_payload_or_signature_is_refused() {
    let scene = TestEndpoint::new().await;
    let claims = scene.claims();
    let (one, other) = (signed(&claims), signed(&with(claims.clone(), json!({"lang": "km"}))));
    let parts = |jws: &str| jws.split('.').map(str::to_owned).collect::<Vec<_>>();
    let (one, other) = (parts(&one), parts(&other));
    let altered = [&*one[0], &*other[1], &*one[2]].join(".");
    scene.post(altered).await.refused(400, "signature_invalid");
    let foreign_signature = [&*one[0], &*one[1], &*other[2]].join(".");
    scene.post(foreign_signature).await.refused(400, "signature_invalid");
    let nothing = [&*one[0], &*one[1], &"A".repeat(86)].join(".");
    scene.post(nothing).await.refused(400, "signature_invalid");
    // A point that is not on the curve.
    let signer = Signer::new();
    let mut header = signer.header();
    header["jwk"]["y"] = header["jwk"]["x"].clone();
    let jws = signer.sign_raw(&header.to_string(), &claims.to_string());
    scene.post(jws).await.refused(400, "signature_invalid");
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 0);
}

#[tokio::test]
async fn an_action_for_elsewhere_is_refused() {
    let scene = TestEndpoint::new().await;
    for aud in [
        "https://evil.example/campaigns/free-press/actions".to_owned(),
        "http://localhost:8080/campaigns/other/actions".to_owned(),
        "http://localhost:8081/campaigns/free-press/actions".to_owned(),
        format!("http://localhost:8080/campaigns/{ID}/actions?x"),
        format!("http://localhost:8080/campaigns/{ID}/actions/"),
        String::new(),
    ] {
        let claims = with(scene.claims(), json!({"aud": aud}));
        scene.post(signed(&claims)).await.refused(400, "audience_mismatch");
    }
    for host in ["localhost", "127.0.0.1", "[::1]"] {
        let aud = format!("http://{host}:8080/campaigns/{ID}/actions");
        scene.post(signed(&with(scene.claims(), json!({"aud": aud})))).await.taken(201);
    }
    let other_campaign = with(scene.claims(), json!({"campaign": "other"}));
    let refused = scene.post(signed(&other_campaign)).await.refused(400, "malformed");
    assert!(refused["detail"].as_str().unwrap().contains("/campaign"));
}

#[tokio::test]
async fn an_action_of_another_time_is_refused_with_the_time() {
    let scene = TestEndpoint::new().await;
    let (day, slack) = (86_400, 5);
    for (offset, in_time) in [
        (-7 * day - slack, false),
        (-7 * day + slack, true),
        (600 - slack, true),
        (600 + slack, false),
    ] {
        let claims = with(scene.claims(), json!({"iat": clock::now() + offset}));
        let answer = scene.post(signed(&claims)).await;
        if in_time {
            answer.taken(201);
            continue;
        }
        let now = answer.refused(400, "iat_out_of_window")["now"].as_i64().unwrap();
        assert!((now - clock::now()).abs() < slack);
        // Signed again with that time, under the same identity.
        scene.post(signed(&with(claims, json!({"iat": now})))).await.taken(201);
    }
    for absurd in [i64::MIN, -1, 0, i64::MAX] {
        let claims = with(scene.claims(), json!({"iat": absurd}));
        scene.post(signed(&claims)).await.refused(400, "iat_out_of_window");
    }
}

#[tokio::test]
async fn an_identity_is_16_bytes_in_their_one_form() {
    let scene = TestEndpoint::new().await;
    let jti = fresh_jti();
    for wrong in [
        "",
        "short",
        &jti[..21],
        &format!("{jti}A"),
        &format!("{jti}=="),
        &"!".repeat(22),
        &format!("{}B", "A".repeat(21)),
    ] {
        let claims = with(scene.claims(), json!({"jti": wrong}));
        let refused = scene.post(signed(&claims)).await.refused(400, "malformed");
        assert!(refused["detail"].as_str().unwrap().contains("/jti"), "{wrong}: {refused}");
    }
}

#[tokio::test]
async fn an_unknown_campaign_is_refused() {
    let scene = TestEndpoint::new().await;
    let aud = "http://localhost:8080/campaigns/nobody/actions";
    let claims = with(scene.claims(), json!({"campaign": "nobody", "aud": aud}));
    for campaign in ["nobody", "%ff", "..", "free-press.json"] {
        let answer = scene.post_to(campaign, "text/plain", signed(&claims)).await;
        answer.refused(404, "campaign_unknown");
        scene.post_to(campaign, "text/plain", "nonsense").await.refused(404, "campaign_unknown");
    }
}

#[tokio::test]
async fn a_campaign_that_is_not_open_takes_nothing() {
    for times in
        [json!({"closes": "2024-10-24T00:00:00Z"}), json!({"opens": "2999-01-01T00:00:00Z"})]
    {
        let scene = TestEndpoint::serving(&[with(campaign(), times)]).await;
        scene.post(signed(&scene.claims())).await.refused(410, "closed");
    }
}

#[tokio::test]
async fn the_campaigns_rules_are_told_by_field() {
    let scene = TestEndpoint::new().await;
    let claims = with(
        scene.claims(),
        json!({"person": {"given_name": "Dara", "email": "dara@", "country": "XX"}, "targets": []}),
    );
    let refused = scene.post(signed(&claims)).await.refused(422, "rules");
    let errors = refused["errors"].as_array().unwrap();
    for (field, code) in [
        ("email", "email_malformed"),
        ("family_name", "family_name_missing"),
        ("country", "country_unknown_choice"),
        ("targets", "targets_too_few"),
    ] {
        assert!(errors.contains(&json!({"field": field, "code": code})), "{field}: {refused}");
    }
    let claims = with(scene.claims(), json!({"consents": []}));
    let refused = scene.post(signed(&claims)).await.refused(422, "rules");
    let missing = json!([{"field": "consent_delivery", "code": "consent_missing"}]);
    assert_eq!(refused["errors"], missing);
    let claims = with(scene.claims(), json!({"lang": "fr"}));
    let refused = scene.post(signed(&claims)).await.refused(422, "rules");
    assert_eq!(refused["errors"], json!([{"field": "lang", "code": "lang_unknown_choice"}]));
}

#[tokio::test]
async fn values_with_space_about_them_are_taken() {
    let scene = TestEndpoint::new().await;
    let person = json!({"given_name": " Dara ", "family_name": "\tMech", "email": " Dara@Example.org\n", "country": "KH "});
    let message = json!({"subject": " A request ", "body": "Line\r\nline\r\n"});
    let claims = with(scene.claims(), json!({"person": person, "message": message}));
    scene.post(signed(&claims)).await.taken(201);
}

#[tokio::test]
async fn a_consent_must_name_the_words_that_were_asked() {
    let scene = TestEndpoint::new().await;
    let consents = |purpose: &str, granted: bool, wording: &str, lang: &str| {
        let mut claims = scene.claims();
        let consents = claims["consents"].as_array_mut().unwrap();
        consents.retain(|consent| consent["purpose"] != purpose);
        consents.push(json!({"purpose": purpose, "granted": granted,
            "wording_digest": digest(wording.as_bytes()), "lang": lang}));
        claims
    };
    let mismatch = |purpose: &str| json!([{"field": format!("consent_{purpose}"), "code": "consent_wording_mismatch"}]);
    // A wording's language may differ from the form's.
    scene.post(signed(&consents("delivery", true, DELIVERY_KM, "km"))).await.taken(201);
    for claims in [
        consents("delivery", true, DELIVERY_KM, "en"),
        consents("delivery", true, "I agree to anything.", "en"),
        consents("delivery", true, DELIVERY_KM, "fr"),
    ] {
        let refused = scene.post(signed(&claims)).await.refused(422, "rules");
        assert_eq!(refused["errors"], mismatch("delivery"));
    }
    let claims = consents("updates", false, "x", "en");
    let refused = scene.post(signed(&claims)).await.refused(422, "rules");
    assert_eq!(refused["errors"], mismatch("updates"));
    let refused =
        scene.post(signed(&consents("spying", true, "x", "en"))).await.refused(422, "rules");
    let unknown = json!([{"field": "consent_spying", "code": "consent_unknown_choice"}]);
    assert_eq!(refused["errors"], unknown);

    let mut twice = scene.claims();
    let first = twice["consents"][1].clone();
    twice["consents"].as_array_mut().unwrap().push(with(first, json!({"granted": false})));
    let refused = scene.post(signed(&twice)).await.refused(422, "rules");
    let duplicate = json!([{"field": "consent_delivery", "code": "consent_duplicate"}]);
    assert_eq!(refused["errors"], duplicate);
}

#[tokio::test]
async fn an_action_is_judged_by_the_version_that_it_names() {
    let scene = TestEndpoint::new().await;
    let before = scene.claims();
    let mut changed = campaign();
    changed["consents"][1]["wording"] = json!("Pass my message on to all of them.");
    changed["targets"].as_array_mut().unwrap().remove(0);
    assert_eq!(scene.change_campaign(&changed).await, [""; 0]);

    // The version that the supporter saw has another wording and one more target.
    scene.post(signed(&before)).await.taken(201);
    // Even if the endpoint has been restarted since.
    let scene = scene.restarted().await;
    let before = with(before, json!({"jti": fresh_jti()}));
    scene.post(signed(&before)).await.taken(201);
    // An action that names today's version is validated against it.
    let now = with(
        before.clone(),
        json!({"jti": fresh_jti(), "campaign_digest": scene.claims()["campaign_digest"]}),
    );
    let errors = scene.post(signed(&now)).await.refused(422, "rules")["errors"].clone();
    assert!(errors.to_string().contains("consent_wording_mismatch"));
    assert!(errors.to_string().contains("targets_unknown_choice"));
    assert_eq!(scene.number("SELECT count(*) FROM action WHERE NOT digest_known").await, 0);
}

#[tokio::test]
async fn an_unknown_version_is_judged_by_todays_and_recorded_as_unknown() {
    let scene = TestEndpoint::new().await;
    let mut claims = with(scene.claims(), json!({"campaign_digest": digest(b"never served")}));
    // That version may have had other wordings.
    claims["consents"][1]["wording_digest"] = json!(digest(b"other words"));
    scene.post(signed(&claims)).await.taken(201);
    assert_eq!(scene.number("SELECT count(*) FROM action WHERE NOT digest_known").await, 1);
    let wrong = with(claims, json!({"jti": fresh_jti(), "targets": ["stranger"]}));
    scene.post(signed(&wrong)).await.refused(422, "rules");
}

#[tokio::test]
async fn refuses_unfit_texts_of_claims_whatever_version_they_name() {
    let scene = TestEndpoint::new().await;
    let long = "x".repeat(20_000);
    let known = scene.claims()["campaign_digest"].clone();
    for version in [known, json!(digest(b"never served")), json!("")] {
        for bad in ["\u{1b}[2J", "\0", "\u{9b}", "\u{202e}", "\u{2067}", &long] {
            let texts = [
                json!({"source": {"page": bad}}),
                json!({"source": {"partner": bad}}),
                json!({"source": {"utm_source": bad}}),
                json!({"lang": bad}),
                json!({"variant": bad}),
                json!({"campaign_digest": bad}),
                json!({"targets": [format!("minister{bad}")]}),
                json!({"answers": {bad: "x"}}),
                json!({"messages": {bad: {"subject": "x", "body": "y"}}}),
            ];
            let fields = ["purpose", "wording_digest", "lang"].map(|name| {
                let mut consents = scene.claims()["consents"].clone();
                consents[0][name] = json!(bad);
                json!({"consents": consents})
            });
            for changes in texts.into_iter().chain(fields) {
                let claims = with(scene.claims(), json!({"campaign_digest": version}));
                let refused = scene.post(signed(&with(claims, changes.clone()))).await;
                assert_eq!(refused.status, 422, "{changes}");
                refused.refused(422, "rules");
            }
        }
        let claims = with(scene.claims(), json!({"campaign_digest": version}));
        scene.post(signed(&claims)).await.taken(201);
    }
    assert_eq!(scene.number("SELECT count(*) FROM action").await, 3);
}

#[tokio::test]
async fn a_preflight_is_answered() {
    let scene = TestEndpoint::new().await;
    let request = Request::options(format!("/campaigns/{ID}/actions"))
        .header("origin", "https://partner.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type");
    let answer = scene.ask(request.body(Body::empty()).unwrap()).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("access-control-allow-methods"), "POST");
    assert_eq!(answer.header("access-control-allow-headers"), "content-type");
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[tokio::test]
async fn other_methods_and_places_are_refused_without_html() {
    let scene = TestEndpoint::new().await;
    let answer = scene.get(&format!("/campaigns/{ID}/actions")).await;
    answer.refused(405, "method_not_allowed");
    assert!(answer.header("allow").contains("POST"));
    let answer = scene.get("/nowhere").await;
    assert_eq!((answer.status.as_u16(), answer.json()["code"].as_str()), (404, Some("not_found")));
    let answer = scene.post_to(ID, "text/plain", "x").await;
    assert!(!answer.text().contains('<'));
}

#[tokio::test]
async fn what_supporters_mailed_themselves_is_recorded_and_counted() {
    let modes = |modes: Value| with(campaign(), json!({"delivery": {"modes": modes}}));
    let by_mail = |scene: &TestEndpoint| with(scene.claims(), json!({"delivery": "mail-app"}));
    for both in [json!(["mail-app"]), json!(["server", "mail-app"])] {
        let scene = TestEndpoint::serving(&[modes(both)]).await;
        let claims = by_mail(&scene);
        let answer = scene.post(signed(&claims)).await;
        answer.taken(201);
        assert_eq!(
            (answer.json()["status"].clone(), answer.json()["count"].clone()),
            (json!("recorded"), json!(1))
        );
        // A repeat gets the same status.
        let again = scene.post(signed(&claims)).await;
        assert_eq!(again.json()["status"], "recorded");
        assert_eq!(scene.get(&format!("/campaigns/{ID}/count")).await.json()["count"], 1);
    }
    let refused = |answer: Value| {
        assert_eq!(
            answer["errors"],
            json!([{"field": "delivery", "code": "answer_unknown_choice"}])
        );
    };
    let scene = TestEndpoint::new().await;
    refused(scene.post(signed(&by_mail(&scene))).await.refused(422, "rules"));
    // If only supporters deliver, an action for delivery by the endpoint is rejected: it would never be delivered.
    let scene = TestEndpoint::serving(&[modes(json!(["mail-app"]))]).await;
    let server = with(scene.claims(), json!({"delivery": "server"}));
    refused(scene.post(signed(&server)).await.refused(422, "rules"));
    refused(scene.post(signed(&scene.claims())).await.refused(422, "rules"));
    // If both may deliver, the endpoint delivers an action without `delivery`.
    let scene = TestEndpoint::serving(&[modes(json!(["server", "mail-app"]))]).await;
    let answer = scene.post(signed(&scene.claims())).await;
    assert_eq!(answer.json()["status"], "accepted");
}
