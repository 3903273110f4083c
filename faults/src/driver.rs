//! Sends actions until each of them is answered for, as a form and its outbox do: six tries with growing
//! waits, then, later, the same bytes again. Whatever is answered is kept for the [account](crate::account).

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

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a message is sent again and again, outbox included.
const GIVING_UP: Duration = Duration::from_secs(600);
/// The longest that an outbox waits before it begins anew.
const OUTBOX: Duration = Duration::from_secs(30);
/// One of so many acknowledged actions is sent once more, and one of so many is sent over two connections at
/// the same time.
const REPEATED: u64 = 16;

/// How actions are sent.
#[derive(Clone, Debug)]
pub struct Sending {
    /// How many.
    pub submissions: u64,
    /// How many are under way at once.
    pub at_once: usize,
    /// Whether a connection is used once more where nothing went wrong with it.
    pub keep_alive: bool,
    /// What lots are drawn from: waits, and which actions are repeated.
    pub seed: u64,
    /// So many times quicker than in life all time-outs and waits are.
    pub hurry: u32,
}

/// What was answered for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// What makes the action the one that it is.
    pub identity: Identity,
    /// SHA-256 of the payload that was sent, in base64url.
    pub digest: String,
    /// The receipt as it was answered first; SHA-256 in base64url, because there are many.
    pub receipt: String,
    /// How often it was answered by 201: taken as new.
    pub times_new: u32,
}

/// What the senders know, while they send and afterwards.
#[derive(Debug, Default)]
pub struct Journal {
    written: Mutex<Written>,
    done: AtomicBool,
}

#[derive(Debug, Default)]
struct Written {
    /// By `jti`: all that was sent, and what was answered.
    entries: HashMap<String, Option<Acknowledged>>,
    counts: Counts,
}

/// What is counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Sends that are through, one way or the other.
    pub through: u64,
    /// Requests that were begun.
    pub tries: u64,
    /// Answers 200 and 201.
    pub acknowledgements: u64,
    /// Sends whose six tries failed at least once, and which went on as an outbox does.
    pub outbox: u64,
    /// Sends that were given up: nobody answered for them in ten minutes.
    pub given_up: u64,
    /// Actions that were sent once more, or twice at once, on purpose.
    pub repeats: u64,
    /// Actions that were answered by 201 twice: taken as new each time.
    pub new_twice: u64,
    /// Answers with another receipt than the first one's.
    pub other_receipts: u64,
    /// The longest that it took until an action was answered for.
    pub longest: Duration,
}

impl Journal {
    /// What is counted so far.
    pub fn counts(&self) -> Counts {
        self.written().counts
    }

    /// Whether everything is sent.
    pub fn is_done(&self) -> bool {
        self.done.load(Relaxed)
    }

    /// What was acknowledged, in no order.
    pub fn acknowledged(&self) -> Vec<Acknowledged> {
        self.written().entries.values().flatten().cloned().collect()
    }

    /// Whether this was sent; if so, what was answered.
    pub fn find(&self, jti: &str) -> Option<Option<Acknowledged>> {
        self.written().entries.get(jti).cloned()
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        // Whoever panicked with it has written whole entries.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, count: impl FnOnce(&mut Counts)) {
        count(&mut self.written().counts);
    }

    pub(crate) fn sending(&self, action: &Signed) {
        self.written().entries.entry(action.identity.jti.clone()).or_default();
    }

    /// Notes an acknowledgement, and whether it says that the action is `new`.
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
    /// Where actions are sent.
    place: Place,
    /// Where the endpoint is asked for anything else.
    straight: Place,
    supporters: Supporters,
    sending: Sending,
    journal: Arc<Journal>,
}

/// How a send ended.
#[derive(Debug, PartialEq)]
enum End {
    Acknowledged,
    /// The endpoint refuses: its words.
    Refused(String),
    GivenUp,
}

impl Driver {
    /// Supporters who send to this address. It may be that of a bad network before the endpoint.
    ///
    /// # Errors
    /// An address is none, or the campaign file can't be had or filled in.
    pub async fn new(url: &str, to: &Addressee<'_>, sending: Sending) -> Result<Self> {
        ensure!(sending.at_once > 0 && sending.hurry > 0, "nothing would ever be sent");
        let path = format!("/campaigns/{}.json", to.campaign);
        let straight = Place::of(to.straight)?;
        let file = straight.get(&path).await?;
        let aud =
            format!("{}/campaigns/{}/actions", to.public_url.trim_end_matches('/'), to.campaign);
        let supporters = Supporters::of(&file, &aud, to.test)?;
        let journal = Arc::new(Journal::default());
        Ok(Driver { place: Place::of(url)?, straight, supporters, sending, journal })
    }

    /// What is known so far. It grows while actions are sent.
    pub fn journal(&self) -> Arc<Journal> {
        self.journal.clone()
    }

    /// The supporters.
    pub fn supporters(&self) -> &Supporters {
        &self.supporters
    }

    /// Sends everything. Whoever watches it sees [`Journal::is_done`] when that is over.
    ///
    /// # Errors
    /// The endpoint refuses an action, or there is no randomness.
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
            // The first fault is the one to tell of.
            ended = ended.and(sender.map_err(Into::into).and_then(|ended| ended));
        }
        self.journal.done.store(true, Relaxed);
        ended
    }
}

/// To whom supporters send.
#[derive(Clone, Copy, Debug)]
pub struct Addressee<'a> {
    /// The id of the campaign.
    pub campaign: &'a str,
    /// The endpoint's address, straight.
    pub straight: &'a str,
    /// The address that actions name.
    pub public_url: &'a str,
    /// Whether all of it is a trial, which no count holds.
    pub test: bool,
}

/// One of many that send at once, with connections of its own.
struct Sender<'a> {
    driver: &'a Driver,
    lots: Rng,
    lines: [Option<Line>; 2],
}

impl Sender<'_> {
    /// Sends one action, perhaps over both connections at once, perhaps once more when it is acknowledged.
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
    /// Sends an action until somebody answers for it, or for ten minutes.
    async fn deliver(&self, action: &Signed, line: &mut Option<Line>, lots: &mut Rng) -> End {
        let (journal, hurry) = (&self.journal, self.sending.hurry);
        let (began, mut failed, mut waited) = (Instant::now(), 0, false);
        loop {
            journal.count(|counts| counts.tries += 1);
            let heard = timeout(PATIENCE / hurry, self.attempt(action, line)).await;
            if !self.sending.keep_alive {
                *line = None;
            }
            let asked = match heard {
                Ok(Ok(Outcome::Accepted(_))) => return End::Acknowledged,
                Ok(Ok(Outcome::Refused(refusal))) => {
                    return End::Refused(format!("{} {:?}", refusal.code, refusal.errors));
                }
                Ok(Ok(Outcome::RetryLater(seconds))) => seconds,
                // An instance under a flood: whoever waits is asked for nothing.
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

    /// Sends an action once, and hears what is answered.
    async fn attempt(&self, action: &Signed, line: &mut Option<Line>) -> Result<Outcome> {
        let open = match line.take().filter(Line::is_open) {
            Some(open) => open,
            None => Line::open(&self.place).await?,
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

    /// Sends every action once more that was acknowledged, with a new signature. Gives how many were taken as
    /// new: those had been lost. Other receipts are counted where they always are.
    ///
    /// # Errors
    /// An action is refused or not answered for.
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

    /// The campaign's count, as anybody may ask for it.
    ///
    /// # Errors
    /// The endpoint does not answer.
    pub async fn count(&self) -> Result<i64> {
        let path = format!("/campaigns/{}/count", self.supporters.campaign());
        let body = self.straight.get(&path).await?;
        let count = answer::count(&String::from_utf8_lossy(&body));
        count.context("the count is no number")
    }
}
