//! What is asked for: files, and what of the rule may differ between two calls.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::VERSION;

/// A file to read, with the size it was found with.
pub struct File<'a> {
    pub path: &'a Path,
    pub size: i64,
    /// Whether there may be a note beside it: false where it was found without one.
    pub may_have_note: bool,
}

/// One call.
pub struct Request<'a> {
    pub threads: usize,
    /// By what it can be stopped; 0 where nobody is going to.
    pub number: i64,
    /// A longer file is handed back.
    pub max_file: i64,
    /// A file with a response after this instant is handed back.
    pub latest_ms: i64,
    /// How to open files; the numbers differ between systems.
    pub open_flags: i32,
    /// The proleptic ordinal of the first of `days`.
    pub first_day: i64,
    /// When local days begin; the last one only ends the day before it.
    pub days: Vec<i64>,
    pub files: Vec<File<'a>>,
    /// Whether the names of responses are wanted beside their numbers; of causes, the sizes.
    pub with_names: bool,
    /// Types of short lines that are handed back as they are.
    pub left: Vec<&'a [u8]>,
    /// Types of lines that are known and are no answers.
    pub known: Vec<&'a [u8]>,
}

const HEADER: usize = 12;

impl<'a> Request<'a> {
    /// Returns the request some bytes are, None where they are none of this version.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut numbers = |count: usize| -> Option<Vec<i64>> {
            let size = count.checked_mul(8)?;
            if rest.len() < size {
                return None;
            }
            let (these, after) = rest.split_at(size);
            rest = after;
            Some(these.chunks_exact(8).map(|one| i64::from_le_bytes(one.try_into().unwrap_or_default())).collect())
        };
        let header = numbers(HEADER)?;
        if header[0] != i64::from(VERSION) {
            return None;
        }
        let count = |at: usize| usize::try_from(header[at]).ok();
        let (files, days, kinds, known) = (count(1)?, count(6)?, count(8)?, count(10)?);
        let starts = numbers(days)?;
        let sizes = numbers(files)?;
        if rest.len() < files {
            return None;
        }
        let (notes, after) = rest.split_at(files);
        rest = after;
        let mut texts = |size: usize| -> Option<Vec<&'a [u8]>> {
            if size > rest.len() {
                return None;
            }
            let (these, after) = rest.split_at(size);
            rest = after;
            Some(these.split(|&byte| byte == 0).filter(|kind| !kind.is_empty()).collect())
        };
        let (left, known) = (texts(kinds)?, texts(known)?);
        let paths = rest;
        let paths: Vec<&[u8]> = paths.split(|&byte| byte == 0).take(files).collect();
        if paths.len() != files {
            return None;
        }
        let files = paths.iter().zip(sizes).zip(notes).map(|((path, size), &note)| File {
            path: Path::new(OsStr::from_bytes(path)),
            size,
            may_have_note: note != 0,
        });
        Some(Self {
            threads: count(2)?,
            number: header[11],
            max_file: header[3],
            latest_ms: header[4],
            open_flags: i32::try_from(header[5]).ok()?,
            first_day: header[7],
            days: starts,
            with_names: header[9] != 0,
            files: files.collect(),
            left,
            known,
        })
    }
}
