//! Follows one thread record by record: `claude_tui.sources.codex.fast.rows.FastRollout` for records of its own.

use std::collections::HashSet;

use crate::blake2b;
use crate::codex::line::{Line, Said, Tokens};
use crate::instant::instant_ms;
use crate::json::{Odd, Read};
use crate::line::Text;

/// So many turns are remembered.
const TURNS: usize = 64;

/// A response.
pub struct Response {
    pub key: i64,
    pub time_ms: i64,
    /// The place of its model among the thread's.
    pub model: usize,
    pub input: i64,
    pub output: i64,
    pub written: i64,
    pub reads: i64,
    pub offset: i64,
    /// The service tier that was asked for.
    pub tier: String,
}

/// What has been learnt of a thread: that of `claude_tui.sources.codex.state.State` which comes after its meta.
#[derive(Default)]
pub struct Thread {
    /// "" before its meta.
    pub id: String,
    pub model: String,
    /// Turns with their models, the oldest first.
    pub turns: Vec<(String, String)>,
    pub tier: String,
    pub previous: Option<Tokens>,
    pub epoch: i64,
    pub told: bool,
    pub context: i64,
    pub compactions: i64,
    pub dated_ms: i64,
    /// What the client said last of its model's context window.
    pub window: i64,
    /// Whether it may have come from another, and may still repeat that one's history.
    may_have_parents: bool,
    pub may_lead: bool,
    pub responses: Vec<Response>,
    /// The names of the responses, where they are wanted.
    pub names: Vec<String>,
    pub models: Vec<String>,
    keys: HashSet<i64>,
    with_names: bool,
}

impl Thread {
    pub fn new(with_names: bool) -> Self {
        Self { with_names, ..Self::default() }
    }

    /// Whether its first lines have not yet told all they can.
    pub fn needs_start(&self) -> bool {
        self.id.is_empty() || self.model.is_empty()
    }

    /// Takes in a line, and returns whether it is the thread's meta. Where it is odd nothing is learnt.
    pub fn take(&mut self, line: &Line<'_>, offset: i64) -> Read<bool> {
        match &line.said {
            Said::Nothing => (),
            Said::Meta { thread, may_have_parents } => return self.meta(thread, *may_have_parents),
            _ if self.id.is_empty() => return Err(Odd), // whose it is, is not yet known
            Said::Turn { turn, model } => {
                self.see_dated(&line.timestamp)?;
                self.name_model(model, turn);
            }
            Said::Settings { tier, turn, model } => {
                self.see_dated(&line.timestamp)?;
                (**tier).clone_into(&mut self.tier);
                if self.model.is_empty() && !model.is_empty() {
                    self.name_model(model, turn);
                }
            }
            Said::Compacted => {
                self.see_dated(&line.timestamp)?;
                self.compactions += 1;
            }
            Said::Record { thread, turn, response, tokens } => {
                if **thread != self.id {
                    return Err(Odd);
                }
                let model = self.turns.iter().find(|(known, _)| known == turn).map_or(&self.model, |(_, model)| model);
                let (model, key) = (model.clone(), format!("{thread}/{response}"));
                self.append(key, &line.timestamp, model, tokens, offset)?;
                (self.told, self.may_lead, self.context) = (true, false, tokens[0]);
            }
            Said::Count { total, last, window } => {
                self.count(total, last, &line.timestamp, offset)?;
                self.window = if *window == 0 { self.window } else { *window };
            }
        }
        Ok(false)
    }

    fn meta(&mut self, thread: &str, may_have_parents: bool) -> Read<bool> {
        if !self.id.is_empty() {
            // Those after the first are of the threads whose history was copied.
            return if self.may_have_parents { Err(Odd) } else { Ok(false) };
        }
        thread.clone_into(&mut self.id);
        (self.may_have_parents, self.may_lead) = (may_have_parents, may_have_parents);
        Ok(true)
    }

    fn see_dated(&mut self, timestamp: &Text<'_>) -> Read<()> {
        let time_ms = instant_ms(timestamp.needed()?)?;
        if time_ms != 0 {
            self.dated_ms = time_ms;
        }
        Ok(())
    }

    fn name_model(&mut self, model: &str, turn: &str) {
        model.clone_into(&mut self.model);
        if turn.is_empty() {
            return;
        }
        self.turns.retain(|(known, _)| known != turn);
        self.turns.push((turn.to_owned(), model.to_owned()));
        if self.turns.len() > TURNS {
            self.turns.remove(0);
        }
    }

    /// Takes in a running total: a change of it is a response that no record told.
    fn count(&mut self, total: &Tokens, last: &Tokens, timestamp: &Text<'_>, offset: i64) -> Read<()> {
        if self.may_lead {
            return Err(Odd);
        }
        if self.previous == Some(*total) {
            return Ok(());
        }
        let fell = self.previous.is_some_and(|before| total[5] < before[5]);
        let epoch = self.epoch + i64::from(fell);
        if self.told {
            self.told = false;
        } else {
            if last[..5].iter().all(|&tokens| tokens == 0) {
                return Err(Odd);
            }
            let numbers: Vec<String> = total.iter().chain(last).map(i64::to_string).collect();
            let key = format!("{}/{epoch}/{}", self.id, numbers.join("."));
            self.append(key, timestamp, self.model.clone(), last, offset)?;
            self.context = last[0];
        }
        (self.previous, self.epoch) = (Some(*total), epoch);
        Ok(())
    }

    /// Counts a response, if it is new and has a model and an instant.
    fn append(&mut self, key: String, timestamp: &Text<'_>, model: String, tokens: &Tokens, offset: i64) -> Read<()> {
        let time_ms = instant_ms(timestamp.needed()?)?;
        if time_ms == 0 || model.is_empty() {
            return Err(Odd);
        }
        let number = (blake2b::digest(format!("codex\0{key}").as_bytes()) >> 1) as i64;
        if !self.keys.insert(number) {
            return Err(Odd);
        }
        let at = self.models.iter().position(|known| *known == model).unwrap_or_else(|| {
            self.models.push(model);
            self.models.len() - 1
        });
        let [input, cached, written, output, _, _] = *tokens;
        self.responses.push(Response {
            key: number,
            time_ms,
            model: at,
            input: (input - cached - written).max(0),
            output,
            written,
            reads: cached,
            offset,
            tier: self.tier.clone(),
        });
        if self.with_names {
            self.names.push(key);
        }
        self.dated_ms = time_ms;
        Ok(())
    }
}
