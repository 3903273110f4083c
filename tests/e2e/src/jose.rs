//! Actions and receipts, processed by independent JOSE libraries.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::harness::endpoint::{Endpoint, JWKS};
use crate::harness::{CAMPAIGN, Missing, Place};

/// The JOSE libraries of another language.
#[derive(Clone, Copy)]
pub(crate) enum Campaigns {
    /// npm's jose.
    Jose,
    /// PyPI's joserfc, and jwcrypto for sealed payloads.
    Joserfc,
}

impl Campaigns {
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
            Campaigns::Jose => {
                let modules = &place.modules;
                if !modules.join("jose").is_dir() {
                    return Err(Missing(format!("jose in {}", modules.display())).into());
                }
                (Command::new("node"), scripts.join(format!("{script}.mjs")))
            }
            Campaigns::Joserfc => {
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

    /// Verifies action and receipt of an exported line, and returns the claims.
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

    /// Seals a text to the key in a file.
    async fn seal(self, place: &Place, key: PathBuf, text: &str) -> Result<String> {
        self.run(place, "seal", &[key], text).await
    }

    /// Decrypts a sealed text with the key in a file.
    async fn unseal(self, place: &Place, key: PathBuf, sealed: &str) -> Result<String> {
        self.run(place, "unseal", &[key], sealed).await
    }

    /// Signs claims as an action.
    async fn sign(self, place: &Place, claims: &Value) -> Result<String> {
        self.run(place, "sign", &[], &claims.to_string()).await
    }
}

pub(crate) async fn what_jose_signs_is_taken_and_joserfc_verifies_it(place: &Place) -> Result<()> {
    hand_over(place, Campaigns::Jose, Campaigns::Joserfc).await
}

pub(crate) async fn what_joserfc_signs_is_taken_and_jose_verifies_it(place: &Place) -> Result<()> {
    hand_over(place, Campaigns::Joserfc, Campaigns::Jose).await
}

async fn hand_over(place: &Place, signer: Campaigns, verifier: Campaigns) -> Result<()> {
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
    ensure!(exported["action"] == action.as_str(), "it differs from the posted one: {exported}");
    let verified = verifier.verify(place, &endpoint, &exported).await?;
    ensure!(verified == claims, "{verified}");
    Ok(())
}

pub(crate) async fn what_jose_seals_is_taken_and_unsealed(place: &Place) -> Result<()> {
    seal(place, Campaigns::Jose).await
}

pub(crate) async fn what_jwcrypto_seals_is_taken_and_unsealed(place: &Place) -> Result<()> {
    seal(place, Campaigns::Joserfc).await
}

/// The id of the sealed campaign.
const SEALED: &str = "sealed";

async fn seal(place: &Place, campaigns: Campaigns) -> Result<()> {
    let endpoint = Endpoint::start(place, None).await?;
    let key = endpoint.run(["keys", "seal", "--key", "seal.json"]).await?;
    ensure!(key.status.success(), "keys seal: {key:?}");
    fs::write(endpoint.path("public.json"), &key.stdout)?;
    let jwk: Value = serde_json::from_slice(&key.stdout)?;
    let mut file = example(&endpoint).await?;
    file["id"] = json!(SEALED);
    file["sealing"] = json!({ "jwk": jwk });
    file["message"]["max"] = json!(3000);
    // By default, actions go to this campaign's own address; the mode `server` is impossible for sealed ones.
    for (pointer, key) in [("", "endpoint"), ("/delivery", "modes")] {
        if let Some(object) = file.pointer_mut(pointer).and_then(Value::as_object_mut) {
            object.remove(key);
        }
    }
    fs::write(endpoint.path("campaigns/sealed.json"), file.to_string())?;
    let address = format!("{}/campaigns/{SEALED}", endpoint.origin());
    // The endpoint looks for changed campaign files each second.
    for _ in 0..100 {
        if reqwest::get(&address).await?.status().is_success() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }

    let mut claims = claims(&endpoint, &format!("{address}/actions")).await?;
    claims["campaign"] = json!(SEALED);
    let inside = json!({ "person": claims["person"], "message": claims["message"] });
    let plaintext = inside.to_string();
    let claims_of = claims.as_object_mut().context("no claims")?;
    claims_of.retain(|name, _| !["person", "message"].contains(&name.as_str()));
    let sealed = campaigns.seal(place, endpoint.path("public.json"), &plaintext).await?;
    claims["sealed"] = json!(sealed);
    let action = campaigns.sign(place, &claims).await?;
    let posted = reqwest::Client::new().post(format!("{address}/actions"));
    let posted = posted.header("Content-Type", "text/plain").body(action);
    let answer = posted.send().await?;
    let (status, body) = (answer.status().as_u16(), answer.text().await?);
    ensure!(status == 201, "{status} {body}");

    let arguments = ["export", "--campaign", SEALED, "--database", "sqlite:standwith.sqlite"];
    let arguments = [&arguments[..], &["--format", "jsonl", "--unseal", "seal.json"]].concat();
    let output = endpoint.run(&arguments).await?;
    ensure!(output.status.success(), "export: {output:?}");
    let line: Value = serde_json::from_slice(&output.stdout)?;
    ensure!(line["holds"] == true && line["unsealed"] == inside, "{line}");
    // The library must be able to read the file of the private key, too.
    let opened = campaigns.unseal(place, endpoint.path("seal.json"), &sealed).await?;
    ensure!(opened == plaintext, "{opened}");
    Ok(())
}

pub(crate) async fn what_we_seal_jose_and_jwcrypto_unseal(place: &Place) -> Result<()> {
    // Sealed by the core's own steps: a native test of the endpoint repeats them and compares.
    let vector = fs::read_to_string(place.root.join("tests/vectors/sealed.json"))?;
    let vector: Value = serde_json::from_str(&vector)?;
    let folder = tempfile::TempDir::new()?;
    let key = folder.path().join("key.json");
    fs::write(&key, vector["key"].to_string())?;
    let text = |name: &str| vector[name].as_str().with_context(|| format!("no {name}"));
    for campaigns in Campaigns::ALL {
        let opened = campaigns.unseal(place, key.clone(), text("sealed")?).await?;
        ensure!(opened == text("plaintext")?, "{opened}");
    }
    Ok(())
}

/// The example's campaign file.
async fn example(endpoint: &Endpoint) -> Result<Value> {
    let file = reqwest::get(format!("{}/campaigns/{CAMPAIGN}.json", endpoint.origin())).await?;
    Ok(serde_json::from_slice(&file.bytes().await?)?)
}

/// Claims as another program may make them, with the order and spacing of its choice.
async fn claims(endpoint: &Endpoint, address: &str) -> Result<Value> {
    let file = example(endpoint).await?;
    let purposes = file["consents"].as_array().context("no consents")?;
    let consents = purposes.iter().map(|consent| {
        // The endpoint stores the digest without validating it, because it does not know the version with this
        // `campaign_digest`.
        let digest = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU";
        json!({ "purpose": consent["purpose"], "granted": true, "wording_digest": digest, "lang": "en" })
    });
    let now = fs::metadata(endpoint.path("standwith.sqlite"))?.modified()?;
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
