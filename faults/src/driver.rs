//! Sends actions until each is acknowledged, as a form and its outbox do: six attempts with growing waits, later the
//! same bytes again. Acknowledgements are recorded for the [account](crate::account).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use fastrand::Rng;
use standwith::answer::{self, Outcome};
use standwith::retry;
use standwith_testkit::signer::digest;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::line::{Line, Place};
use crate::supporter::{Identity, Signed, Supporters};

/// Time limit for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a message is retried, outbox included.
const GIVING_UP: Duration = Duration::from_secs(600);
/// The longest wait of an outbox before it starts again.
const OUTBOX: Duration = Duration::from_secs(30);
/// One in this many acknowledged actions is sent again, and one in this many is sent over two connections at the same
/// time.
const REPEATED: u64 = 16;

/// Options for sending.
#[derive(Clone, Debug)]
pub struct Sending {
    /// Number of actions.
    pub submissions: u64,
    /// Number of actions in progress at once.
    pub at_once: usize,
    /// Whether a connection is reused if nothing failed on it.
    pub keep_alive: bool,
    /// Seed for waits and for which actions are repeated.
    pub seed: u64,
    /// Factor by which all time-outs and waits are shorter than in production.
    pub hurry: u32,
}

/// An acknowledged action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The action's identity.
    pub identity: Identity,
    /// SHA-256 of the payload that was sent, in base64url.
    pub digest: String,
    /// SHA-256 of the first receipt, in base64url; a digest, because there are many receipts.
    pub receipt: String,
    /// Number of 201 answers: accepted as new.
    pub times_new: u32,
}

/// The senders' records, during and after sending.
#[derive(Debug, Default)]
pub struct Journal {
    written: Mutex<Written>,
    done: AtomicBool,
}

#[derive(Debug, Default)]
struct Written {
    /// By `jti`: everything sent, and the answers.
    entries: HashMap<String, Option<Acknowledged>>,
    counts: Counts,
}

/// Counters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sends that have ended, with or without success.
    pub through: u64,
    /// Requests started.
    pub tries: u64,
    /// Answers 200 and 201.
    pub acknowledgements: u64,
    /// Sends whose six attempts failed at least once, and which continued as an outbox does.
    pub outbox: u64,
    /// Sends given up after ten minutes without an acknowledgement.
    pub given_up: u64,
    /// Actions sent again, or twice at once, on purpose.
    pub repeats: u64,
    /// Actions answered with 201 twice: accepted as new each time.
    pub new_twice: u64,
    /// Answers with a receipt other than the first one.
    pub other_receipts: u64,
    /// The longest time from the first attempt until an action was acknowledged.
    pub longest: Duration,
}

impl Journal {
    /// The counters so far.
    pub fn counts(&self) -> Counts {
        self.written().counts
    }

    /// Whether the sending has ended.
    pub fn is_done(&self) -> bool {
        self.done.load(Relaxed)
    }

    /// The acknowledged actions, in no order.
    pub fn acknowledged(&self) -> Vec<Acknowledged> {
        self.written().entries.values().flatten().cloned().collect()
    }

    /// What is known of the action with this `jti`: `None` if it was not sent, `Some(None)` if it was not acknowledged.
    pub fn find(&self, jti: &str) -> Option<Option<Acknowledged>> {
        self.written().entries.get(jti).cloned()
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        // Entries are always written whole, even if a thread panics while it holds the lock.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.written().counts);
    }

    pub(crate) fn sending(&self, action: &Signed) {
        self.written().entries.entry(action.identity.jti.clone()).or_default();
    }

    /// Records an acknowledgement, and whether it says that the action is `new`.
    pub(crate) fn heard(&self, action: &Signed, receipt: &str, new: bool) {
        let receipt = digest(receipt.as_bytes());
        let mut written = self.written();
        let Written { entries, counts } = &mut *written;
        let entry = entries.entry(action.identity.jti.clone()).or_default();
        let known = entry.get_or_insert_with(|| Acknowledged {
            identity: action.identity.clone(),
            digest: action.digest.clone(),
            receipt: receipt.clone(),
            times_new: 0,
        });
        known.times_new += u32::from(new);
        counts.acknowledgements += 1;
        counts.other_receipts += u64::from(known.receipt != receipt);
        counts.new_twice += u64::from(new && known.times_new == 2);
    }
}

/// Supporters who send to an endpoint.
#[derive(Clone, Debug)]
pub struct Driver {
    /// Where actions are posted: each new connection goes to any of them.
    places: Vec<Place>,
    /// Where all other requests go.
    straight: Place,
    supporters: Supporters,
    sending: Sending,
    journal: Arc<Journal>,
}

/// The outcome of a send.
#[derive(Debug, PartialEq)]
enum End {
    Acknowledged,
    /// The endpoint rejected it: its answer.
    Refused(String),
    GivenUp,
}

impl Driver {
    /// Supporters who send to any of these addresses, which may be those of bad networks in front of the endpoint.
    ///
    /// # Errors
    /// An address is invalid, or the campaign file can't be loaded or filled in.
    pub async fn new(
        urls: &[impl AsRef<str>],
        to: &Addressee<'_>,
        sending: Sending,
    ) -> Result<Self> {
        ensure!(
            sending.at_once > 0 && sending.hurry > 0 && !urls.is_empty(),
            "at_once and hurry must be greater than 0, and there must be an address"
        );
        let path = format!("/campaigns/{}.json", to.campaign);
        let straight = Place::of(to.straight)?;
        let file = straight.get(&path).await?;
        let aud =
            format!("{}/campaigns/{}/actions", to.public_url.trim_end_matches('/'), to.campaign);
        let supporters = Supporters::of(&file, &aud, to.test)?;
        let journal = Arc::new(Journal::default());
        let places = urls.iter().map(|url| Place::of(url.as_ref())).collect::<Result<_>>()?;
        Ok(Driver { places, straight, supporters, sending, journal })
    }

    /// The records so far. They grow while actions are sent.
    pub fn journal(&self) -> Arc<Journal> {
        self.journal.clone()
    }

    /// The supporters.
    pub fn supporters(&self) -> &Supporters {
        &self.supporters
    }

    /// Sends everything. Afterwards, [`Journal::is_done`] returns true.
    ///
    /// # Errors
    /// The endpoint rejects an action, or there is no randomness.
    pub async fn send(&self) -> Result<()> {
        let begun = Arc::new(AtomicU64::new(0));
        let mut senders = JoinSet::new();
        for number in 0..self.sending.at_once {
            let (driver, begun) = (self.clone(), begun.clone());
            let lots = Rng::with_seed(self.sending.seed ^ (number as u64) << 32);
            senders.spawn(async move {
                let mut sender = Sender { driver: &driver, lots, lines: [None, None] };
                while begun.fetch_add(1, Relaxed) < driver.sending.submissions {
                    sender.send().await?;
                }
                anyhow::Ok(())
            });
        }
        let mut ended = Ok(());
        while let Some(sender) = senders.join_next().await {
            // The first error is the one reported.
            ended = ended.and(sender.map_err(Into::into).and_then(|ended| ended));
        }
        self.journal.done.store(true, Relaxed);
        ended
    }
}

/// The supporters' endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// The id of the campaign.
    pub campaign: &'a str,
    /// The endpoint's own address.
    pub straight: &'a str,
    /// The address in the actions' `aud`.
    pub public_url: &'a str,
    /// Whether all actions are tests, which are not counted.
    pub test: bool,
}

/// One of many concurrent senders, with connections of its own.
struct Sender<'a> {
    driver: &'a Driver,
    lots: Rng,
    lines: [Option<Line>; 2],
}

impl Sender<'_> {
    /// Sends one action, perhaps over both connections at once, perhaps again after the acknowledgement.
    async fn send(&mut self) -> Result<()> {
        let driver = self.driver;
        let journal = &driver.journal;
        let action = driver.supporters.next()?;
        journal.sending(&action);
        let began = Instant::now();
        let [one, other] = &mut self.lines;
        let end = if self.lots.u64(0..REPEATED) == 0 {
            journal.count(|counts| counts.repeats += 1);
            let mut lots = self.lots.fork();
            let both = (
                driver.deliver(&action, one, &mut self.lots),
                driver.deliver(&action, other, &mut lots),
            );
            let (one, other) = tokio::join!(both.0, both.1);
            if other == End::Acknowledged { other } else { one }
        } else {
            driver.deliver(&action, one, &mut self.lots).await
        };
        journal.count(|counts| match end {
            End::Acknowledged => counts.longest = counts.longest.max(began.elapsed()),
            End::GivenUp => counts.given_up += 1,
            End::Refused(_) => {}
        });
        if end == End::Acknowledged && self.lots.u64(0..REPEATED) == 0 {
            journal.count(|counts| counts.repeats += 1);
            driver.deliver(&action, &mut self.lines[0], &mut self.lots).await;
        }
        journal.count(|counts| counts.through += 1);
        match end {
            End::Refused(words) => bail!("the endpoint refuses an action: {words}"),
            _ => Ok(()),
        }
    }
}

impl Driver {
    /// Sends an action until it is acknowledged, or for ten minutes.
    async fn deliver(&self, action: &Signed, line: &mut Option<Line>, lots: &mut Rng) -> End {
        let (journal, hurry) = (&self.journal, self.sending.hurry);
        let (began, mut failed, mut waited) = (Instant::now(), 0, false);
        loop {
            journal.count(|counts| counts.tries += 1);
            let heard = timeout(PATIENCE / hurry, self.attempt(action, line, lots.u64(..))).await;
            if !self.sending.keep_alive {
                *line = None;
            }
            let asked = match heard {
                Ok(Ok(Outcome::Accepted(_))) => return End::Acknowledged,
                Ok(Ok(Outcome::Refused(refusal))) => {
                    return End::Refused(format!("{} {:?}", refusal.code, refusal.errors));
                }
                Ok(Ok(Outcome::RetryLater(seconds))) => seconds,
                // The instance is above its rate limit: a sender that waits needs no proof.
                Ok(Ok(Outcome::Prove(_))) => None,
                Ok(Ok(Outcome::Unreachable) | Err(_)) | Err(_) => {
                    *line = None;
                    None
                }
            };
            failed += 1;
            let wait = match retry::delay(failed, lots.u64(..), asked) {
                Some(milliseconds) => Duration::from_millis(milliseconds.into()),
                None => {
                    journal.count(|counts| counts.outbox += u64::from(!waited));
                    (failed, waited) = (0, true);
                    let later = OUTBOX.mul_f64(lots.f64());
                    later.max(Duration::from_secs(asked.unwrap_or(0).into()))
                }
            };
            if began.elapsed() + wait / hurry > GIVING_UP / hurry {
                return End::GivenUp;
            }
            sleep(wait / hurry).await;
        }
    }

    /// Sends an action once, and reads the answer. The number chooses the place, if a new connection is needed.
    async fn attempt(&self, action: &Signed, line: &mut Option<Line>, lot: u64) -> Result<Outcome> {
        let open = match line.take().filter(Line::is_open) {
            Some(open) => open,
            None => {
                let places = self.places.len() as u64;
                let place = self.places.get(usize::try_from(lot % places)?);
                Line::open(place.context("there is no address")?).await?
            }
        };
        let open = line.insert(open);
        let path = format!("/campaigns/{}/actions", self.supporters.campaign());
        let heard = open.post(&path, Bytes::copy_from_slice(action.jws.as_bytes())).await?;
        let body = String::from_utf8_lossy(&heard.body);
        let jti = &action.identity.jti;
        let outcome = answer::outcome(heard.status, &body, heard.retry_after, jti);
        if let Outcome::Accepted(acceptance) = &outcome {
            self.journal.heard(action, &acceptance.receipt, heard.status == 201);
        }
        Ok(outcome)
    }

    /// Sends every acknowledged action again, with a new signature. Returns how many were accepted as new: those had
    /// been lost. Different receipts are counted as usual.
    ///
    /// # Errors
    /// An action is rejected or not acknowledged.
    pub async fn ask_again(&self) -> Result<u64> {
        let known = Arc::new(Mutex::new(self.journal.acknowledged()));
        let lost = Arc::new(AtomicU64::new(0));
        let mut senders = JoinSet::new();
        for number in 0..self.sending.at_once {
            let (driver, known, lost) = (self.clone(), known.clone(), lost.clone());
            let mut lots = Rng::with_seed(!self.sending.seed ^ (number as u64) << 32);
            senders.spawn(async move {
                let mut line = None;
                loop {
                    let next = known.lock().unwrap_or_else(PoisonError::into_inner).pop();
                    let Some(before) = next else { return anyhow::Ok(()) };
                    let action = driver.supporters.sign(before.identity)?;
                    let end = driver.deliver(&action, &mut line, &mut lots).await;
                    ensure!(end == End::Acknowledged, "an action is not taken again: {end:?}");
                    let now = driver.journal.find(&action.identity.jti);
                    let times_new = now.flatten().map_or(0, |now| now.times_new);
                    lost.fetch_add((times_new > before.times_new).into(), Relaxed);
                }
            });
        }
        while let Some(sender) = senders.join_next().await {
            sender??;
        }
        Ok(lost.load(Relaxed))
    }

    /// The campaign's public count.
    ///
    /// # Errors
    /// The endpoint does not answer, or not with a count.
    pub async fn count(&self) -> Result<i64> {
        let path = format!("/campaigns/{}/count", self.supporters.campaign());
        let body = self.straight.get(&path).await?;
        let count = answer::count(&String::from_utf8_lossy(&body));
        count.context("the count is not a number")
    }
}
