//! The border as Python uses it: requests of every kind, sound ones over the logs of a folder.
//!
//! `CORE_FILES` names the folder, else it is the core's own with its probe. Run under valgrind by
//! `python -m tests.native.memory`.

use std::path::{Path, PathBuf};

use claude_top_core::{
    claude_top_causes, claude_top_free, claude_top_known, claude_top_read, claude_top_renumbered, claude_top_rollouts,
    claude_top_version, claude_top_walk,
};

type Ask = unsafe extern "C" fn(*const u8, usize, *mut *mut u8, *mut usize) -> i32;

fn ask(how: Ask, request: &[u8]) -> Result<Vec<u8>, i32> {
    let (mut answer, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the request is a slice, and both others are places of this function.
    let status = unsafe { how(request.as_ptr(), request.len(), &mut answer, &mut size) };
    if status != 0 {
        return Err(status);
    }
    // SAFETY: so many bytes are there until they are given back.
    let copy = unsafe { std::slice::from_raw_parts(answer, size) }.to_vec();
    // SAFETY: it is given back once.
    unsafe { claude_top_free(answer, size) };
    Ok(copy)
}

fn request(paths: &[PathBuf], threads: i64) -> Vec<u8> {
    let days: Vec<i64> = (0..2000).map(|day| 1_672_531_200_000 + day * 86_400_000).collect();
    let (left, known) = (b"cost-state", b"user\0system");
    let header = [
        i64::from(claude_top_version()),
        paths.len() as i64,
        threads,
        64 << 20,
        1 << 62,
        0,
        days.len() as i64,
        738_521,
        left.len() as i64,
        1,
        known.len() as i64,
    ];
    let sizes = paths.iter().map(|path| path.metadata().map_or(0, |about| about.len() as i64));
    let mut bytes: Vec<u8> =
        header.into_iter().chain(days.iter().copied()).chain(sizes).flat_map(i64::to_le_bytes).collect();
    bytes.resize(bytes.len() + paths.len(), 1); // a note may lie beside any
    bytes.extend_from_slice(left);
    bytes.extend_from_slice(known);
    let names: Vec<&str> = paths.iter().map(|path| path.to_str().unwrap()).collect();
    bytes.extend_from_slice(names.join("\0").as_bytes());
    bytes
}

fn logs(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("target") {
            logs(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "jsonl") {
            found.push(path);
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_answer() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    logs(&std::env::var_os("CORE_FILES").map_or(own, PathBuf::from), &mut paths);
    paths.sort();
    assert!(!paths.is_empty());
    for how in [claude_top_read as Ask, claude_top_rollouts, claude_top_causes] {
        let answer = ask(how, &request(&paths, 1)).unwrap();
        for threads in [2, 8] {
            assert!(ask(how, &request(&paths, threads)).unwrap() == answer);
        }
        let more = [&paths[..], &[PathBuf::from("/nowhere/at/all.jsonl")]].concat();
        assert!(ask(how, &request(&more, 2)).unwrap().len() == answer.len());
    }
}

fn walk(root: &Path, threads: i64) -> Result<Vec<u8>, i32> {
    let mut bytes: Vec<u8> =
        [i64::from(claude_top_version()), threads].into_iter().flat_map(i64::to_le_bytes).collect();
    bytes.extend_from_slice(root.to_str().unwrap().as_bytes());
    bytes.extend_from_slice(b"\0odd\0journal.jsonl");
    ask(claude_top_walk, &bytes)
}

#[test]
fn any_number_of_threads_finds_the_same_files() {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = std::env::var_os("CORE_FILES").map_or(own, PathBuf::from);
    let found = walk(&root, 1).unwrap();
    for threads in [0, 2, 8, i64::MAX] {
        assert!(walk(&root, threads).unwrap() == found);
    }
    assert_eq!(walk(&root, -1), Err(1));
    assert_eq!(walk(Path::new("/nowhere/at/all"), 2).unwrap(), walk(Path::new("/nowhere"), 1).unwrap());
    assert_eq!(walk(Path::new("/odd/folder"), 2), Err(3));
    for size in 0..16 {
        assert_eq!(ask(claude_top_walk, &[0; 16][..size]), Err(1));
    }
}

#[test]
fn a_request_cut_short_anywhere_is_refused_or_asks_for_less() {
    let whole = request(&[PathBuf::from("/nowhere/at/all.jsonl")], 1);
    for end in (0..whole.len()).step_by(whole.len() / 97) {
        let _ = ask(claude_top_read, &whole[..end]);
        let _ = ask(claude_top_rollouts, &whole[..end]);
        let _ = ask(claude_top_causes, &whole[..end]);
    }
    assert_eq!(ask(claude_top_read, &whole[..88]), Err(1));
    assert_eq!(ask(claude_top_rollouts, b""), Err(1));
    assert_eq!(ask(claude_top_causes, b""), Err(1));
    for at in 0..11 {
        for number in [-1i64, i64::MAX, i64::MIN, 1 << 40] {
            let mut other = whole.clone();
            other[8 * at..8 * at + 8].copy_from_slice(&number.to_le_bytes());
            let _ = ask(claude_top_read, &other);
            let _ = ask(claude_top_rollouts, &other);
            let _ = ask(claude_top_causes, &other);
        }
    }
}

#[test]
fn keys_are_found_where_they_are() {
    let (keys, wanted) = ([5i64, -1, i64::MAX, 8], [8i64, 3, 5, 8]);
    let (mut answer, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: both are arrays of so many numbers, and both others are places of this function.
    let status = unsafe { claude_top_known(keys.as_ptr(), 4, wanted.as_ptr(), 4, &mut answer, &mut size) };
    assert_eq!(status, 0);
    // SAFETY: so many bytes are there until they are given back.
    let bytes = unsafe { std::slice::from_raw_parts(answer, size) }.to_vec();
    // SAFETY: it is given back once.
    unsafe { claude_top_free(answer, size) };
    let numbers: Vec<i64> = bytes.chunks_exact(8).map(|one| i64::from_le_bytes(one.try_into().unwrap())).collect();
    assert_eq!(numbers, [2, 48, 72, 0, 2, 3, 3, 0, 3]);
    let (of, column) = ([7i32, -2], [1i32, 0, 1]);
    // SAFETY: both are arrays of so many numbers, and both others are places of this function.
    let status = unsafe { claude_top_renumbered(of.as_ptr(), 2, column.as_ptr(), 3, &mut answer, &mut size) };
    assert_eq!((status, size), (0, 12));
    // SAFETY: it is given back once.
    unsafe { claude_top_free(answer, size) };
    // SAFETY: null is refused before anything is read or written.
    unsafe {
        assert_eq!(claude_top_known(std::ptr::null(), 0, wanted.as_ptr(), 4, &mut answer, &mut size), 1);
        assert_eq!(claude_top_known(keys.as_ptr(), 4, std::ptr::null(), 0, &mut answer, &mut size), 1);
        assert_eq!(claude_top_known(keys.as_ptr(), 4, wanted.as_ptr(), 4, std::ptr::null_mut(), &mut size), 1);
        assert_eq!(claude_top_renumbered(std::ptr::null(), 0, column.as_ptr(), 3, &mut answer, &mut size), 1);
        assert_eq!(claude_top_renumbered(of.as_ptr(), 1, column.as_ptr(), 3, &mut answer, &mut size), 1);
    }
}

#[test]
fn nothing_is_done_without_places_for_the_answer() {
    let (mut answer, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: null is refused before anything is read or written.
    unsafe {
        assert_eq!(claude_top_read(std::ptr::null(), 0, &mut answer, &mut size), 1);
        assert_eq!(claude_top_read([0].as_ptr(), 1, std::ptr::null_mut(), &mut size), 1);
        assert_eq!(claude_top_read([0].as_ptr(), 1, &mut answer, std::ptr::null_mut()), 1);
        assert_eq!(claude_top_rollouts(std::ptr::null(), 0, &mut answer, &mut size), 1);
        assert_eq!(claude_top_rollouts([0].as_ptr(), 1, std::ptr::null_mut(), &mut size), 1);
        assert_eq!(claude_top_causes(std::ptr::null(), 0, &mut answer, &mut size), 1);
        assert_eq!(claude_top_causes([0].as_ptr(), 1, std::ptr::null_mut(), &mut size), 1);
        assert_eq!(claude_top_walk(std::ptr::null(), 0, &mut answer, &mut size), 1);
        assert_eq!(claude_top_walk([0].as_ptr(), 1, std::ptr::null_mut(), &mut size), 1);
        claude_top_free(std::ptr::null_mut(), 0);
    }
}
