//! The campaign files that are served: every `*.json` in one folder, each known by the `id` inside.
//!
//! Files are read anew when they change. A version with a fault is never served: the last good
//! one stays, and the log says what is wrong. Each version is in the database before the first
//! browser can see it, so that any action can be validated by the version that its supporter saw.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use axum::body::Bytes;
use standwith::campaign::{Campaign, CampaignFile, Strictness};
use standwith::json;
use standwith::lint::{LONGEST_FILE, lint};
use standwith::shape::{ConfigFault, FaultKind};

use crate::characters::escaped;
use crate::compression::Packed;
use crate::first_paint::Planned;
use crate::sealing::is_on_curve;
use crate::signature::digest;
use crate::store::{Store, StoreError};
use crate::workers::Workers;

/// A version of a campaign, in all of its languages.
#[derive(Debug)]
pub struct Version {
    /// SHA-256 of the file's bytes, in base64url: what `campaign_digest` names.
    pub digest: String,
    /// The file.
    pub bytes: Bytes,
    /// The file in smaller forms.
    pub packed: Packed,
    /// The file with what its form paints first, in each of its languages; of a campaign with variants
    /// there is none.
    pub planned: Vec<Planned>,
    first: Campaign,
    others: Vec<Campaign>,
}

impl Version {
    /// Reads a file's bytes. They are neither packed nor planned.
    ///
    /// # Errors
    /// What is wrong with them; unknown keys only when `Strict`.
    pub fn read(bytes: Vec<u8>, how: Strictness) -> Result<Self, Vec<ConfigFault>> {
        let (first, others) = languages(&bytes, how)?;
        Ok(Version {
            digest: digest(&bytes),
            bytes: bytes.into(),
            packed: Packed::default(),
            planned: Vec::new(),
            first,
            others,
        })
    }

    /// The campaign in its first language.
    pub fn campaign(&self) -> &Campaign {
        &self.first
    }

    /// The campaign in every language, the first one first.
    pub fn campaigns(&self) -> impl Iterator<Item = &Campaign> {
        std::iter::once(&self.first).chain(&self.others)
    }

    /// The campaign in this language, if it has it.
    pub fn in_language(&self, lang: &str) -> Option<&Campaign> {
        self.campaigns().find(|campaign| campaign.lang == lang)
    }

    /// Whether this is the version of this campaign with this digest.
    fn is(&self, campaign: &str, digest: &str) -> bool {
        self.digest == digest && self.first.id.as_str() == campaign
    }

    /// Bytes of text that are parsed into it: each language is parsed from the whole file.
    fn weight(&self) -> usize {
        self.bytes.len() * (1 + self.others.len())
    }

    /// Fails unless the campaign takes actions at this time (seconds since 1970).
    ///
    /// # Errors
    /// Why it takes none.
    pub fn is_open(&self, now: i64) -> Result<(), String> {
        let Campaign { opens, closes, .. } = &self.first;
        match (opens, closes) {
            (Some(opens), _) if now < opens.seconds() => {
                Err(format!("the campaign takes messages from {} on", opens.as_str()))
            }
            (_, Some(closes)) if now >= closes.seconds() => {
                Err(format!("the campaign took messages until {}", closes.as_str()))
            }
            _ => Ok(()),
        }
    }
}

fn languages(bytes: &[u8], how: Strictness) -> Result<(Campaign, Vec<Campaign>), Vec<ConfigFault>> {
    let file = CampaignFile::parse(bytes).map_err(|fault| vec![fault])?;
    let languages = file.languages();
    let read: Result<Vec<_>, _> = languages.iter().map(|lang| file.campaign(lang, how)).collect();
    let mut campaigns = read?.into_iter();
    let first = campaigns.next().ok_or_else(Vec::new)?;
    Ok((first, campaigns.collect()))
}

/// All that is wrong with a campaign file, in the order of its lines.
pub fn faults(bytes: &[u8]) -> Vec<ConfigFault> {
    let faults = lint(bytes);
    if !faults.is_empty() {
        return faults;
    }
    match languages(bytes, Strictness::Strict) {
        Err(unreadable) => unreadable,
        Ok((campaign, _)) => off_the_curve(&campaign, bytes).into_iter().collect(),
    }
}

/// A sealing key of the right form that is none: no private key belongs to it, and nobody could open what is
/// sealed to it.
fn off_the_curve(campaign: &Campaign, bytes: &[u8]) -> Option<ConfigFault> {
    let point = campaign.sealing.as_ref()?.jwk.point()?;
    if is_on_curve(&point) {
        return None;
    }
    let file = std::str::from_utf8(bytes).ok().and_then(|text| json::parse(text).ok());
    let jwk = file.as_ref().and_then(|file| file.get("sealing")?.get("jwk"));
    let kind = FaultKind::Rule {
        problem: "x and y are no point of the curve P-256".to_owned(),
        hint: "put here what `standwith keys seal` prints".to_owned(),
    };
    Some(ConfigFault {
        pointer: "/sealing/jwk".to_owned(),
        line: jwk.map_or(1, |jwk| jwk.line),
        kind,
    })
}

/// A fault of a campaign file's id.
pub(crate) fn fault_of_id(bytes: &[u8], problem: String, hint: &str) -> ConfigFault {
    let file = std::str::from_utf8(bytes).ok().and_then(|text| json::parse(text).ok());
    let line = file.as_ref().and_then(|file| file.get("id")).map_or(1, |id| id.line);
    let kind = FaultKind::Rule { problem, hint: hint.to_owned() };
    ConfigFault { pointer: "/id".to_owned(), line, kind }
}

/// A fault as `standwith check` prints it: `FILE:LINE: /pointer: what; how to mend`. Names in a file don't act on a
/// terminal or a log.
pub fn located(path: &Path, fault: &ConfigFault) -> String {
    escaped(&format!("{}:{}: {}", path.display(), fault.line, in_words(fault)))
}

/// A fault without its line: `/pointer: what; how to mend`.
pub fn in_words(fault: &ConfigFault) -> String {
    let words = fault.to_string();
    match words.split_once(": ") {
        Some((line, words)) if line == format!("line {}", fault.line) => words.to_owned(),
        _ => words,
    }
}

/// Why no campaigns can be opened.
#[derive(Debug, thiserror::Error)]
pub enum LibraryFault {
    /// The folder or a file in it can't be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The versions can't be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The campaigns that are served now.
#[derive(Debug)]
pub struct Campaigns {
    folder: PathBuf,
    /// Ids that no campaign can have.
    reserved: &'static [&'static str],
    store: Arc<dyn Store>,
    workers: Workers,
    snapshot: RwLock<Snapshot>,
    /// Versions that are served no longer and were asked for, the last one last.
    past: Mutex<VecDeque<Arc<Version>>>,
    /// Held while a past version is loaded, one lock for the digests that share a hash: a version is parsed once,
    /// however many ask for it at once, and only a few versions are loaded at a time.
    loading: [tokio::sync::Mutex<()>; 4],
}

/// How many versions that are served no longer stay in memory.
const PAST: usize = 32;
/// How many bytes of file text these versions have at most, each language of a file counted as the whole text. A
/// parsed campaign is several times larger than its text. One version always stays, whatever its size.
const PAST_BYTES: usize = 16 * 1024 * 1024;

/// What each file of the folder holds.
#[derive(Clone, Debug, Default)]
struct Snapshot {
    files: BTreeMap<PathBuf, File>,
    /// The file that is served under each id.
    owners: BTreeMap<String, PathBuf>,
    /// A line for each file whose id is that of another one.
    namesakes: BTreeMap<PathBuf, String>,
}

#[derive(Clone, Debug, Default)]
struct File {
    /// None where the file could not be read: it is tried again.
    stamp: Option<Stamp>,
    /// The last version without fault, if ever there was one.
    version: Option<Arc<Version>>,
    /// What is wrong with the file as it is, a line each.
    faults: Vec<String>,
}

/// By what a file is seen to have changed: its place, its size, seconds and nanoseconds.
type Stamp = (u64, u64, i64, i64);

impl Campaigns {
    /// Reads all campaign files of a folder and stores their versions. Those with faults are left out:
    /// [`faults`](Self::faults) names them. No campaign may have an id in `reserved`.
    ///
    /// # Errors
    /// The folder can't be read, or the versions can't be stored.
    pub async fn open(
        folder: &Path,
        reserved: &'static [&'static str],
        store: Arc<dyn Store>,
        workers: Workers,
    ) -> Result<Self, LibraryFault> {
        let (folder, snapshot, past) = (folder.to_owned(), RwLock::default(), Mutex::default());
        let loading = Default::default();
        let campaigns = Campaigns { folder, reserved, store, workers, snapshot, past, loading };
        campaigns.refresh().await?;
        Ok(campaigns)
    }

    /// Reads what has changed since the last time. Returns a line for each new fault; the last good versions of
    /// files with faults stay.
    ///
    /// # Errors
    /// The folder can't be read, or a version can't be kept. All stays as it was then.
    pub async fn refresh(&self) -> Result<Vec<String>, LibraryFault> {
        let before = self.snapshot().clone();
        let folder = self.folder.clone();
        let (known, reserved) = (before.clone(), self.reserved);
        // Reading and compressing files is no work for a thread that has other tasks.
        let looked = tokio::task::spawn_blocking(move || look(&folder, reserved, known)).await;
        let Some(snapshot) = looked.unwrap_or(Ok(None))? else { return Ok(Vec::new()) };
        for version in snapshot.versions() {
            let id = version.first.id.as_str();
            if before.get(id).is_none_or(|known| !Arc::ptr_eq(known, version)) {
                let Version { digest, bytes, .. } = &**version;
                self.store.put_version(id, digest, bytes).await?;
                let file = snapshot.owners.get(id).map(|file| escaped(&file.display().to_string()));
                tracing::info!(campaign = id, file, "campaign loaded: new version");
            }
        }
        for id in before.owners.keys().filter(|id| !snapshot.owners.contains_key(*id)) {
            tracing::warn!(campaign = id, "campaign removed: its file is gone");
        }
        let old: Vec<&String> = before.faults().collect();
        let fresh = snapshot.faults().filter(|fault| !old.contains(fault)).cloned().collect();
        *self.snapshot.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(fresh)
    }

    /// What is wrong with the campaign files as they are, a line each.
    pub fn faults(&self) -> Vec<String> {
        self.snapshot().faults().cloned().collect()
    }

    /// How many campaigns are served, and how many files are not as they are.
    pub fn tally(&self) -> (usize, usize) {
        let snapshot = self.snapshot();
        let is_faulty = |(path, file): &(&PathBuf, &File)| {
            !file.faults.is_empty() || snapshot.namesakes.contains_key(*path)
        };
        (snapshot.owners.len(), snapshot.files.iter().filter(is_faulty).count())
    }

    fn snapshot(&self) -> std::sync::RwLockReadGuard<'_, Snapshot> {
        self.snapshot.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The campaign of this id as it is now.
    pub fn get(&self, id: &str) -> Option<Arc<Version>> {
        self.snapshot().get(id).cloned()
    }

    /// Returns the version of a campaign with this digest, if it was ever served and can still be read. A version that
    /// is served no longer is read from the database and parsed by the workers.
    ///
    /// Parsing a file takes time and memory: call this only for what is known to come from a form of this endpoint, or
    /// is signed.
    ///
    /// # Errors
    /// The database or the workers fail.
    pub async fn version(
        &self,
        campaign: &str,
        digest: &str,
    ) -> Result<Option<Arc<Version>>, StoreError> {
        let known = || {
            let served = self.get(campaign).filter(|version| version.is(campaign, digest));
            served.or_else(|| self.past_version(campaign, digest))
        };
        if let Some(version) = known() {
            return Ok(Some(version));
        }
        let hash = digest.bytes().fold(0, |sum: usize, byte| sum.wrapping_add(usize::from(byte)));
        let _loading = self.loading[hash % self.loading.len()].lock().await;
        // Another request may have loaded it meanwhile.
        if let Some(version) = known() {
            return Ok(Some(version));
        }
        let Some(bytes) = self.store.version(campaign, digest).await? else { return Ok(None) };
        // It passed the strict check of its own day.
        let parsed = self.workers.run(move || Version::read(bytes, Strictness::Lenient)).await;
        let Ok(version) = parsed.map_err(|_| StoreError::busy())? else { return Ok(None) };
        let version = Arc::new(version);
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.push_back(version.clone());
        shorten(&mut past, PAST_BYTES);
        Ok(Some(version))
    }

    /// The version in the cache of past ones, which is the last one to be dropped from now on.
    fn past_version(&self, campaign: &str, digest: &str) -> Option<Arc<Version>> {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        let at = past.iter().position(|version| version.is(campaign, digest))?;
        let version = past.remove(at)?;
        past.push_back(version.clone());
        Some(version)
    }

    /// All campaigns, in the order of their ids.
    pub fn all(&self) -> Vec<Arc<Version>> {
        self.snapshot().versions().cloned().collect()
    }
}

/// Drops the versions that were asked for longest ago, until the others are few and small enough.
fn shorten(past: &mut VecDeque<Arc<Version>>, most_bytes: usize) {
    let mut bytes: usize = past.iter().map(|version| version.weight()).sum();
    while past.len() > PAST || (bytes > most_bytes && past.len() > 1) {
        bytes -= past.pop_front().map_or(0, |version| version.weight());
    }
}

/// What the folder holds now; none where nothing has changed.
fn look(
    folder: &Path,
    reserved: &[&str],
    before: Snapshot,
) -> Result<Option<Snapshot>, LibraryFault> {
    let mut snapshot = Snapshot::default();
    let mut changed = false;
    for path in campaign_files(folder)? {
        let known = before.files.get(&path);
        let stamp = fs::metadata(&path)
            .map(|about| (about.ino(), about.len(), about.mtime(), about.mtime_nsec()));
        let same =
            |known: &&File| known.stamp.is_some() && known.stamp == stamp.as_ref().ok().copied();
        let file = match known.filter(same) {
            Some(known) => known.clone(),
            None => {
                changed = true;
                let version = known.and_then(|known| known.version.clone());
                let bytes = stamp.and_then(|stamp| Ok((stamp, start(&path)?)));
                read(&path, bytes, reserved, version)
            }
        };
        snapshot.files.insert(path, file);
    }
    changed |= before.files.keys().any(|path| !snapshot.files.contains_key(path));
    snapshot.find_owners(&before);
    Ok(changed.then_some(snapshot))
}

/// The bytes of a file, as far as they tell whether it is too long.
fn start(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    fs::File::open(path)?.take(LONGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file as it was read; `before` is the version that stays where it has faults.
fn read(
    path: &Path,
    read: io::Result<(Stamp, Vec<u8>)>,
    reserved: &[&str],
    before: Option<Arc<Version>>,
) -> File {
    let (stamp, bytes) = match read {
        Ok(read) => read,
        Err(error) => {
            let faults = vec![format!("{}: can't be read: {error}", path.display())];
            return File { stamp: None, version: before, faults };
        }
    };
    let mut faults = faults(&bytes);
    let mut fresh = match faults.is_empty() {
        true => Version::read(bytes, Strictness::Strict).ok(),
        false => None,
    };
    let is_reserved = |read: &Version| reserved.contains(&read.first.id.as_str());
    if let Some(read) = fresh.take_if(|read| is_reserved(read)) {
        let id = read.first.id.as_str();
        let problem = format!("/campaigns/{id} is an address of the endpoint itself here");
        let hint = "give the campaign another id, or --public-url another path than /campaigns";
        faults.push(fault_of_id(&read.bytes, problem, hint));
    }
    let faults: Vec<String> = faults.iter().map(|fault| located(path, fault)).collect();
    let fresh = fresh.map(|read| {
        let packed = Packed::of(&read.bytes);
        // Which variant a form shows, only the form knows: there is no first plan of one.
        let planned = read.campaigns().filter(|campaign| campaign.variants.is_empty());
        let planned = planned.map(|c| Planned::new(c, &read.bytes)).collect();
        Arc::new(Version { packed, planned, ..read })
    });
    File { stamp: Some(stamp), version: fresh.or(before), faults }
}

impl Snapshot {
    /// The version that is served under an id.
    fn get(&self, id: &str) -> Option<&Arc<Version>> {
        self.files.get(self.owners.get(id)?)?.version.as_ref()
    }

    /// All versions that are served, in the order of their ids.
    fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.owners.keys().filter_map(|id| self.get(id))
    }

    fn faults(&self) -> impl Iterator<Item = &String> {
        self.files.values().flat_map(|file| &file.faults).chain(self.namesakes.values())
    }

    /// Finds which file is served under each id: the one that was before, else the one that is named after it, else
    /// the first. The others have a fault.
    fn find_owners(&mut self, before: &Snapshot) {
        let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (path, file) in &self.files {
            if let Some(version) = &file.version {
                files.entry(version.first.id.0.clone()).or_default().push(path.clone());
            }
        }
        for (id, paths) in files {
            let named = |path: &&PathBuf| path.file_stem().is_some_and(|stem| *stem == *id);
            let was = before.owners.get(&id).filter(|owner| paths.contains(owner));
            // A copy that was refused does not step in while the original is away for a moment, only once it is
            // written anew.
            let stamp = |snapshot: &Snapshot, path| {
                snapshot.files.get(path).and_then(|file: &File| file.stamp)
            };
            let eligible: Vec<&PathBuf> = paths
                .iter()
                .filter(|path| {
                    !before.namesakes.contains_key(*path)
                        || stamp(before, *path) != stamp(self, *path)
                })
                .collect();
            let named = eligible.iter().copied().find(named);
            let Some(owner) = was.or(named).or(eligible.first().copied()).cloned() else {
                for path in &paths {
                    let known = before.namesakes.get(path).cloned();
                    self.namesakes.extend(known.map(|line| (path.clone(), line)));
                }
                continue;
            };
            for path in paths.iter().filter(|path| **path != owner) {
                let problem = format!("the id \"{id}\" is that of {}", owner.display());
                let hint = "give each campaign its own, or move the file away".to_owned();
                let kind = FaultKind::Rule { problem, hint };
                let fault = ConfigFault { pointer: "/id".to_owned(), line: 1, kind };
                self.namesakes.insert(path.clone(), located(path, &fault));
            }
            self.owners.insert(id, owner);
        }
    }
}

/// The campaign files of a folder, in the order of their names. Hidden files are none.
fn campaign_files(folder: &Path) -> Result<Vec<PathBuf>, LibraryFault> {
    let io = |source| LibraryFault::Io { path: folder.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if !hidden && path.extension().is_some_and(|ending| ending == "json") && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Settings, SqliteStore};

    fn file(title: &str) -> Vec<u8> {
        format!(
            r#"{{"id": "a", "title": "{title}", "message": {{"subjects": ["S"], "body": "B"}},
                "targets": [{{"id": "t", "name": "T", "email": "t@government.invalid"}}]}}"#
        )
        .into_bytes()
    }

    // Each of many posts that named an old version parsed it anew, on an async thread.
    #[tokio::test]
    async fn requests_at_once_parse_a_past_version_once_on_the_workers() {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", dir.path().join("test.sqlite").display());
        let store = Arc::new(SqliteStore::open(&url, Settings::default()).await.unwrap());
        let campaigns = Campaigns::open(dir.path(), &[], store.clone(), Workers::default());
        let campaigns = campaigns.await.unwrap();
        let old = file("Old");
        let digest = digest(&old);
        store.put_version("a", &digest, &old).await.unwrap();
        let ask = || campaigns.version("a", &digest);
        let (first, second, third) = tokio::join!(ask(), ask(), ask());
        let [first, second, third] = [first, second, third].map(|found| found.unwrap().unwrap());
        assert!(Arc::ptr_eq(&first, &second) && Arc::ptr_eq(&first, &third));
        assert!(campaigns.version("a", "unknown").await.unwrap().is_none());
        store.close().await;
    }

    #[test]
    fn past_versions_are_bounded_in_number_and_bytes() {
        let version = |title: &str| {
            Arc::new(Version::read(file(title), Strictness::Lenient).expect("a campaign"))
        };
        let mut past: VecDeque<_> = (10..50).map(|n| version(&n.to_string())).collect();
        shorten(&mut past, usize::MAX);
        assert_eq!((past.len(), past[PAST - 1].first.title.as_str()), (PAST, "49"));
        let size = past[0].weight();
        shorten(&mut past, size * 3);
        assert_eq!((past.len(), past[2].first.title.as_str()), (3, "49"));
        shorten(&mut past, size - 1);
        assert_eq!(past.len(), 1);
    }
}
