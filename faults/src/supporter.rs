//! Supporters: each signs one action with a key of its own, as the form does.

use anyhow::{Result, anyhow, bail};
use standwith::action::{ClaimContext, Claims, Source};
use standwith::campaign::{Campaign, CampaignFile, Kind, Strictness};
use standwith::check::check;
use standwith::draft::{Draft, TARGETS, TICKED, consent_name};
use standwith::targeting::offered;
use standwith::{postcode, shape};
use standwith_testkit::signer::{Signer, digest, fresh_jti, now};

/// Data shared by all supporters of a campaign.
#[derive(Clone, Debug)]
pub struct Supporters {
    claims: Claims,
    /// Whether the campaign asks for an e-mail address.
    mails: bool,
}

/// An action's identity. The same one gives the same payload, whichever key signs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// 128 random bits in base64url.
    pub jti: String,
    /// Time of creation: seconds since 1970.
    pub iat: i64,
}

/// A signed action.
#[derive(Clone, Debug)]
pub struct Signed {
    /// Its identity.
    pub identity: Identity,
    /// SHA-256 of its payload, in base64url.
    pub digest: String,
    /// The compact JWS.
    pub jws: String,
}

impl Supporters {
    /// Supporters of the campaign with these bytes, who send to this address. `test` marks their actions as tests,
    /// which are not counted.
    ///
    /// # Errors
    /// The file is not a campaign file, or requires something that this program can't fill in.
    pub fn of(file: &[u8], address: &str, test: bool) -> Result<Self> {
        let read = CampaignFile::parse(file).map_err(|fault| anyhow!("{fault:?}"))?;
        let campaign = read.into_campaign("", Strictness::Lenient);
        let campaign = campaign.map_err(|faults| anyhow!("the campaign file: {faults:?}"))?;
        let action = match check(&campaign, &filled_in(&campaign).composed(&campaign)) {
            Ok(action) => action,
            Err(field_errors) => {
                let asked: Vec<&str> = field_errors.iter().map(|m| m.field.as_str()).collect();
                bail!("the form asks for what this program can't fill in: {}", asked.join(", "));
            }
        };
        let circumstances = ClaimContext {
            aud: address.to_owned(),
            campaign_digest: digest(file),
            wording_digests: action.wordings().map(|words| digest(words.as_bytes())).collect(),
            source: Source { page: "https://partner.invalid".to_owned(), ..Source::default() },
            test,
            ..ClaimContext::default()
        };
        let mails = !action.person().email.is_empty();
        Ok(Supporters { claims: action.claims(&campaign, circumstances), mails })
    }

    /// A signed action with a new identity.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn next(&self) -> Result<Signed> {
        self.sign(Identity { jti: fresh_jti()?, iat: now() })
    }

    /// The action with this identity, signed with a new key.
    ///
    /// # Errors
    /// The system has no randomness.
    pub fn sign(&self, identity: Identity) -> Result<Signed> {
        let mut claims = self.claims.clone();
        claims.jti.clone_from(&identity.jti);
        claims.iat = identity.iat;
        if self.mails {
            // Actions have different addresses, as those of different supporters do. Case does not distinguish
            // addresses, so the name is the `jti` in hexadecimal.
            let name: String = identity.jti.bytes().map(|byte| format!("{byte:02x}")).collect();
            claims.person.email = format!("{name}@supporters.invalid");
        }
        let digest = digest(shape::write(&claims).as_bytes());
        Ok(Signed { identity, digest, jws: Signer::new()?.sign(&claims)? })
    }

    /// Whether their actions are counted.
    pub fn count(&self) -> bool {
        !self.claims.test
    }

    /// The campaign's id.
    pub fn campaign(&self) -> &str {
        &self.claims.campaign
    }
}

/// A completed form in which every consent is given.
fn filled_in(campaign: &Campaign) -> Draft {
    let mut draft = Draft::new(campaign);
    let filters = || campaign.targets.iter().map(|target| &target.filter);
    let country = filters().find_map(|filter| filter.countries.first());
    let country = country.map_or("KH", |country| country.as_str());
    for field in &campaign.fields {
        let id = field.id.as_str();
        let first = field.options.first().map_or("", |option| option.id.as_str());
        let postcode = Some(postcode::example(country)).filter(|example| !example.is_empty());
        let value = match (id, field.kind()) {
            ("postal_code", _) => postcode.as_deref().unwrap_or("1000"),
            (_, Kind::Email) => "supporter@supporters.invalid",
            (_, Kind::Phone) => "+85512345678",
            (_, Kind::Country) => country,
            (_, Kind::Choice | Kind::Choices) => first,
            (_, Kind::Checkbox) => TICKED,
            (_, Kind::Number) => "1",
            (_, Kind::Date) => "2024-10-24",
            (_, Kind::Text | Kind::LongText) => "Sok",
        };
        draft.set(id, value);
    }
    for consent in &campaign.consents {
        draft.tick(&consent_name(consent.purpose.as_str()), TICKED, true);
    }
    let chosen: Vec<String> = {
        let offer = offered(campaign, &draft);
        let least = offer.choice.map_or(0, |(least, _)| least as usize);
        offer.targets.iter().take(least).map(|target| target.id.as_str().to_owned()).collect()
    };
    for target in &chosen {
        draft.tick(TARGETS, target, true);
    }
    draft
}
