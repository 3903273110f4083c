//! A snapshot of the folder of campaign files: the content of each file, and which one is served under each id.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use standwith::campaign::Strictness;
use standwith::lint::LONGEST_FILE;
use standwith::shape::{ConfigFault, FaultKind};

use super::CampaignsError;
use super::faults::{fault_of_id, faults, located};
use super::version::Version;

/// The content of each file of the folder.
#[derive(Clone, Debug, Default)]
pub(super) struct Snapshot {
    files: BTreeMap<PathBuf, File>,
    /// The file that is served under each id.
    owners: BTreeMap<String, PathBuf>,
    /// A line for each file whose id another file already has.
    namesakes: BTreeMap<PathBuf, String>,
}

/// A campaign file as it was last read.
#[derive(Clone, Debug, Default)]
struct File {
    /// `None` if the file could not be read: it is tried again.
    stamp: Option<Stamp>,
    /// The last version without a fault, if there ever was one.
    version: Option<Arc<Version>>,
    /// A line for each fault of the file as it is.
    faults: Vec<String>,
}

/// The data by which a change of a file is noticed: its place, its size, seconds and nanoseconds.
type Stamp = (u64, u64, i64, i64);

/// Returns the current content of the folder; `None` if nothing has changed.
pub(super) fn look(
    folder: &Path,
    reserved: &[&str],
    before: Snapshot,
) -> Result<Option<Snapshot>, CampaignsError> {
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

/// The bytes of a file, up to the length that shows whether it is too long.
fn start(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("no regular file"));
    }
    fs::File::open(path)?.take(LONGEST_FILE as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A file as it was read; if it has faults, the version `before` stays.
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
    let is_reserved = |read: &Version| reserved.contains(&read.id());
    if let Some(read) = fresh.take_if(|read| is_reserved(read)) {
        let id = read.id();
        let problem = format!("/campaigns/{id} is an address of the endpoint itself here");
        let hint = "give the campaign another id, or --public-url another path than /campaigns";
        faults.push(fault_of_id(&read.bytes, problem, hint));
    }
    let faults: Vec<String> = faults.iter().map(|fault| located(path, fault)).collect();
    let fresh = fresh.map(|read| Arc::new(read.prepared()));
    File { stamp: Some(stamp), version: fresh.or(before), faults }
}

impl Snapshot {
    /// The version that is served under an id.
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Version>> {
        self.files.get(self.owners.get(id)?)?.version.as_ref()
    }

    /// All versions that are served, in the order of their ids.
    pub(super) fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.owners.keys().filter_map(|id| self.get(id))
    }

    /// The file that is served under an id.
    pub(super) fn owner(&self, id: &str) -> Option<&Path> {
        self.owners.get(id).map(PathBuf::as_path)
    }

    /// The ids that are served.
    pub(super) fn ids(&self) -> impl Iterator<Item = &String> {
        self.owners.keys()
    }

    /// How many campaigns are served, and how many files have faults.
    pub(super) fn tally(&self) -> (usize, usize) {
        let is_faulty = |(path, file): &(&PathBuf, &File)| {
            !file.faults.is_empty() || self.namesakes.contains_key(*path)
        };
        (self.owners.len(), self.files.iter().filter(is_faulty).count())
    }

    /// A line for each fault of a file.
    pub(super) fn faults(&self) -> impl Iterator<Item = &String> {
        self.files.values().flat_map(|file| &file.faults).chain(self.namesakes.values())
    }

    /// Finds which file is served under each id: the one that was served before, else the one that is named after it,
    /// else the first. The others have a fault.
    fn find_owners(&mut self, before: &Snapshot) {
        let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
        for (path, file) in &self.files {
            if let Some(version) = &file.version {
                files.entry(version.id().to_owned()).or_default().push(path.clone());
            }
        }
        for (id, paths) in files {
            let named = |path: &&PathBuf| path.file_stem().is_some_and(|stem| *stem == *id);
            let was = before.owners.get(&id).filter(|owner| paths.contains(owner));
            // A rejected copy does not replace an original that is missing for a moment; it must be written again
            // first.
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

/// The campaign files of a folder, in the order of their names, without hidden files.
fn campaign_files(folder: &Path) -> Result<Vec<PathBuf>, CampaignsError> {
    let io = |source| CampaignsError::Io { path: folder.to_owned(), source };
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
