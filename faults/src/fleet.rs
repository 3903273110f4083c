//! Several endpoints on one PostgreSQL, whose server is restarted, and replaced by its standby.
//!
//! ```text
//! supporters ── endpoint ─┐
//!            ── endpoint ─┼─ floating address ── primary ── link ── standby
//!            ── endpoint ─┘
//! ```

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use fastrand::Rng;
use standwith_testkit::postgres::{FloatingAddress, Postgres};
use standwith_testkit::process::Launch;
use tokio::time::sleep;

use crate::driver::Journal;
use crate::machine::Machine;

/// How long an event waits for the senders before it is looked at again.
const LOOK: Duration = Duration::from_millis(5);

/// How many commits wait for a standby.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";

/// Whether a commit waits for the standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replication {
    /// It does: what was acknowledged is in two places.
    Synchronous,
    /// It does not: the control, which must lose something.
    Asynchronous,
}

/// What happens to the database while actions are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The server stops as by a crash, and starts again.
    Restart,
    /// The link to the standby breaks; a while later the primary is killed, and the standby takes over.
    Failover,
}

/// The endpoints and their database.
#[derive(Debug)]
pub struct Fleet {
    /// The endpoints.
    pub machines: Vec<Machine>,
    primary: Postgres,
    standby: Option<(Postgres, FloatingAddress)>,
    address: FloatingAddress,
}

impl Fleet {
    /// Starts a database with a standby, and this many endpoints of this program in this folder, which contains a
    /// folder `campaigns`.
    ///
    /// # Errors
    /// PostgreSQL is not installed, or something does not start.
    pub async fn start(
        program: &Path,
        folder: &Path,
        endpoints: usize,
        replication: Option<Replication>,
    ) -> Result<Self> {
        let primary = tokio::task::spawn_blocking(|| Postgres::start(&[])).await??;
        let name = primary.create_database()?;
        let address = FloatingAddress::of(primary.port()).await?;
        let url = address.url(&name);
        let migrated = Launch::new(program, folder).run(["migrate", "--database", &url]).await?;
        let said = String::from_utf8_lossy(&migrated.stderr);
        ensure!(migrated.status.success(), "standwith migrate: {said}");
        let mut machines = Vec::new();
        for _ in 0..endpoints {
            machines.push(Machine::on(program, folder, &url)?);
        }
        let public = machines.first().context("there must be an endpoint")?.origin();
        let mut machines: Vec<_> =
            machines.into_iter().map(|machine| machine.with_public_url(&public)).collect();
        let mut fleet = Fleet { machines: Vec::new(), primary, standby: None, address };
        if let Some(replication) = replication {
            fleet.follow(replication).await?;
        }
        for machine in &mut machines {
            machine.start().await?;
        }
        fleet.machines = machines;
        Ok(fleet)
    }

    /// Starts the standby.
    async fn follow(&mut self, replication: Replication) -> Result<()> {
        let link = FloatingAddress::of(self.primary.port()).await?;
        let standby = tokio::task::block_in_place(|| {
            let standby = self.primary.start_standby(&link)?;
            if replication == Replication::Synchronous {
                self.primary.replicate_synchronously()?;
            }
            anyhow::Ok(standby)
        });
        self.standby = Some((standby?, link));
        Ok(())
    }

    /// The addresses of the endpoints.
    pub fn origins(&self) -> Vec<String> {
        self.machines.iter().map(Machine::origin).collect()
    }

    /// Kills endpoints this many times, and lets the events happen, all at random points of this journal's sends.
    ///
    /// # Errors
    /// Something can't be started again.
    pub async fn torment(
        &mut self,
        kills: u64,
        events: &[Event],
        submissions: u64,
        journal: &Journal,
        seed: u64,
    ) -> Result<()> {
        let Fleet { machines, primary, standby, address } = self;
        let share = kills / machines.len() as u64;
        let killing = machines.iter_mut().zip(1..).map(|(machine, n)| {
            let lots = Rng::with_seed(seed.wrapping_mul(n));
            machine.torment(share, submissions, journal, lots, || Ok(()))
        });
        let happening = async {
            for (n, event) in (1..).zip(events) {
                let moment = submissions * n / (events.len() as u64 + 1);
                until(journal, moment).await;
                match event {
                    Event::Restart => tokio::task::block_in_place(|| {
                        primary.stop()?;
                        primary.run()
                    })?,
                    Event::Failover => {
                        let (standby, link) = standby.as_ref().context("there is no standby")?;
                        link.lead_to(None);
                        // Until the primary has acknowledged some actions alone, or waits for its standby.
                        let known = journal.counts().through;
                        while journal.counts().through < known + 20 && !journal.is_done() {
                            let waiting =
                                tokio::task::block_in_place(|| primary.sql("postgres", WAITING))?;
                            if waiting != "0" {
                                break;
                            }
                            sleep(LOOK).await;
                        }
                        tokio::task::block_in_place(|| {
                            primary.kill()?;
                            standby.promote()
                        })?;
                        address.lead_to(Some(standby.port()));
                    }
                }
            }
            anyhow::Ok(())
        };
        let all = futures_util::future::try_join_all(killing);
        tokio::try_join!(all, happening).map(drop)
    }

    /// Starts the first endpoint anew, so that no count in its memory is older than the last action.
    ///
    /// # Errors
    /// It can't be started again.
    pub async fn refresh(&mut self) -> Result<()> {
        let machine = self.machines.first_mut().context("there must be an endpoint")?;
        machine.kill().await?;
        machine.start().await
    }

    /// Exports a campaign's actions; returns the export's path.
    ///
    /// # Errors
    /// An action or a receipt is bad.
    pub async fn export(&self, program: &Path, campaign: &str) -> Result<PathBuf> {
        let machine = self.machines.first().context("there must be an endpoint")?;
        machine.export(program, campaign).await
    }

    /// What `standwith recount` says, and whether every count is right.
    ///
    /// # Errors
    /// It can't be run.
    pub async fn recount(&self, program: &Path) -> Result<(bool, String)> {
        let machine = self.machines.first().context("there must be an endpoint")?;
        let output = machine.run(program, &["recount", "--database", machine.database()]).await?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
    }
}

/// Waits until this many sends have ended, or all.
async fn until(journal: &Journal, moment: u64) {
    while journal.counts().through < moment && !journal.is_done() {
        sleep(LOOK).await;
    }
}
