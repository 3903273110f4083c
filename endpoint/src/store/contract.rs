//! The contract of a store, as tests that every store must pass. A store names how to make an empty one, and gets all
//! of the tests by `contract_of!`.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use standwith::answer::Status;

use super::{
    Content, Inserted, Job, JobKind, JobOutcome, NewAction, NewJob, State, Store, StoredAction,
    Transition, Transitioned, lifecycle,
};
use crate::clock::{Clock, ManualClock};

/// An empty store, its clock, and values that must live as long as it.
pub(super) struct Scene {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) _place: Box<dyn Any + Send + Sync>,
}

/// Makes a test of each function of the contract, for the store that an async function creates.
macro_rules! contract_of {
    ($scene:ident) => {
        $crate::store::contract::contract_of! { $scene:
            a_new_action_is_stored_and_counted
            what_was_sent_is_stored_byte_for_byte
            a_recount_finds_nothing_to_correct
            endpoints_with_other_keys_are_told_what_they_lack
            an_existing_action_is_given_back_and_not_changed
            a_test_is_stored_and_not_counted
            insertions_at_once_store_each_identity_once
            one_receipt_is_given_for_each_identity
            transitions_follow_the_table
            a_withdrawal_takes_row_count_and_jobs_at_once
            identities_of_other_campaigns_are_other_identities
            an_export_is_of_one_moment
            an_export_of_many_has_each_once_in_order
            versions_are_stored_once_and_found_by_time
            a_store_is_ready_until_it_is_closed
            what_is_queued_is_stored_before_the_store_closes
            jobs_are_claimed_when_due_by_kind
            no_two_claims_hold_the_same_job
            a_lease_ends_by_the_clock
            an_attempt_ends_once
            a_job_is_tried_again_or_dead
        }
    };
    ($scene:ident: $($test:ident)*) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let scene = $scene().await;
            $crate::store::contract::$test(&scene).await;
            scene.store.close().await;
        }
    )*};
}
pub(super) use contract_of;

const CAMPAIGN: &str = "free-press";
const MAIL: JobKind = JobKind("mail");
const OTHER: JobKind = JobKind("other");
const LEASE: Duration = Duration::from_secs(60);

/// An action that counts.
pub(super) fn action(jti: &str) -> NewAction {
    NewAction {
        campaign: CAMPAIGN.to_owned(),
        jti: jti.to_owned(),
        received_at: 1_790_000_000,
        status: Status::Accepted,
        content: Content::Signed(format!("signed {jti}")),
        campaign_digest: "digest".to_owned(),
        digest_known: true,
        counts: true,
        action_digest: format!("digest of {jti}"),
        receipt: format!("receipt of {jti}"),
    }
}

/// The stored form of an action.
fn stored(action: &NewAction) -> StoredAction {
    StoredAction {
        action_digest: action.action_digest.clone(),
        status: action.status,
        receipt: action.receipt.clone(),
        content: action.content.clone(),
    }
}

impl Scene {
    async fn insert(&self, action: NewAction) -> Inserted {
        self.store.insert(action, Vec::new()).await.unwrap()
    }

    /// Inserts an action with jobs of these kinds that are due now.
    async fn insert_with_jobs(&self, jti: &str, kinds: &[JobKind]) {
        let job = |kind: &JobKind| NewJob { kind: *kind, not_before: self.clock.now() };
        let jobs = kinds.iter().map(job).collect();
        self.store.insert(action(jti), jobs).await.unwrap();
    }

    async fn transition(&self, jti: &str, transition: Transition) -> Transitioned {
        let done = self.store.transition(CAMPAIGN, &[jti.to_owned()], transition).await.unwrap();
        done[0]
    }

    pub(super) async fn count(&self) -> i64 {
        self.store.count(CAMPAIGN).await.unwrap()
    }

    async fn is_stored(&self, jti: &str) -> bool {
        self.store.get(CAMPAIGN, jti).await.unwrap().is_some()
    }

    async fn claim(&self, kinds: &[JobKind], most: u32) -> Vec<Job> {
        self.store.claim_jobs(kinds, most, LEASE).await.unwrap()
    }

    async fn finish(&self, job: &Job, outcome: JobOutcome) -> bool {
        self.store.finish_job(job, outcome).await.unwrap()
    }

    /// The contents of an export that was started before.
    async fn contents(&self, export: &mut dyn super::Export) -> Vec<Content> {
        let mut contents = Vec::new();
        loop {
            let rows = export.next().await.unwrap();
            if rows.is_empty() {
                return contents;
            }
            contents.extend(rows.into_iter().map(|row| row.unwrap().stored.content));
        }
    }
}

pub(super) async fn a_new_action_is_stored_and_counted(scene: &Scene) {
    assert_eq!((scene.count().await, scene.store.total().await.unwrap()), (0, 0));
    assert!(!scene.store.knows(CAMPAIGN).await.unwrap());
    assert_eq!(scene.insert(action("a")).await, Inserted::New { count: 1 });
    let bare = NewAction {
        content: Content::Bare("{}".to_owned()),
        status: Status::Recorded,
        ..action("b")
    };
    assert_eq!(scene.insert(bare.clone()).await, Inserted::New { count: 2 });
    assert_eq!(scene.store.get(CAMPAIGN, "a").await.unwrap(), Some(stored(&action("a"))));
    assert_eq!(scene.store.get(CAMPAIGN, "b").await.unwrap(), Some(stored(&bare)));
    assert_eq!(scene.store.get(CAMPAIGN, "c").await.unwrap(), None);
    assert_eq!((scene.count().await, scene.store.total().await.unwrap()), (2, 2));
    assert!(scene.store.knows(CAMPAIGN).await.unwrap());
}

pub(super) async fn what_was_sent_is_stored_byte_for_byte(scene: &Scene) {
    for (n, text) in [
        // An accent in two characters, a space without width, quotes and backslashes, a name beyond 16 bits.
        r#"{"name":"Zoe\u0301 \u200b'$1' \\ \u0000"}"#,
        "មេឃ \u{301}\u{200b} 'x' $1 \\ \u{1F31F}\r\n\t",
        "",
    ]
    .into_iter()
    .enumerate()
    {
        let sent = NewAction {
            content: Content::Bare(text.to_owned()),
            receipt: format!("receipt {text}"),
            ..action(&format!("jti {n}"))
        };
        scene.insert(sent.clone()).await;
        let found = scene.store.get(CAMPAIGN, &sent.jti).await.unwrap();
        assert_eq!(found, Some(stored(&sent)));
    }
}

pub(super) async fn a_recount_finds_nothing_to_correct(scene: &Scene) {
    for n in 0..20 {
        let counts = n % 3 != 0;
        let campaign = format!("campaign {}", n % 2);
        scene.insert(NewAction { counts, campaign, ..action(&n.to_string()) }).await;
    }
    scene.insert(action("a")).await;
    scene.transition("a", Transition::Withdraw).await;
    for apply in [false, true] {
        assert_eq!(scene.store.recount(apply).await.unwrap(), []);
    }
}

pub(super) async fn endpoints_with_other_keys_are_told_what_they_lack(scene: &Scene) {
    for (ours, replace, lacking) in [
        (&["a"][..], false, &[][..]),
        (&["a"], false, &[]),
        // A renewed key, whose old one stays; then an endpoint that has only the old one, and one with neither.
        (&["b", "a"], false, &[]),
        (&["a"], false, &["b"]),
        (&["c"], false, &["a", "b"]),
        (&["c"], true, &["a", "b"]),
        (&["c"], false, &[]),
        (&["b", "a"], false, &["c"]),
    ] {
        let names: Vec<String> = ours.iter().map(|&name| name.to_owned()).collect();
        let told = scene.store.share_signing_keys(&names, replace).await.unwrap();
        assert_eq!(told, lacking, "{ours:?}");
        scene.clock.advance(1);
    }
    let both = ["x", "y"].map(|name| {
        let store = scene.store.clone();
        tokio::spawn(async move { store.share_signing_keys(&[name.to_owned()], false).await })
    });
    for one in both {
        assert_eq!(one.await.unwrap().unwrap(), ["c"]);
    }
}

pub(super) async fn an_existing_action_is_given_back_and_not_changed(scene: &Scene) {
    scene.insert(action("a")).await;
    // The same action, and another one with the same identity, which the caller distinguishes.
    let again = NewAction { receipt: "another receipt".to_owned(), ..action("a") };
    let other = NewAction {
        content: Content::Signed("another text".to_owned()),
        action_digest: "another digest".to_owned(),
        ..again.clone()
    };
    for second in [again, other] {
        let existing = Inserted::Existing { stored: Box::new(stored(&action("a"))), count: 1 };
        let job = NewJob { kind: MAIL, not_before: 0 };
        assert_eq!(scene.store.insert(second, vec![job]).await.unwrap(), existing);
    }
    assert_eq!(scene.store.get(CAMPAIGN, "a").await.unwrap(), Some(stored(&action("a"))));
    assert_eq!((scene.count().await, scene.claim(&[MAIL], 9).await), (1, Vec::new()));
}

pub(super) async fn a_test_is_stored_and_not_counted(scene: &Scene) {
    let test = NewAction { counts: false, ..action("a") };
    assert_eq!(scene.insert(test.clone()).await, Inserted::New { count: 0 });
    scene.insert(action("b")).await;
    let existing = Inserted::Existing { stored: Box::new(stored(&test)), count: 1 };
    assert_eq!(scene.insert(test).await, existing);
    scene.transition("a", Transition::Withdraw).await;
    assert_eq!((scene.count().await, scene.store.total().await.unwrap()), (1, 1));
}

pub(super) async fn insertions_at_once_store_each_identity_once(scene: &Scene) {
    let mut tasks = Vec::new();
    for n in 0..300 {
        let store = scene.store.clone();
        let insert = async move { store.insert(action(&format!("{}", n % 100)), Vec::new()).await };
        tasks.push(tokio::spawn(insert));
    }
    let mut new = 0;
    for task in tasks {
        new += usize::from(matches!(task.await.unwrap().unwrap(), Inserted::New { .. }));
    }
    assert_eq!(new, 100);
    assert_eq!((scene.count().await, scene.store.total().await.unwrap()), (100, 100));
}

// Of several in one batch, PostgreSQL stored any, while the answer had the receipt of the first.
pub(super) async fn one_receipt_is_given_for_each_identity(scene: &Scene) {
    let mut tasks = Vec::new();
    for n in 0..300 {
        let store = scene.store.clone();
        let one = NewAction { receipt: format!("receipt {n}"), ..action(&format!("{}", n % 10)) };
        tasks.push(tokio::spawn(async move {
            let given = match store.insert(one.clone(), Vec::new()).await.unwrap() {
                Inserted::Existing { stored, .. } => stored.receipt,
                _ => one.receipt,
            };
            (one.jti, given)
        }));
    }
    for task in tasks {
        let (jti, given) = task.await.unwrap();
        let stored = scene.store.get(CAMPAIGN, &jti).await.unwrap().unwrap();
        assert_eq!(stored.receipt, given, "{jti}");
    }
}

pub(super) async fn transitions_follow_the_table(scene: &Scene) {
    for (n, from) in State::ALL.into_iter().enumerate() {
        for (m, transition) in Transition::ALL.into_iter().enumerate() {
            let jti = format!("{n}{m}");
            match from {
                State::Unknown => {}
                State::Stored => drop(scene.insert(action(&jti)).await),
                State::Withdrawn => drop(scene.transition(&jti, Transition::Note).await),
            }
            let (before, to) = (scene.count().await, lifecycle::next(from, transition));
            if transition == Transition::Insert {
                let inserted = scene.insert(action(&jti)).await;
                let is_new = matches!(inserted, Inserted::New { .. });
                assert_eq!(is_new, to.is_some(), "{from:?}");
            } else {
                let expected = Transitioned { from, to };
                assert_eq!(scene.transition(&jti, transition).await, expected);
            }
            let after = to.unwrap_or(from);
            let change = scene.count().await - before;
            assert_eq!(change, lifecycle::count_change(from, after), "{from:?} {transition:?}");
            assert_eq!(scene.is_stored(&jti).await, after == State::Stored);
            let again = scene.insert(action(&jti)).await;
            assert_eq!(again == Inserted::Withdrawn, after == State::Withdrawn);
        }
    }
    // Without an action nothing can be inserted.
    let nothing = Transitioned { from: State::Unknown, to: None };
    assert_eq!(scene.transition("new", Transition::Insert).await, nothing);
}

pub(super) async fn a_withdrawal_takes_row_count_and_jobs_at_once(scene: &Scene) {
    scene.insert_with_jobs("a", &[MAIL]).await;
    scene.insert_with_jobs("b", &[MAIL]).await;
    let identities = ["a", "a", "unknown"].map(str::to_owned);
    let done = scene.store.transition(CAMPAIGN, &identities, Transition::Withdraw).await.unwrap();
    let (stored, withdrawn) = (State::Stored, State::Withdrawn);
    assert_eq!(
        done,
        [
            Transitioned { from: stored, to: Some(withdrawn) },
            Transitioned { from: withdrawn, to: None },
            Transitioned { from: State::Unknown, to: None },
        ]
    );
    assert_eq!((scene.count().await, scene.store.total().await.unwrap()), (1, 1));
    assert!(scene.store.erase_deleted().await.unwrap());
    assert_eq!(scene.insert(action("a")).await, Inserted::Withdrawn);
    assert!(matches!(scene.insert(action("unknown")).await, Inserted::New { .. }));
    let jobs = scene.claim(&[MAIL], 9).await;
    assert_eq!(jobs.iter().map(|job| job.jti.as_str()).collect::<Vec<_>>(), ["b"]);
    // An attempt in progress ends without effect.
    scene.transition("b", Transition::Withdraw).await;
    let retry = JobOutcome::Retry { at: 0, error: "later".to_owned() };
    assert!(!scene.finish(&jobs[0], retry).await);
    assert_eq!(scene.claim(&[MAIL], 9).await, []);
}

pub(super) async fn identities_of_other_campaigns_are_other_identities(scene: &Scene) {
    scene.insert(action("a")).await;
    let other = NewAction { campaign: "other".to_owned(), ..action("a") };
    assert_eq!(scene.insert(other).await, Inserted::New { count: 1 });
    scene.transition("a", Transition::Withdraw).await;
    assert_eq!((scene.count().await, scene.store.count("other").await.unwrap()), (0, 1));
    assert!(scene.store.get("other", "a").await.unwrap().is_some());
}

pub(super) async fn an_export_is_of_one_moment(scene: &Scene) {
    for jti in ["a", "b", "c"] {
        scene.insert(action(jti)).await;
    }
    let mut export = scene.store.export(CAMPAIGN).await.unwrap();
    scene.transition("b", Transition::Withdraw).await;
    scene.insert(action("d")).await;
    let signed = |jti: &&str| action(jti).content;
    let before: Vec<Content> = ["a", "b", "c"].iter().map(signed).collect();
    assert_eq!(scene.contents(&mut *export).await, before);
    drop(export);
    let mut export = scene.store.export(CAMPAIGN).await.unwrap();
    let after: Vec<Content> = ["a", "c", "d"].iter().map(signed).collect();
    assert_eq!(scene.contents(&mut *export).await, after);
}

pub(super) async fn an_export_of_many_has_each_once_in_order(scene: &Scene) {
    let at = |n: i64| NewAction { received_at: 1_790_000_000 + n, ..action(&n.to_string()) };
    let all: Vec<NewAction> = (0..1001).map(at).collect();
    for some in all.chunks(100) {
        let inserted = some.iter().map(|action| scene.insert(action.clone()));
        // One after the other: the order of arrival is the order of insertion.
        for one in inserted {
            one.await;
        }
    }
    scene.insert(NewAction { campaign: "other".to_owned(), ..action("x") }).await;
    let mut export = scene.store.export(CAMPAIGN).await.unwrap();
    let expected: Vec<Content> = all.into_iter().map(|action| action.content).collect();
    assert_eq!(scene.contents(&mut *export).await, expected);
}

pub(super) async fn versions_are_stored_once_and_found_by_time(scene: &Scene) {
    let (store, begun) = (&scene.store, scene.clock.now());
    store.put_version(CAMPAIGN, "first", b"1").await.unwrap();
    scene.clock.advance(10);
    store.put_version(CAMPAIGN, "second", b"2").await.unwrap();
    scene.clock.advance(10);
    // It was served before, so it is not new.
    store.put_version(CAMPAIGN, "first", b"1").await.unwrap();
    assert!(store.knows(CAMPAIGN).await.unwrap() && !store.knows("other").await.unwrap());
    let version = async |digest| store.version(CAMPAIGN, digest).await.unwrap();
    assert_eq!(version("first").await, Some(b"1".to_vec()));
    assert_eq!(version("second").await, Some(b"2".to_vec()));
    assert_eq!(version("third").await, None);
    assert_eq!(store.version("other", "first").await.unwrap(), None);
    for (time, bytes) in
        [(-1, None), (0, Some(b"1")), (9, Some(b"1")), (10, Some(b"2")), (99, Some(b"2"))]
    {
        let found = store.version_at(CAMPAIGN, begun + time).await.unwrap();
        assert_eq!(found.as_deref(), bytes.map(|b| &b[..]), "{time}");
    }
}

pub(super) async fn a_store_is_ready_until_it_is_closed(scene: &Scene) {
    let store = &scene.store;
    store.probe();
    assert!(store.is_writing() && store.is_ready().await);
    store.close().await;
    assert!(!store.is_writing() && !store.is_ready().await);
    let error = store.insert(action("a"), Vec::new()).await.unwrap_err();
    assert!(error.is_busy() && !error.is_gone() && !error.is_failing(), "{error}");
    assert!(!error.to_string().is_empty());
}

pub(super) async fn what_is_queued_is_stored_before_the_store_closes(scene: &Scene) {
    let mut tasks = Vec::new();
    for n in 0..200 {
        let store = scene.store.clone();
        let insert = async move { store.insert(action(&n.to_string()), Vec::new()).await };
        tasks.push(tokio::spawn(insert));
    }
    tokio::task::yield_now().await;
    scene.store.close().await;
    for task in tasks {
        // Acknowledged, or refused as busy; nothing in between.
        match task.await.unwrap() {
            Ok(inserted) => assert!(matches!(inserted, Inserted::New { .. })),
            Err(error) => assert!(error.is_busy(), "{error}"),
        }
    }
}

pub(super) async fn jobs_are_claimed_when_due_by_kind(scene: &Scene) {
    let now = scene.clock.now();
    let job = |kind, later| NewJob { kind, not_before: now + later };
    scene.store.insert(action("a"), vec![job(MAIL, 5), job(OTHER, 0)]).await.unwrap();
    scene.store.insert(action("b"), vec![job(MAIL, 0)]).await.unwrap();
    assert_eq!(scene.claim(&[], 9).await, []);
    let first = scene.claim(&[MAIL], 9).await;
    let named = |job: &Job| (job.kind, job.campaign.clone(), job.jti.clone(), job.attempt);
    let expected = |kind, jti: &str| (kind, CAMPAIGN.to_owned(), jti.to_owned(), 1);
    assert_eq!(first.iter().map(named).collect::<Vec<_>>(), [expected(MAIL, "b")]);
    scene.clock.advance(5);
    // The one that has been due longest comes first.
    let rest = scene.claim(&[MAIL, OTHER], 9).await;
    assert_eq!(
        rest.iter().map(named).collect::<Vec<_>>(),
        [expected(OTHER, "a"), expected(MAIL, "a")]
    );
    assert_eq!(scene.claim(&[MAIL, OTHER], 9).await, []);
}

pub(super) async fn no_two_claims_hold_the_same_job(scene: &Scene) {
    for n in 0..20 {
        scene.insert_with_jobs(&n.to_string(), &[MAIL, OTHER]).await;
    }
    let mut workers = Vec::new();
    for _ in 0..8 {
        let store = scene.store.clone();
        workers.push(tokio::spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let jobs = store.claim_jobs(&[MAIL, OTHER], 3, LEASE).await.unwrap();
                assert!(jobs.len() <= 3);
                if jobs.is_empty() {
                    return claimed;
                }
                claimed.extend(jobs.into_iter().map(|job| job.id));
                assert!(claimed.len() <= 40, "claimed more than once");
            }
        }));
    }
    let mut all = Vec::new();
    for worker in workers {
        all.extend(worker.await.unwrap());
    }
    all.sort_unstable();
    let claims = all.len();
    all.dedup();
    assert_eq!((claims, all.len()), (40, 40));
}

pub(super) async fn a_lease_ends_by_the_clock(scene: &Scene) {
    scene.insert_with_jobs("a", &[MAIL]).await;
    let first = scene.claim(&[MAIL], 1).await.remove(0);
    scene.clock.advance(59);
    assert_eq!(scene.claim(&[MAIL], 1).await, []);
    scene.clock.advance(1);
    let second = scene.claim(&[MAIL], 1).await.remove(0);
    assert_eq!((second.id, second.attempt), (first.id, 2));
    // The first worker is too late: the second one has claimed the job.
    for outcome in [
        JobOutcome::Done,
        JobOutcome::Retry { at: 0, error: "late".to_owned() },
        JobOutcome::Dead { error: "late".to_owned() },
    ] {
        assert!(!scene.finish(&first, outcome).await);
    }
    // Late, but no other worker has claimed it.
    scene.clock.advance(600);
    assert!(scene.finish(&second, JobOutcome::Done).await);
    assert_eq!(scene.claim(&[MAIL], 1).await, []);
}

pub(super) async fn an_attempt_ends_once(scene: &Scene) {
    scene.insert_with_jobs("a", &[MAIL]).await;
    let job = scene.claim(&[MAIL], 1).await.remove(0);
    assert!(scene.finish(&job, JobOutcome::Done).await);
    assert!(!scene.finish(&job, JobOutcome::Done).await);
    // Numbers are never used again, so an old claim can't end a new job.
    scene.insert_with_jobs("b", &[MAIL]).await;
    let next = scene.claim(&[MAIL], 1).await.remove(0);
    assert!(next.id != job.id && !scene.finish(&job, JobOutcome::Done).await);
    let retry = || JobOutcome::Retry { at: scene.clock.now(), error: "later".to_owned() };
    assert!(scene.finish(&next, retry()).await);
    assert!(!scene.finish(&next, retry()).await && !scene.finish(&next, JobOutcome::Done).await);
    assert_eq!(scene.claim(&[MAIL], 1).await.remove(0).attempt, 2);
}

pub(super) async fn a_job_is_tried_again_or_dead(scene: &Scene) {
    scene.insert_with_jobs("a", &[MAIL]).await;
    let job = scene.claim(&[MAIL], 1).await.remove(0);
    let at = scene.clock.now() + 30;
    assert!(scene.finish(&job, JobOutcome::Retry { at, error: "later".to_owned() }).await);
    scene.clock.advance(29);
    assert_eq!(scene.claim(&[MAIL], 1).await, []);
    scene.clock.advance(1);
    let job = scene.claim(&[MAIL], 1).await.remove(0);
    assert!(scene.finish(&job, JobOutcome::Dead { error: "never".to_owned() }).await);
    scene.clock.advance(1_000_000);
    assert_eq!(scene.claim(&[MAIL], 1).await, []);
}
