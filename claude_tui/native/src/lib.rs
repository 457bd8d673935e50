//! Reads logs of Claude Code and Codex into settled columns, with threads. What lines mean is decided in
//! `claude_tui.sources`: a line that needs a decision is handed back, and where its place among the others
//! matters all of the file. Must not price, and knows no other clients.

mod blake2b;
mod blob;
mod causes;
mod codex;
mod facts;
mod file;
mod hashing;
mod instant;
mod json;
mod keys;
mod lanes;
mod line;
mod repeated;
mod request;
mod scan;
mod settle;
mod sums;
mod walk;

use std::panic::{catch_unwind, UnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

use blob::Part;
use file::Reader;
use json::{Odd, Read};
use request::{File, Request};
use walk::Walk;

/// What the other side must expect: it moves with the shape of request and answer, and with the rule.
pub const VERSION: u32 = 14;

const DONE: i32 = 0;
const REFUSED: i32 = 1;
const FAILED: i32 = 2;
const ODD: i32 = 3;

/// The numbers of the requests that nobody waits for any more.
static STOPPED: Mutex<Vec<i64>> = Mutex::new(Vec::new());

/// Lets the request of this number end once the files it is at are read, also before it has begun. Of the others nothing
/// is answered.
#[no_mangle]
pub extern "C" fn claude_top_stop(number: i64) {
    if let Ok(mut stopped) = STOPPED.lock() {
        stopped.push(number);
    }
}

/// Returns the version of request and answer.
#[no_mangle]
pub extern "C" fn claude_top_version() -> u32 {
    VERSION
}

/// Reads the files a request names. Returns 0 and an answer that `claude_top_free` must be given, or another number.
///
/// # Safety
/// `request` must point to `size` readable bytes; `answer` and `answer_size` must be writable.
#[no_mangle]
pub unsafe extern "C" fn claude_top_read(
    request: *const u8,
    size: usize,
    answer: *mut *mut u8,
    answer_size: *mut usize,
) -> i32 {
    // SAFETY: the caller promises what `answered` wants.
    unsafe {
        answered(request, size, answer, answer_size, |bytes| {
            Request::parse(bytes).map(|asked| read(&asked)).ok_or(REFUSED)
        })
    }
}

/// Reads the rollouts of Codex that a request names, as `claude_top_read` does transcripts.
///
/// # Safety
/// As that of `claude_top_read`.
#[no_mangle]
pub unsafe extern "C" fn claude_top_rollouts(
    request: *const u8,
    size: usize,
    answer: *mut *mut u8,
    answer_size: *mut usize,
) -> i32 {
    // SAFETY: the caller promises what `answered` wants.
    unsafe {
        answered(request, size, answer, answer_size, |bytes| {
            Request::parse(bytes).map(|asked| read_rollouts(&asked)).ok_or(REFUSED)
        })
    }
}

/// Reads what the transcripts say of causes that a request names, as `claude_top_read` does what they count.
///
/// # Safety
/// As that of `claude_top_read`.
#[no_mangle]
pub unsafe extern "C" fn claude_top_causes(
    request: *const u8,
    size: usize,
    answer: *mut *mut u8,
    answer_size: *mut usize,
) -> i32 {
    // SAFETY: the caller promises what `answered` wants.
    unsafe {
        answered(request, size, answer, answer_size, |bytes| {
            Request::parse(bytes).map(|asked| read_causes(&asked)).ok_or(REFUSED)
        })
    }
}

/// Finds the transcripts below a folder. Returns 0 and an answer as `claude_top_read` does, or another number; 3 where
/// the folder holds what only Python can look at.
///
/// # Safety
/// As that of `claude_top_read`.
#[no_mangle]
pub unsafe extern "C" fn claude_top_walk(
    request: *const u8,
    size: usize,
    answer: *mut *mut u8,
    answer_size: *mut usize,
) -> i32 {
    // SAFETY: the caller promises what `answered` wants.
    unsafe {
        answered(request, size, answer, answer_size, |bytes| {
            let asked = Walk::parse(bytes).ok_or(REFUSED)?;
            walk::walk(&asked).map(|found| blob::encode_found(&found)).map_err(|Odd| ODD)
        })
    }
}

/// Finds the wanted keys that any row has, as `keys::known` does. Returns 0 and an answer as `claude_top_read` does, or
/// another number.
///
/// # Safety
/// `keys` must point to `count` readable numbers and `wanted` to `wanted_count`; `answer` and `answer_size` must be writable.
#[no_mangle]
pub unsafe extern "C" fn claude_top_known(
    keys: *const i64,
    count: usize,
    wanted: *const i64,
    wanted_count: usize,
    answer: *mut *mut u8,
    answer_size: *mut usize,
) -> i32 {
    if keys.is_null() || wanted.is_null() || answer.is_null() || answer_size.is_null() {
        return REFUSED;
    }
    // SAFETY: the caller promises so many readable numbers, which it keeps as they are until this returns.
    let (keys, wanted) =
        unsafe { (std::slice::from_raw_parts(keys, count), std::slice::from_raw_parts(wanted, wanted_count)) };
    let find = || keys::known(keys, wanted).map(|found| blob::encode_known(&found)).ok_or(REFUSED);
    let made = catch_unwind(find).unwrap_or(Err(FAILED));
    // SAFETY: both were checked for null, and the caller promises that they can be written.
    unsafe { give(made, answer, answer_size) }
}

/// Returns the number that each in a column stands for, as `keys::renumbered` does. Returns 0 and an answer, which is those
/// numbers alone, or another number.
///
/// # Safety
/// `numbers` must point to `count` readable numbers and `column` to `column_count`; `answer` and `answer_size` must be
/// writable.
#[no_mangle]
pub unsafe extern "C" fn claude_top_renumbered(
    numbers: *const i32,
    count: usize,
    column: *const i32,
    column_count: usize,
    answer: *mut *mut u8,
    answer_size: *mut usize,
) -> i32 {
    if numbers.is_null() || column.is_null() || answer.is_null() || answer_size.is_null() {
        return REFUSED;
    }
    // SAFETY: the caller promises so many readable numbers, which it keeps as they are until this returns.
    let (numbers, column) =
        unsafe { (std::slice::from_raw_parts(numbers, count), std::slice::from_raw_parts(column, column_count)) };
    let make = || {
        let found = keys::renumbered(numbers, column).ok_or(REFUSED)?;
        Ok(found.into_iter().flat_map(i32::to_ne_bytes).collect())
    };
    let made = catch_unwind(make).unwrap_or(Err(FAILED));
    // SAFETY: both were checked for null, and the caller promises that they can be written.
    unsafe { give(made, answer, answer_size) }
}

/// Makes an answer of the bytes of a request and lets go of it, if there is one. A panic ends here.
///
/// # Safety
/// `request` must point to `size` readable bytes; `answer` and `answer_size` must be writable.
unsafe fn answered(
    request: *const u8,
    size: usize,
    answer: *mut *mut u8,
    answer_size: *mut usize,
    make: impl FnOnce(&[u8]) -> Result<Vec<u8>, i32> + UnwindSafe,
) -> i32 {
    if request.is_null() || answer.is_null() || answer_size.is_null() {
        return REFUSED;
    }
    // SAFETY: the caller promises so many readable bytes, which it keeps until this returns.
    let bytes = unsafe { std::slice::from_raw_parts(request, size) };
    let made = catch_unwind(|| make(bytes)).unwrap_or(Err(FAILED));
    // SAFETY: both were checked for null, and the caller promises that they can be written.
    unsafe { give(made, answer, answer_size) }
}

/// Lets go of an answer, if there is one.
///
/// # Safety
/// Both places must be writable.
unsafe fn give(made: Result<Vec<u8>, i32>, answer: *mut *mut u8, answer_size: *mut usize) -> i32 {
    match made {
        Ok(blob) => {
            let blob = blob.into_boxed_slice();
            // SAFETY: the caller promises that both can be written.
            unsafe {
                *answer_size = blob.len();
                *answer = Box::into_raw(blob).cast::<u8>();
            }
            DONE
        }
        Err(status) => status,
    }
}

/// Gives an answer back.
///
/// # Safety
/// Both must be what one call of `claude_top_read` or `claude_top_walk` gave, and be given back once.
#[no_mangle]
pub unsafe extern "C" fn claude_top_free(answer: *mut u8, size: usize) {
    if !answer.is_null() {
        // SAFETY: the caller promises that this is the box that `give` let go of.
        drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(answer, size)) });
    }
}

/// Reads all files of a request, and returns the answer in the request's order.
pub(crate) fn read(request: &Request<'_>) -> Vec<u8> {
    blob::encode(read_each(request, || Reader::new(request), |reader, file| reader.read(file).map(Part::of)), request)
}

/// Reads all rollouts of a request, and returns the answer in the request's order.
fn read_rollouts(request: &Request<'_>) -> Vec<u8> {
    codex::answer::encode(read_each(request, || codex::Reader::new(request), codex::Reader::read))
}

/// Reads what all files of a request say of causes, and returns the answer in the request's order.
fn read_causes(request: &Request<'_>) -> Vec<u8> {
    causes::encode(read_each(request, || causes::Reader::new(request), causes::Reader::read))
}

/// Reads all files of a request, the largest first, by a reader for each thread. Returns what they say in the request's
/// order, None for those that are odd.
fn read_each<R, T: Send>(
    request: &Request<'_>,
    reader: impl Fn() -> R + Sync,
    read: impl Fn(&mut R, &File<'_>) -> Read<T> + Sync,
) -> Vec<Option<T>> {
    let files = &request.files;
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|&number| std::cmp::Reverse(files[number].size));
    let next = AtomicUsize::new(0);
    let found: Mutex<Vec<Option<T>>> = Mutex::new((0..files.len()).map(|_| None).collect());
    let is_stopped = || request.number != 0 && STOPPED.lock().is_ok_and(|stopped| stopped.contains(&request.number));
    let work = || {
        let mut reader = reader();
        let mut mine = Vec::new();
        while let Some(&number) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
            if is_stopped() {
                break;
            }
            if let Ok(read) = read(&mut reader, &files[number]) {
                mine.push((number, read));
            }
        }
        if let Ok(mut found) = found.lock() {
            for (number, read) in mine {
                found[number] = Some(read);
            }
        }
    };
    let helpers = request.threads.min(files.len()).saturating_sub(1);
    std::thread::scope(|scope| {
        for _ in 0..helpers {
            // Where no thread can be had the others do its part.
            let _ = std::thread::Builder::new().spawn_scoped(scope, work);
        }
        work();
    });
    found.into_inner().unwrap_or_default()
}
