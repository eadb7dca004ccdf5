//! Reasons: what weighed most, in sentences.

use crate::cues::Cue;
use crate::evidence::Evidence;
use crate::features::{FACT_NAMES, Features, Source};
use crate::tokens::runs_on;
use mailroom_domain::{Label, Reason, ReasonKind};
use std::collections::HashMap;

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
    let mut by_text: HashMap<(Kind, String), f32> = HashMap::new();
    for feature in &features.all {
        let parts = evidence.contribution(feature);
        let mean = parts.iter().sum::<f32>() / 4.0;
        let weight = exponent * (parts[label.index()] - mean) / evidence.temperature;
        // Most words weigh next to nothing; their sentences need not be made.
        if weight.abs() < 0.02 {
            continue;
        }
        let (kind, text) = sentence(features, feature.source);
        *by_text.entry((kind, text)).or_default() += weight;
    }
    let mut all: Vec<Reason> = by_text
        .into_iter()
        .filter(|(_, weight)| weight.abs() >= LEAST)
        .map(|((kind, text), weight)| Reason {
            kind: match kind {
                Kind::Header => ReasonKind::Header,
                Kind::Word => ReasonKind::Word,
            },
            label,
            text,
            weight,
        })
        .collect();
    // The same message has the same reasons in the same order.
    all.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.text.cmp(&b.text)));
    all.truncate(MOST);
    all
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Header,
    Word,
}

fn sentence(features: &Features, source: Source) -> (Kind, String) {
    match source {
        Source::Fact(at) => {
            let text = FACT_NAMES.get(usize::from(at)).map_or("", |(_, text)| text);
            (Kind::Header, text.to_owned())
        }
        Source::Cue { cue, at, len } => {
            let at = usize::from(at);
            let (list, at) = match at.checked_sub(features.subject.len()) {
                Some(at) => (&features.body, at),
                None => (&features.subject, at),
            };
            let words = join(list.iter().skip(at).take(usize::from(len)).map(|t| t.text.as_str()));
            (Kind::Word, format!("{}: \u{201c}{words}\u{201d}", meaning(cue)))
        }
        Source::Word { subject, at, len } => {
            let list = if subject { &features.subject } else { &features.body };
            let words = join(
                list.iter().skip(usize::from(at)).take(usize::from(len)).map(|t| t.text.as_str()),
            );
            let place = if subject { "in the subject" } else { "in the text" };
            (Kind::Word, format!("\u{201c}{words}\u{201d} {place}"))
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
