//! What is answered of rollouts, as `blob` does of transcripts.

use crate::blob::{joined, put, put_text, Names};
use crate::codex::RolloutRead;

const SECTIONS: usize = 17;

/// Returns the answer: of each rollout that was read, its place among those asked for and what it says.
pub fn encode(found: Vec<Option<RolloutRead>>) -> Vec<u8> {
    let mut sections: [Vec<u8>; SECTIONS] = std::array::from_fn(|_| Vec::new());
    let [files, hashes, texts, metas, turns, key, time, model, input, output, written, reads, offset, tiers, tier_names, models, names] =
        &mut sections;
    let mut model_numbers = Names::new(models, 0);
    let mut row = 0i64;
    for (place, one) in found.into_iter().enumerate() {
        let Some(one) = one else { continue };
        let thread = one.thread;
        let (meta_at, meta) = one.meta.unwrap_or((-1, Vec::new()));
        put(files, &[place as i64, one.dev as i64, one.ino as i64, one.end, i64::from(one.has_more), one.lines]);
        put(files, &[meta_at, meta.len() as i64, thread.turns.len() as i64, thread.responses.len() as i64]);
        put(files, &[thread.epoch, i64::from(thread.told), i64::from(thread.may_lead), thread.context]);
        put(files, &[thread.compactions, thread.dated_ms, thread.window, i64::from(thread.previous.is_some())]);
        put(files, &thread.previous.unwrap_or_default());
        hashes.extend_from_slice(&one.head.to_le_bytes());
        hashes.extend_from_slice(&one.anchor.to_le_bytes());
        for text in [&one.talk.0, one.talk.1, &thread.model, &thread.tier] {
            put_text(texts, text);
        }
        metas.extend_from_slice(&meta);
        for (turn, of) in &thread.turns {
            put_text(turns, turn);
            put_text(turns, of);
        }
        for name in &thread.names {
            put_text(names, name);
        }
        let numbers: Vec<i32> = thread.models.into_iter().map(|name| model_numbers.of(name, "\0")).collect();
        for response in &thread.responses {
            put(key, &[response.key]);
            put(time, &[response.time_ms]);
            model.extend_from_slice(&numbers[response.model].to_le_bytes());
            put(input, &[response.input]);
            put(output, &[response.output]);
            put(written, &[response.written]);
            put(reads, &[response.reads]);
            put(offset, &[response.offset]);
            if !response.tier.is_empty() {
                put(tiers, &[row]);
                put_text(tier_names, &response.tier);
            }
            row += 1;
        }
    }
    joined(&sections)
}
