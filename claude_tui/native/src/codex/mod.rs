//! Reads a rollout of Codex up to the first line that is odd: each depends on all before it, so Python reads on there.

pub mod answer;
mod line;
mod talk;
mod thread;

use crate::blake2b;
use crate::codex::line::Line;
use crate::codex::talk::talk_of;
use crate::codex::thread::Thread;
use crate::file::{anchor_of, head_of, read_whole, Whole};
use crate::json::{Odd, Read};
use crate::request::{File, Request};
use crate::scan::{scan, Found, Records};

/// What a rollout says, up to where it was read.
pub struct RolloutRead {
    pub dev: u64,
    pub ino: u64,
    /// The end of the last line that was read, and whether there is more behind it.
    pub end: i64,
    pub has_more: bool,
    pub lines: i64,
    pub head: u64,
    pub anchor: u64,
    /// The line that says whose it is, and where it stands.
    pub meta: Option<(i64, Vec<u8>)>,
    pub thread: Thread,
    /// The timestamp of the newest line of the conversation, and what that is.
    pub talk: (String, &'static str),
}

/// Reads rollouts one after another, with one buffer.
pub struct Reader<'r> {
    request: &'r Request<'r>,
    data: Vec<u8>,
}

impl<'r> Reader<'r> {
    pub fn new(request: &'r Request<'r>) -> Self {
        Self { request, data: Vec::new() }
    }

    /// Reads a rollout. Odd where nothing of it can be: all of it is for Python.
    pub fn read(&mut self, file: &File<'_>) -> Read<RolloutRead> {
        let Whole { data, dev, ino } = read_whole(file, self.request, &mut self.data)?;
        let mut thread = Thread::new(self.request.with_names);
        let (mut start, mut is_marked, mut lines, mut meta) = (0, false, 0, None);
        // It ends early at a line that is odd, which is then the first that is not read.
        let _ = scan::<Records, Odd>(data, |what| {
            match what {
                Found::Nul => return Err(Odd),
                Found::Mark => is_marked = true,
                Found::Newline(end) => {
                    let bytes = &data[start..end];
                    if take(&mut thread, bytes, start, is_marked)? {
                        meta = Some((start as i64, bytes.to_vec()));
                    }
                    lines += 1;
                    (start, is_marked) = (end + 1, false);
                }
            }
            Ok(())
        });
        if start == 0 {
            return Err(Odd);
        }
        let read = &data[..start];
        let talk = read.split(|&byte| byte == b'\n').rev().find_map(talk_of);
        Ok(RolloutRead {
            dev,
            ino,
            end: start as i64,
            has_more: start < data.len(),
            lines,
            head: blake2b::digest(head_of(read)),
            anchor: blake2b::digest(anchor_of(read)),
            meta,
            thread,
            talk: talk.map_or((String::new(), ""), |(timestamp, what)| {
                (String::from_utf8_lossy(timestamp).into_owned(), what)
            }),
        })
    }
}

/// Takes in a line, if it can matter, and returns whether it is the thread's meta.
fn take(thread: &mut Thread, bytes: &[u8], start: usize, is_marked: bool) -> Read<bool> {
    if bytes.is_empty() {
        return Ok(false);
    }
    if !is_marked && !thread.needs_start() {
        return if bytes.last() == Some(&b'}') { Ok(false) } else { Err(Odd) };
    }
    thread.take(&Line::read(bytes)?, start as i64)
}
