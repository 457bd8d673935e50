//! What a transcript says of its responses: the records of `claude_tui.sources.causes`, and how they are kept, which is
//! the MessagePack that Python reads.

use std::borrow::Cow;

use crate::hashing::Table;

pub type Name<'a> = Cow<'a, str>;

/// A table that keeps the order in which its names came.
pub struct Ordered<'a, V> {
    values: Table<Name<'a>, (u64, V)>,
    next: u64,
}

impl<V> Default for Ordered<'_, V> {
    fn default() -> Self {
        Self { values: Table::default(), next: 0 }
    }
}

impl<'a, V> Ordered<'a, V> {
    /// Gives a name a value. One that has one stays where it is.
    pub fn put(&mut self, name: Name<'a>, value: V) {
        let place = self.values.get(&name).map_or(self.next, |known| known.0);
        self.next += 1;
        self.values.insert(name, (place, value));
    }

    /// Returns the value of a name, the default one if it had none.
    pub fn of(&mut self, name: Name<'a>) -> &mut V
    where
        V: Default,
    {
        let place = self.next;
        self.next += 1;
        &mut self.values.entry(name).or_insert_with(|| (place, V::default())).1
    }

    pub fn take(&mut self, name: &str) -> Option<V> {
        self.values.remove(name).map(|(_, value)| value)
    }

    pub fn clear(&mut self) {
        self.values.clear();
    }

    fn in_order(&self) -> Vec<(&str, &V)> {
        let mut found: Vec<_> = self.values.iter().collect();
        found.sort_unstable_by_key(|(_, (place, _))| *place);
        found.into_iter().map(|(name, (_, value))| (name.as_ref(), value)).collect()
    }
}

/// Bytes by the number of what they are part of, in the order in which parts came. There are few.
#[derive(Default)]
pub struct Sizes(Vec<(i64, i64)>);

impl Sizes {
    pub fn add(&mut self, part: i64, size: i64) {
        if size == 0 {
            return;
        }
        match self.0.iter_mut().find(|(known, _)| *known == part) {
            Some((_, sum)) => *sum += size,
            None => self.0.push((part, size)),
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// A call of a tool.
pub struct Call<'a> {
    pub id: Name<'a>,
    pub name: Name<'a>,
    pub kind: Name<'a>,
    pub is_failed: bool,
}

/// A response.
#[derive(Default)]
pub struct Caused<'a> {
    pub key: i64,
    pub thread: usize,
    pub time_ms: i64,
    pub asked_ms: i64,
    pub calls: Vec<Call<'a>>,
    pub skill: Name<'a>,
    pub plugin: Name<'a>,
    pub agent_type: Name<'a>,
    pub branch: Name<'a>,
    pub version: Name<'a>,
    pub lifetime: Name<'a>,
    pub reason: Name<'a>,
    pub boundary: &'static str,
    pub thinking: i64,
    pub is_interrupted: bool,
    /// Files that were read again, and the tokens of each.
    pub repeats: Vec<(Name<'a>, i64)>,
    pub added: Sizes,
    pub wrote: Sizes,
}

/// A line of responses that continue one another.
pub struct Thread<'a> {
    pub name: Name<'a>,
    pub asked_ms: i64,
    pub skill: Name<'a>,
    pub command: Name<'a>,
    pub boundary: &'static str,
    pub last: i64,
    pub skills: Ordered<'a, Name<'a>>,
    pub reads: Ordered<'a, (Name<'a>, String)>,
    pub known: Ordered<'a, Vec<String>>,
    pub added: Sizes,
}

impl<'a> Thread<'a> {
    pub fn new(name: Name<'a>) -> Self {
        Self {
            name,
            asked_ms: 0,
            skill: Cow::default(),
            command: Cow::default(),
            boundary: "",
            last: -1,
            skills: Ordered::default(),
            reads: Ordered::default(),
            known: Ordered::default(),
            added: Sizes::default(),
        }
    }
}

/// Everything a transcript says.
#[derive(Default)]
pub struct FileCauses<'a> {
    pub responses: Vec<Caused<'a>>,
    pub threads: Vec<Thread<'a>>,
    pub agent_type: String,
    pub started_by: String,
    pub started: Ordered<'a, Name<'a>>,
    pub has_sizes: bool,
    pub parts: Vec<String>,
}

impl FileCauses<'_> {
    /// Returns it as it is kept.
    pub fn packed(&self) -> Vec<u8> {
        let mut pack = Pack(Vec::with_capacity(1024 + 128 * self.responses.len()));
        pack.list(9);
        pack.list(self.responses.len());
        for one in &self.responses {
            pack.response(one);
        }
        pack.list(self.threads.len());
        for thread in &self.threads {
            pack.thread(thread);
        }
        pack.text(&self.agent_type);
        pack.text(&self.started_by);
        pack.texts(&self.started);
        pack.truth(self.has_sizes);
        pack.truth(false); // it says more than calls
        pack.list(self.parts.len());
        for part in &self.parts {
            pack.text(part);
        }
        pack.0.push(0xc0); // nothing is pending
        pack.0
    }
}

/// Writes MessagePack, everything in as few bytes as it takes.
struct Pack(Vec<u8>);

impl Pack {
    fn response(&mut self, one: &Caused<'_>) {
        self.list(18);
        for number in [one.key, one.thread as i64, one.time_ms, one.asked_ms] {
            self.number(number);
        }
        self.list(one.calls.len());
        for call in &one.calls {
            self.list(4);
            self.text(&call.id);
            self.text(&call.name);
            self.text(&call.kind);
            self.truth(call.is_failed);
        }
        for text in [&one.skill, &one.plugin, &one.agent_type, &one.branch, &one.version, &one.lifetime, &one.reason] {
            self.text(text);
        }
        self.text(one.boundary);
        self.number(one.thinking);
        self.truth(one.is_interrupted);
        self.list(one.repeats.len());
        for (path, tokens) in &one.repeats {
            self.list(2);
            self.text(path);
            self.number(*tokens);
        }
        self.sizes(&one.added);
        self.sizes(&one.wrote);
    }

    fn thread(&mut self, thread: &Thread<'_>) {
        self.list(10);
        self.text(&thread.name);
        self.number(thread.asked_ms);
        self.text(&thread.skill);
        self.text(&thread.command);
        self.text(thread.boundary);
        self.number(thread.last);
        self.texts(&thread.skills);
        let reads = thread.reads.in_order();
        self.table(reads.len());
        for (call, (path, part)) in reads {
            self.text(call);
            self.list(2);
            self.text(path);
            self.text(part);
        }
        let known = thread.known.in_order();
        self.table(known.len());
        for (path, parts) in known {
            self.text(path);
            self.list(parts.len());
            for part in parts {
                self.text(part);
            }
        }
        self.sizes(&thread.added);
    }

    fn texts(&mut self, texts: &Ordered<'_, Name<'_>>) {
        let found = texts.in_order();
        self.table(found.len());
        for (name, text) in found {
            self.text(name);
            self.text(text);
        }
    }

    fn sizes(&mut self, sizes: &Sizes) {
        self.table(sizes.0.len());
        for (part, size) in &sizes.0 {
            self.number(*part);
            self.number(*size);
        }
    }

    fn truth(&mut self, truth: bool) {
        self.0.push(0xc2 + u8::from(truth));
    }

    fn number(&mut self, number: i64) {
        match number {
            0..=0x7f => self.0.push(number as u8),
            0x80..=0xff => self.sized(0xcc, &(number as u8).to_be_bytes()),
            0x100..=0xffff => self.sized(0xcd, &(number as u16).to_be_bytes()),
            0x1_0000..=0xffff_ffff => self.sized(0xce, &(number as u32).to_be_bytes()),
            0x1_0000_0000.. => self.sized(0xcf, &number.to_be_bytes()),
            -0x20..=-1 => self.0.push(number as i8 as u8),
            _ => self.sized(0xd3, &number.to_be_bytes()),
        }
    }

    fn text(&mut self, text: &str) {
        match text.len() {
            size @ 0..=0x1f => self.0.push(0xa0 | size as u8),
            size @ 0x20..=0xff => self.sized(0xd9, &(size as u8).to_be_bytes()),
            size @ 0x100..=0xffff => self.sized(0xda, &(size as u16).to_be_bytes()),
            size => self.sized(0xdb, &(size as u32).to_be_bytes()),
        }
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list(&mut self, size: usize) {
        self.head(size, 0x90, 0xdc);
    }

    fn table(&mut self, size: usize) {
        self.head(size, 0x80, 0xde);
    }

    fn head(&mut self, size: usize, short: u8, long: u8) {
        match size {
            0..=0xf => self.0.push(short | size as u8),
            0x10..=0xffff => self.sized(long, &(size as u16).to_be_bytes()),
            _ => self.sized(long + 1, &(size as u32).to_be_bytes()),
        }
    }

    fn sized(&mut self, kind: u8, bytes: &[u8]) {
        self.0.push(kind);
        self.0.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_the_order_in_which_they_came() {
        let mut table: Ordered<'_, i64> = Ordered::default();
        for (name, value) in [("b", 1), ("a", 2), ("c", 3), ("b", 4)] {
            table.put(Cow::Borrowed(name), value);
        }
        assert_eq!(table.take("a"), Some(2));
        *table.of(Cow::Borrowed("a")) += 7;
        *table.of(Cow::Borrowed("c")) += 1;
        assert_eq!(table.in_order(), [("b", &4), ("c", &4), ("a", &7)]);
    }
}
