//! Finds the transcripts below a folder with threads: `claude_tui.sources.claude.discovery` for trees without links.
//!
//! Anything but plain folders and files with Unicode names, each found once, is odd: Python must look.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::{read_dir, Metadata};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::facts::NOTE;
use crate::hashing::Seed;
use crate::json::{Odd, Read};
use crate::VERSION;

const SUFFIX: &[u8] = b".jsonl";
const MOST_THREADS: usize = 64;

/// What is looked for.
pub struct Walk<'a> {
    pub root: &'a Path,
    pub threads: usize,
    /// A folder of which only Python knows what is in it.
    pub odd_folder: &'a [u8],
    /// Files that are named like transcripts and are none.
    pub not_transcripts: Vec<&'a [u8]>,
}

impl<'a> Walk<'a> {
    /// Returns the walk some bytes ask for: version and threads, then texts. None where they are none of this version.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let number = |at: usize| Some(i64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        if number(0)? != i64::from(VERSION) {
            return None;
        }
        let mut texts = bytes.get(16..)?.split(|&byte| byte == 0);
        Some(Self {
            threads: usize::try_from(number(8)?).ok()?.min(MOST_THREADS),
            root: Path::new(OsStr::from_bytes(texts.next()?)),
            odd_folder: texts.next()?,
            not_transcripts: texts.collect(),
        })
    }
}

/// A transcript and its stat.
pub struct Found {
    pub path: PathBuf,
    pub size: i64,
    pub mtime_ns: i64,
    pub dev: u64,
    pub ino: u64,
    /// Whether a note lies beside it (see `facts::agent_type`).
    pub has_note: bool,
}

/// Folders that nobody has looked into yet, and how many are being looked into.
#[derive(Default)]
struct Pending {
    folders: Vec<PathBuf>,
    busy: usize,
    is_odd: bool,
}

/// Returns every transcript, the newest first.
pub fn walk(asked: &Walk<'_>) -> Read<Vec<Found>> {
    if asked.root.to_str().is_none() || asked.root.iter().any(|part| part.as_bytes() == asked.odd_folder) {
        return Err(Odd);
    }
    let pending = Mutex::new(Pending { folders: vec![asked.root.to_owned()], ..Pending::default() });
    let is_more = Condvar::new();
    let found = Mutex::new(Vec::new());
    let work = || {
        let mut mine = Vec::new();
        let mut state = locked(&pending);
        loop {
            if state.is_odd || (state.folders.is_empty() && state.busy == 0) {
                break;
            }
            let Some(folder) = state.folders.pop() else {
                state = is_more.wait(state).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            state.busy += 1;
            drop(state);
            let below = asked.look_into(&folder, &mut mine);
            state = locked(&pending);
            state.busy -= 1;
            match below {
                Ok(below) => state.folders.extend(below),
                Err(Odd) => state.is_odd = true,
            }
            is_more.notify_all();
        }
        drop(state);
        locked(&found).append(&mut mine);
    };
    std::thread::scope(|scope| {
        for _ in 1..asked.threads {
            // Where no thread can be had the others do its part.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    if locked(&pending).is_odd {
        return Err(Odd);
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut seen = HashSet::with_capacity_and_hasher(found.len(), Seed::default());
    if !found.iter().all(|one: &Found| seen.insert((one.dev, one.ino))) {
        return Err(Odd); // one file by two names
    }
    found.sort_unstable_by(|one, other| {
        let newest = other.mtime_ns.cmp(&one.mtime_ns);
        newest.then_with(|| one.path.as_os_str().as_bytes().cmp(other.path.as_os_str().as_bytes()))
    });
    Ok(found)
}

impl Walk<'_> {
    /// Adds the transcripts of a folder to `found`. Returns the folders in it.
    fn look_into(&self, folder: &Path, found: &mut Vec<Found>) -> Read<Vec<PathBuf>> {
        let entries = match read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound) => return Ok(Vec::new()), // it is gone
            Err(_) => return Err(Odd),
        };
        let mut below = Vec::new();
        let mut notes: Vec<Vec<u8>> = Vec::new();
        let first = found.len();
        for entry in entries {
            let entry = entry.map_err(|_| Odd)?;
            let (name, kind) = (entry.file_name(), entry.file_type().map_err(|_| Odd)?);
            let name = name.to_str().ok_or(Odd)?.as_bytes();
            if kind.is_symlink() || name == self.odd_folder {
                return Err(Odd);
            }
            if kind.is_dir() {
                below.push(entry.path());
            } else if name.ends_with(SUFFIX) && !self.not_transcripts.contains(&name) {
                match entry.metadata() {
                    Ok(about) => found.push(Found::new(entry.path(), &about)),
                    Err(error) if matches!(error.kind(), ErrorKind::NotFound) => (), // it is gone
                    Err(_) => return Err(Odd),
                }
            } else if let Some(stem) = name.strip_suffix(NOTE.as_bytes()) {
                notes.push(stem.to_owned());
            }
        }
        if !notes.is_empty() {
            notes.sort_unstable();
            for one in &mut found[first..] {
                let stem = one.path.file_stem().map(OsStr::as_bytes).unwrap_or_default();
                one.has_note = notes.binary_search_by(|note| note.as_slice().cmp(stem)).is_ok();
            }
        }
        Ok(below)
    }
}

impl Found {
    fn new(path: PathBuf, about: &Metadata) -> Self {
        Self {
            path,
            size: about.len() as i64,
            mtime_ns: about.mtime().wrapping_mul(1_000_000_000).wrapping_add(about.mtime_nsec()),
            dev: about.dev(),
            ino: about.ino(),
            has_note: false,
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
