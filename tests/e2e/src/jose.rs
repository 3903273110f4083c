//! Actions and receipts in the hands of JOSE libraries that know nothing of us.

use std::env;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::harness::endpoint::{Endpoint, JWKS};
use crate::harness::{CAMPAIGN, Missing, Place};

/// A library of another language.
#[derive(Clone, Copy)]
pub(crate) enum Library {
    /// npm's jose.
    Jose,
    /// PyPI's joserfc.
    Joserfc,
}

impl Library {
    pub(crate) const ALL: [Self; 2] = [Self::Jose, Self::Joserfc];

    /// Runs one of its scripts.
    async fn run(
        self,
        place: &Place,
        script: &str,
        arguments: &[PathBuf],
        input: &str,
    ) -> Result<String> {
        let scripts = place.root.join("tests/e2e/jose");
        let (mut command, script) = match self {
            Library::Jose => {
                let modules = &place.modules;
                if !modules.join("jose").is_dir() {
                    return Err(Missing(format!("jose in {}", modules.display())).into());
                }
                (Command::new("node"), scripts.join(format!("{script}.mjs")))
            }
            Library::Joserfc => {
                let python = env::var_os("STANDWITH_PYTHON");
                let python =
                    python.ok_or(Missing("Python named in STANDWITH_PYTHON".to_owned()))?;
                (Command::new(python), scripts.join(format!("{script}.py")))
            }
        };
        command.arg(&script).args(arguments).kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("{command:?}"))?;
        child.stdin.take().context("no input")?.write_all(input.as_bytes()).await?;
        let output = child.wait_with_output().await?;
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure!(output.status.success(), "{}: {complaint}", script.display());
        Ok(String::from_utf8(output.stdout)?)
    }

    /// Verifies action and receipt of an exported line; the claims.
    pub(crate) async fn verify(
        self,
        place: &Place,
        endpoint: &Endpoint,
        line: &Value,
    ) -> Result<Value> {
        let jwks = [endpoint.path(JWKS)];
        let claims = self.run(place, "verify", &jwks, &line.to_string()).await?;
        Ok(serde_json::from_str(&claims)?)
    }

    /// Signs claims as an action.
    async fn sign(self, place: &Place, claims: &Value) -> Result<String> {
        self.run(place, "sign", &[], &claims.to_string()).await
    }
}

pub(crate) async fn what_jose_signs_is_taken_and_joserfc_verifies_it(place: &Place) -> Result<()> {
    hand_over(place, Library::Jose, Library::Joserfc).await
}

pub(crate) async fn what_joserfc_signs_is_taken_and_jose_verifies_it(place: &Place) -> Result<()> {
    hand_over(place, Library::Joserfc, Library::Jose).await
}

async fn hand_over(place: &Place, signer: Library, verifier: Library) -> Result<()> {
    let endpoint = Endpoint::start(place, None).await?;
    let address = format!("{}/campaigns/{CAMPAIGN}/actions", endpoint.origin());
    let claims = claims(&endpoint, &address).await?;
    let action = signer.sign(place, &claims).await?;

    let client = reqwest::Client::new();
    for (content_type, status) in [("application/jose", 201), ("text/plain", 200)] {
        let posted = client.post(&address).header("Content-Type", content_type);
        let answer = posted.body(action.clone()).send().await?;
        let (answered, body) = (answer.status().as_u16(), answer.text().await?);
        ensure!(answered == status, "{content_type}: {answered} {body}");
        let body: Value = serde_json::from_str(&body)?;
        ensure!(body["id"] == claims["jti"] && body["status"] == "accepted", "{body}");
        ensure!(body["count"] == 1, "{body}");
    }

    endpoint.keep_jwks().await?;
    let exported = endpoint.only_action().await?;
    ensure!(exported["action"] == action.as_str(), "it is not what was posted: {exported}");
    let verified = verifier.verify(place, &endpoint, &exported).await?;
    ensure!(verified == claims, "{verified}");
    Ok(())
}

/// Claims as another program may make them, in the order and the spacing that it likes.
async fn claims(endpoint: &Endpoint, address: &str) -> Result<Value> {
    let file = reqwest::get(format!("{}/campaigns/{CAMPAIGN}.json", endpoint.origin())).await?;
    let file: Value = serde_json::from_slice(&file.bytes().await?)?;
    let purposes = file["consents"].as_array().context("no consents")?;
    let consents = purposes.iter().map(|consent| {
        // The digest is recorded, and is nobody's to judge here.
        let digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        json!({ "purpose": consent["purpose"], "granted": true, "wording_digest": digest, "lang": "en" })
    });
    let now = std::fs::metadata(endpoint.path("standwith.sqlite"))?.modified()?;
    let now = now.duration_since(std::time::UNIX_EPOCH)?.as_secs();
    Ok(json!({
        "jti": "AAAAAAAAAAAAAAAAAAAAAA",
        "iat": now,
        "aud": address,
        "campaign": CAMPAIGN,
        "campaign_digest": "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU",
        "kind": "message",
        "lang": "en",
        "person": { "given_name": "មេឃ", "family_name": "Dara", "email": "dara@supporter.invalid", "country": "KH" },
        "message": { "subject": "Please release him", "body": "He reported on what others would not see. Please release him." },
        "targets": ["minister-of-justice"],
        "consents": consents.collect::<Vec<_>>(),
    }))
}
