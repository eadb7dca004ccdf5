//! Reasons: what weighed most, in sentences.

use crate::cues::Cue;
use crate::evidence::Evidence;
use crate::features::{FACT_NAMES, Features, Source};
use crate::tokens::{ByHash, Token, hash_of, mix, runs_on};
use mailroom_domain::{Label, Reason, ReasonKind};

/// Reasons that are shown.
pub(crate) const MOST: usize = 8;
/// Below this weight nothing is worth saying.
const LEAST: f32 = 0.08;

/// What the evidence said for and against `label`, strongest first; `exponent` is the evidence's in the pool.
pub(crate) fn reasons(
    evidence: &Evidence,
    features: &Features,
    label: Label,
    exponent: f32,
) -> Vec<Reason> {
    // What would be said in the same words is one reason. Most of it weighs too little for a sentence to be made.
    let mut alike: ByHash<(Source, f32)> = ByHash::default();
    for feature in &features.all {
        let parts = evidence.contribution(feature);
        let mean = parts.iter().sum::<f32>() / 4.0;
        let weight = exponent * (parts[label.index()] - mean) / evidence.temperature;
        if weight.abs() < 0.02 {
            continue;
        }
        alike.entry(wording(features, feature.source)).or_insert((feature.source, 0.0)).1 += weight;
    }
    let mut all: Vec<Reason> = alike
        .into_values()
        .filter(|(_, weight)| weight.abs() >= LEAST)
        .map(|(source, weight)| {
            let (kind, text) = sentence(features, source);
            Reason { kind, label, text, weight }
        })
        .collect();
    // The same message has the same reasons in the same order.
    all.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.text.cmp(&b.text)));
    all.truncate(MOST);
    all
}

/// Tokens that a source stands for.
fn words(features: &Features, source: Source) -> &[Token] {
    let (list, at, len) = match source {
        Source::Fact(_) => return &[],
        // Tokens of the subject come first.
        Source::Cue { at, len, .. } => match usize::from(at).checked_sub(features.subject.len()) {
            Some(at) => (&features.body, at, len),
            None => (&features.subject, usize::from(at), len),
        },
        Source::Word { subject: true, at, len } => (&features.subject, usize::from(at), len),
        Source::Word { subject: false, at, len } => (&features.body, usize::from(at), len),
    };
    let list = list.get(at..).unwrap_or_default();
    list.get(..usize::from(len)).unwrap_or(list)
}

/// The same for all sources that [`sentence`] says the same of.
fn wording(features: &Features, source: Source) -> u64 {
    let what = match source {
        Source::Fact(at) => u64::from(at),
        Source::Cue { cue, .. } => 1 << 16 | u64::from(cue),
        Source::Word { subject, .. } => 2 << 16 | u64::from(subject),
    };
    mix(what, hash_of(words(features, source)))
}

fn sentence(features: &Features, source: Source) -> (ReasonKind, String) {
    let words = join(words(features, source).iter().map(|token| token.text.as_str()));
    match source {
        Source::Fact(at) => {
            let text = FACT_NAMES.get(usize::from(at)).map_or("", |(_, text)| text);
            (ReasonKind::Header, text.to_owned())
        }
        Source::Cue { cue, .. } => {
            (ReasonKind::Word, format!("{}: \u{201c}{words}\u{201d}", meaning(cue)))
        }
        Source::Word { subject, .. } => {
            let place = if subject { "in the subject" } else { "in the text" };
            (ReasonKind::Word, format!("\u{201c}{words}\u{201d} {place}"))
        }
    }
}

fn join<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut out = String::new();
    for word in words {
        let glue = out.chars().next_back().is_some_and(runs_on)
            && word.chars().next().is_some_and(runs_on);
        if !out.is_empty() && !glue {
            out.push(' ');
        }
        // Numbers were made alike; their place is shown.
        out.push_str(if word == "#" { "…" } else { word });
    }
    out
}

fn meaning(cue: u8) -> &'static str {
    const MEANINGS: &[(Cue, &str)] = &[
        (Cue::Request, "Asks for something"),
        (Cue::Answer, "Wants an answer"),
        (Cue::Today, "Names today"),
        (Cue::Tomorrow, "Names tomorrow"),
        (Cue::Soon, "Names a date soon"),
        (Cue::Later, "Leaves time"),
        (Cue::AtOnce, "Presses for speed"),
        (Cue::UrgentWord, "Calls itself urgent"),
        (Cue::Outage, "Speaks of a fault"),
        (Cue::Security, "Speaks of account security"),
        (Cue::MoneyDue, "Speaks of a payment"),
        (Cue::Cancelled, "Speaks of a change of plan"),
        (Cue::Meeting, "Speaks of a meeting"),
        (Cue::Marketing, "Words of advertising"),
        (Cue::Unsubscribe, "Words of bulk mail"),
        (Cue::Code, "Carries a code"),
        (Cue::Receipt, "Confirms an order"),
        (Cue::Shipping, "Follows a parcel"),
        (Cue::Bounce, "Reports failed delivery"),
        (Cue::AutoReply, "An automatic answer"),
        (Cue::Resolved, "Says that it is over"),
        (Cue::Digest, "Words of a newsletter"),
        (Cue::Personal, "Personal words"),
        (Cue::Complaint, "Words of regret or complaint"),
        (Cue::Confidential, "Sensitive matters"),
        (Cue::Fyi, "For information"),
        (Cue::Joke, "Words of a joke"),
        (Cue::Thanks, "Thanks"),
        (Cue::Review, "Words of software work"),
        (Cue::Vote, "Asks for a vote or opinion"),
        (Cue::Event, "Speaks of an event"),
        (Cue::Form, "Speaks of papers to handle"),
        (Cue::Spam, "Words of spam"),
        (Cue::Health, "Speaks of health"),
        (Cue::Travel, "Speaks of travel"),
        (Cue::Robot, "Words of a machine"),
        (Cue::Opinion, "Gives an opinion"),
    ];
    MEANINGS.iter().find(|(c, _)| *c as u8 == cue).map_or("Words", |(_, text)| text)
}
