//! The user's rules: kept, looked at over the whole archive, explained, exchanged.
//!
//! What a rule makes of a message is told by `mailroom_domain::rules` alone, here as when mail comes in. A preview puts
//! every message to the rules twice, as they are stored and as they would be: by its row where that is enough, else by
//! its whole content.

use crate::places::Places;
use crate::start::Parts;
use crate::{failure, model, now, view};
use mailroom_domain::rules::{
    self as rules, Attachments, Headers, Outcome, Part, Rule, Rules, Subject, evaluate,
};
use mailroom_domain::{AccountId, Label, MessageContent, MessageId, RuleId, Verdict, Voice};
use mailroom_store::{ArchiveRow, Whole};
use mailroom_wire::{
    Code, Failure, RelabelMove, RuleConflict, RuleCount, RuleFaultView, RulePreview, RuleTraceView,
    RuleWanted, RulesExport, RulesView,
};
use rayon::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Messages whose contents are read at a time.
const PORTION: usize = 2000;
/// Examples of each kind at most.
const EXAMPLES: u32 = 50;

/// The archive's rows, newest first, kept for as long as nothing changes.
#[derive(Default)]
pub(crate) struct Archive {
    // A leaf value: the database's version before it was read, and what was read.
    kept: Mutex<Option<(i64, Arc<Vec<ArchiveRow>>)>>,
    // Counts previews, so that one knows when another was asked for.
    asked: AtomicU64,
}

/// The place of one preview among all.
struct Turn<'a> {
    archive: &'a Archive,
    number: u64,
}

impl Turn<'_> {
    /// Ends a preview that nobody waits for any more.
    fn is_mine(&self) -> Result<(), Failure> {
        if self.archive.asked.load(Ordering::SeqCst) == self.number {
            return Ok(());
        }
        Err(Failure::new(Code::Superseded, "Another preview was asked for. Look at that one."))
    }
}

impl Archive {
    fn turn(&self) -> Turn<'_> {
        Turn { archive: self, number: self.asked.fetch_add(1, Ordering::SeqCst) + 1 }
    }

    async fn rows(&self, parts: &Parts) -> Result<Arc<Vec<ArchiveRow>>, Failure> {
        let at = parts.store.data_version().await.map_err(failure::store)?;
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((read, rows)) = kept
            && read == at
        {
            return Ok(rows);
        }
        let mut rows = parts.store.archive().await.map_err(failure::store)?;
        rows.par_sort_unstable_by_key(|row| std::cmp::Reverse((row.received, row.id)));
        let rows = Arc::new(rows);
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((at, Arc::clone(&rows)));
        Ok(rows)
    }
}

fn fault_views(faults: &rules::Faults) -> Vec<RuleFaultView> {
    let view =
        |fault: &rules::Fault| RuleFaultView { fault: fault.clone(), text: fault.to_string() };
    faults.0.iter().map(view).collect()
}

/// Reads the rules anew.
pub(crate) async fn refresh(parts: &Parts) -> Result<(), Failure> {
    let stored = parts.store.rules().await.map_err(failure::store)?;
    parts.judge.set_rules(Rules::keeping_sound(stored).0);
    Ok(())
}

pub(crate) async fn view(parts: &Arc<Parts>) -> Result<RulesView, Failure> {
    // Who looks at the rules will want to see what they do.
    let ahead = Arc::clone(parts);
    tokio::spawn(async move { ahead.archive.rows(&ahead).await.map(|_| ()) });
    let stored = parts.store.rules().await.map_err(failure::store)?;
    let (_, faults) = Rules::keeping_sound(stored.clone());
    Ok(RulesView { rules: stored, faults: faults.as_ref().map(fault_views).unwrap_or_default() })
}

/// Replaces all rules.
pub(crate) async fn set(parts: &Parts, new: Vec<Rule>) -> Result<RulesView, Failure> {
    let new = Rules::new(new).map_err(|e| Failure::new(Code::Invalid, e.to_string()))?;
    let stored = parts.store.set_rules(new.as_slice()).await.map_err(failure::store)?;
    let sound = Rules::new(stored.clone()).map_err(|_| failure::internal())?;
    parts.judge.set_rules(sound);
    Ok(RulesView { rules: stored, faults: Vec::new() })
}

/// The stored rules for other programs.
pub(crate) async fn export(parts: &Parts) -> Result<RulesExport, Failure> {
    let (rules, _) = Rules::keeping_sound(parts.store.rules().await.map_err(failure::store)?);
    let json = rules::exchange::export(&rules).map_err(|_| failure::internal())?;
    let sieve = rules::to_sieve(&rules);
    let left_out = sieve.left_out.iter().map(ToString::to_string).collect();
    Ok(RulesExport { json, sieve: sieve.script, left_out })
}

/// Rules from a file's text.
pub(crate) fn read(text: &str) -> Result<Vec<Rule>, Failure> {
    let read = rules::exchange::import(text);
    read.map(|rules| rules.as_slice().to_vec())
        .map_err(|e| Failure::new(Code::Invalid, e.to_string()))
}

/// Why the rules do what they do to a message.
pub(crate) async fn trace(parts: &Parts, id: MessageId) -> Result<RuleTraceView, Failure> {
    let message = parts.store.message(id).await.map_err(failure::store)?;
    let own = model::own_addresses(parts).await;
    let own = own.get(&message.row.account).map_or(&[][..], Vec::as_slice);
    let places = parts.judge.places();
    let around = places.around(message.row.folder);
    let voiced = message.verdict.clone().map(voiced);
    let unheard = Verdict {
        label: Label::NeedsHuman,
        unsure: true,
        probabilities: mailroom_domain::Probabilities::UNIFORM,
        voices: Vec::new(),
        why: Vec::new(),
        prompt_hash: None,
        rule: None,
        ruled: None,
    };
    let verdict = voiced.unwrap_or(unheard);
    let subject = Subject {
        account: around.account,
        folder: around.folder,
        folders: &around.folders,
        ..Subject::of(&message.content, &verdict, &message.flags, own, message.row.received)
    };
    let trace = rules::trace(&parts.judge.rules(), &subject, now());
    Ok(RuleTraceView { text: trace.to_string(), trace })
}

/// A verdict as the voices gave it.
fn voiced(mut verdict: Verdict) -> Verdict {
    (verdict.label, verdict.unsure) = verdict.voiced();
    verdict
}

/// What the stored rules and the new ones make of one message.
struct Both {
    before: Outcome,
    after: Outcome,
    /// The lane where the new rules leave it, unless the user has spoken.
    label: Option<Label>,
}

/// What rules would do to all mail that is there.
pub(crate) async fn preview(
    parts: &Arc<Parts>,
    new: Vec<Rule>,
    examples: u32,
) -> Result<RulePreview, Failure> {
    let new = match Rules::new(new) {
        Ok(rules) => rules,
        Err(faults) => {
            return Ok(RulePreview { faults: fault_views(&faults), ..RulePreview::default() });
        }
    };
    let turn = parts.archive.turn();
    let (old, _) = Rules::keeping_sound(parts.store.rules().await.map_err(failure::store)?);
    let rows = parts.archive.rows(parts).await?;
    let places = parts.judge.places();
    let at = now();
    let (seen, new_rules, old_rules) = (Arc::clone(&rows), new.clone(), old.clone());
    let around = Arc::clone(&places);
    let mut outcomes: Vec<Option<Both>> = tokio::task::spawn_blocking(move || {
        seen.par_iter().map(|row| by_row(row, &around, &old_rules, &new_rules, at)).collect()
    })
    .await
    .map_err(|_| failure::internal())?;
    let open: Vec<usize> =
        outcomes.iter().enumerate().filter(|(_, o)| o.is_none()).map(|(at, _)| at).collect();
    let own = Arc::new(model::own_addresses(parts).await);
    for portion in open.chunks(PORTION) {
        turn.is_mine()?;
        let ids: Vec<MessageId> =
            portion.iter().filter_map(|at| rows.get(*at)).map(|row| row.id).collect();
        let wholes = parts.store.wholes(&ids).await.map_err(failure::store)?;
        let (rows, own, around) = (Arc::clone(&rows), Arc::clone(&own), Arc::clone(&places));
        let (new, old, portion) = (new.clone(), old.clone(), portion.to_vec());
        let told = tokio::task::spawn_blocking(move || {
            let mut by_id: HashMap<MessageId, Whole> =
                wholes.into_iter().map(|whole| (whole.id, whole)).collect();
            let read: Vec<(usize, &ArchiveRow, Whole)> = portion
                .iter()
                .filter_map(|at| {
                    let row = rows.get(*at)?;
                    Some((*at, row, by_id.remove(&row.id)?))
                })
                .collect();
            read.into_par_iter()
                .filter_map(|(place, row, whole)| {
                    by_whole(row, &whole, &own, &around, &old, &new, at).map(|both| (place, both))
                })
                .collect::<Vec<_>>()
        })
        .await
        .map_err(|_| failure::internal())?;
        for (place, both) in told {
            if let Some(outcome) = outcomes.get_mut(place) {
                *outcome = Some(both);
            }
        }
    }
    let limit = examples.min(EXAMPLES) as usize;
    let found = tokio::task::spawn_blocking(move || Found::of(&rows, &outcomes, &new, limit))
        .await
        .map_err(|_| failure::internal())?;
    found.shown(parts).await
}

/// The message as its row tells it; `None` where an answer depends on the rest.
fn by_row(row: &ArchiveRow, places: &Places, old: &Rules, new: &Rules, now: i64) -> Option<Both> {
    let around = places.around(row.folder);
    // Where a rule or the user decided, the lane is not what the voices said.
    let voiced = !matches!(row.decided_by, Some(Voice::Rule | Voice::User));
    let subject = Subject {
        headers: Headers::Row {
            from_name: &row.from_name,
            from_address: &row.from_address,
            subject: &row.subject,
            list_id: row.list_id.as_deref(),
        },
        text: Part::NotLoaded,
        language: Part::NotLoaded,
        attachments: if row.attachments { Attachments::NotLoaded } else { Attachments::Absent },
        size: row.size,
        received: row.received,
        account: around.account,
        folder: around.folder,
        folders: &around.folders,
        flags: &row.flags,
        label: if voiced { Part::Loaded(row.lane) } else { Part::NotLoaded },
        unsure: if voiced { Part::Loaded(row.unsure) } else { Part::NotLoaded },
        probabilities: Part::NotLoaded,
        voices: Part::NotLoaded,
        answered: row.flags.answered,
        position: Part::NotLoaded,
    };
    let (before, after) = (evaluate(old, &subject, now).ok()?, evaluate(new, &subject, now).ok()?);
    // Where no rule says a label any more, the voices' own is wanted.
    let label = match (&after.label, row.decided_by) {
        (_, Some(Voice::User)) => None,
        (Some(effect), _) => Some(effect.value),
        (None, Some(Voice::Rule)) => return None,
        (None, _) => Some(row.lane),
    };
    Some(Both { before, after, label })
}

fn by_whole(
    row: &ArchiveRow,
    whole: &Whole,
    own: &HashMap<AccountId, Vec<String>>,
    places: &Places,
    old: &Rules,
    new: &Rules,
    now: i64,
) -> Option<Both> {
    let content: MessageContent = whole.content.unpack().ok()?;
    let verdict = voiced(whole.verdict().ok()??);
    let around = places.around(row.folder);
    let own = own.get(&row.account).map_or(&[][..], Vec::as_slice);
    let subject = Subject {
        account: around.account,
        folder: around.folder,
        folders: &around.folders,
        size: row.size,
        ..Subject::of(&content, &verdict, &row.flags, own, row.received)
    };
    let (before, after) = (evaluate(old, &subject, now).ok()?, evaluate(new, &subject, now).ok()?);
    let label = match (&after.label, row.decided_by) {
        (_, Some(Voice::User)) => None,
        (Some(effect), _) => Some(effect.value),
        (None, _) => Some(verdict.label),
    };
    Some(Both { before, after, label })
}

/// What was found, with examples by number.
#[derive(Default)]
struct Found {
    preview: RulePreview,
    examples: Vec<(Vec<MessageId>, Vec<MessageId>)>,
    moves: BTreeMap<(usize, usize), (u64, Vec<MessageId>)>,
    conflicts: BTreeMap<(RuleId, RuleId), (u64, Vec<MessageId>)>,
}

impl Found {
    fn of(rows: &[ArchiveRow], outcomes: &[Option<Both>], new: &Rules, limit: usize) -> Found {
        let mut out = Found::default();
        let order: HashMap<RuleId, usize> =
            new.as_slice().iter().enumerate().map(|(at, rule)| (rule.id, at)).collect();
        let mut counts: Vec<RuleCount> = new
            .as_slice()
            .iter()
            .map(|rule| RuleCount {
                rule: rule.id,
                matches: 0,
                more: 0,
                fewer: 0,
                newest: None,
                examples: Vec::new(),
                lost: Vec::new(),
            })
            .collect();
        // Those that are new to a rule come first.
        let mut fresh: Vec<Vec<MessageId>> = vec![Vec::new(); counts.len()];
        let mut usual = fresh.clone();
        let mut lost = fresh.clone();
        let mut wanted: Vec<RuleWanted> = Vec::new();
        let note = |list: &mut Vec<MessageId>, id| {
            if list.len() < limit {
                list.push(id);
            }
        };
        for (row, both) in rows.iter().zip(outcomes) {
            out.preview.messages += 1;
            let Some(Both { before, after, label }) = both else { continue };
            for rule in &after.matched {
                let Some(at) = order.get(rule).copied() else { continue };
                let Some(count) = counts.get_mut(at) else { continue };
                count.matches += 1;
                count.newest = count.newest.max(Some(row.received));
                let is_new = !before.matched.contains(rule);
                count.more += u64::from(is_new);
                if let Some(list) = if is_new { &mut fresh } else { &mut usual }.get_mut(at) {
                    note(list, row.id);
                }
            }
            for rule in before.matched.iter().filter(|rule| !after.matched.contains(rule)) {
                let Some(at) = order.get(rule).copied() else { continue };
                if let Some(count) = counts.get_mut(at) {
                    count.fewer += 1;
                }
                if let Some(list) = lost.get_mut(at) {
                    note(list, row.id);
                }
            }
            match label {
                None => {
                    let said = after.label.as_ref().is_some_and(|effect| effect.value != row.lane);
                    out.preview.corrected += u64::from(said);
                }
                Some(to) if *to != row.lane => {
                    let key = (row.lane.index(), to.index());
                    let (count, list) = out.moves.entry(key).or_default();
                    *count += 1;
                    note(list, row.id);
                }
                Some(_) => {}
            }
            for lost in &after.overruled {
                let (count, list) = out.conflicts.entry((lost.by, lost.rule)).or_default();
                *count += 1;
                note(list, row.id);
            }
            for action in asked(after, row) {
                match wanted.iter_mut().find(|wanted| wanted.action == action) {
                    Some(wanted) => wanted.messages += 1,
                    None => wanted.push(RuleWanted { action, messages: 1 }),
                }
            }
        }
        for (mut first, then) in fresh.into_iter().zip(usual) {
            first.extend(then);
            first.truncate(limit);
            out.examples.push((first, Vec::new()));
        }
        for (examples, lost) in out.examples.iter_mut().zip(lost) {
            examples.1 = lost;
        }
        wanted.sort_by_key(|wanted| std::cmp::Reverse(wanted.messages));
        (out.preview.rules, out.preview.wanted) = (counts, wanted);
        out
    }

    /// With rows in place of numbers.
    async fn shown(self, parts: &Parts) -> Result<RulePreview, Failure> {
        let Found { mut preview, examples, moves, conflicts } = self;
        let ids: HashSet<MessageId> = examples
            .iter()
            .flat_map(|(found, lost)| found.iter().chain(lost))
            .chain(moves.values().flat_map(|(_, list)| list))
            .chain(conflicts.values().flat_map(|(_, list)| list))
            .copied()
            .collect();
        let ids: Vec<MessageId> = ids.into_iter().collect();
        let rows = parts.store.rows(&ids).await.map_err(failure::store)?;
        let rows: HashMap<MessageId, mailroom_wire::Row> =
            rows.into_iter().map(|row| (row.id, view::row(row))).collect();
        let of = |list: &[MessageId]| list.iter().filter_map(|id| rows.get(id).cloned()).collect();
        for (count, (found, lost)) in preview.rules.iter_mut().zip(&examples) {
            (count.examples, count.lost) = (of(found), of(lost));
        }
        preview.moves = moves
            .iter()
            .filter_map(|((from, to), (count, list))| {
                Some(RelabelMove {
                    from: Label::from_index(*from)?,
                    to: Label::from_index(*to)?,
                    count: *count,
                    examples: of(list),
                })
            })
            .collect();
        preview.moves.sort_by_key(|moved| std::cmp::Reverse(moved.count));
        preview.conflicts = conflicts
            .iter()
            .map(|((winner, loser), (messages, list))| RuleConflict {
                winner: *winner,
                loser: *loser,
                messages: *messages,
                examples: of(list),
            })
            .collect();
        Ok(preview)
    }
}

/// What is wanted of a message that is not so yet, besides its label.
fn asked(outcome: &Outcome, row: &ArchiveRow) -> Vec<rules::Action> {
    let mut out = Vec::new();
    for keyword in &outcome.keywords {
        if !row.flags.keywords.iter().any(|k| k.eq_ignore_ascii_case(&keyword.value)) {
            out.push(rules::Action::AddKeyword { keyword: keyword.value.clone() });
        }
    }
    if outcome.flagged.is_some() && !row.flags.flagged {
        out.push(rules::Action::Flag {});
    }
    if outcome.read.is_some() && !row.flags.seen {
        out.push(rules::Action::MarkRead {});
    }
    match outcome.place.as_ref().map(|effect| &effect.value) {
        Some(rules::Place::Folder { name }) => {
            out.push(rules::Action::Move { folder: name.clone() });
        }
        Some(rules::Place::Archive {}) => out.push(rules::Action::Archive {}),
        None => {}
    }
    if outcome.notify.is_some() {
        out.push(rules::Action::Notify {});
    }
    out
}
