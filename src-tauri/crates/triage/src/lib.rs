//! The label of a message: voices that are measured, weighed and fused, with the reasons.
//!
//! Today these are the evidence (headers, cues and words in a small linear model that ships with the app) and
//! the language model's question sheet, whose scores are handed in. They are fused in a log-linear pool;
//! below a fitted threshold the label is needs-human, "unsure". Nothing here reads a file, a database or a
//! model: the weights are compiled in, and whoever runs a model brings its scores.

mod calibration;
mod cues;
mod evidence;
mod features;
mod head;
mod sheet;
mod tokens;
mod why;

pub use evidence::{Evidence, TriageError};
pub use head::ModelHead;

use mailroom_domain::{
    Label, MessageContent, Probabilities, Reason, ReasonKind, Sheet, SheetScores, Verdict, Voice, VoiceShare,
};

/// What trainers need of the features; not for anyone else.
#[doc(hidden)]
pub mod training {
    use mailroom_domain::MessageContent;

    /// Features that are not words come first, this many.
    pub const FACTS: usize = crate::features::FACTS;
    /// How many features there are.
    pub const WIDTH: usize = crate::features::WIDTH;

    /// Indexes and values of a message's features.
    pub fn features(content: &MessageContent, own: &[String]) -> Vec<(u32, f32)> {
        crate::features::features(content, own, false).all.iter().map(|f| (f.index, f.value)).collect()
    }

    /// A fact's name, or what a cue or word is.
    pub fn name(index: u32) -> String {
        let facts = crate::features::FACT_NAMES;
        facts.get(index as usize).map_or_else(|| format!("#{index}"), |(name, _)| (*name).to_owned())
    }
}

/// The shipped weights.
static WEIGHTS: &[u8] = include_bytes!("../weights/evidence.bin");
/// Unsure, the probability of the label that is shown is not worth a reason of its own.
const UNSURE_WEIGHT: f32 = 0.0;

/// What is known about a message when it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The message.
    pub content: &'a MessageContent,
    /// The reader's addresses, lower-cased.
    pub own: &'a [String],
    /// It answers one of the reader's own messages.
    pub replied_to: bool,
    /// The language model's scores for [`Triage::sheet`], if it was asked.
    pub scores: Option<&'a SheetScores>,
    /// The head that was fitted for that model.
    pub head: Option<&'a ModelHead>,
}

/// All voices that need no process of their own. Immutable; share it.
#[derive(Clone, Debug)]
pub struct Triage {
    evidence: Evidence,
    prompts: sheet::Prompts,
}

impl Triage {
    /// The voices as shipped.
    ///
    /// # Errors
    /// When the compiled-in weights are damaged.
    pub fn shipped() -> Result<Triage, TriageError> {
        Ok(Self::with(Evidence::from_bytes(WEIGHTS)?))
    }

    /// The same with other weights; for trainers.
    pub fn with(evidence: Evidence) -> Triage {
        Triage { evidence, prompts: sheet::Prompts::shipped() }
    }

    /// The version of the evidence voice.
    pub fn evidence_version(&self) -> &str {
        self.evidence.version()
    }

    /// The content hash of everything that the language model is told besides the mail.
    pub fn prompt_hash(&self) -> &str {
        &self.prompts.hash
    }

    /// The question sheet about a message.
    pub fn sheet(&self, content: &MessageContent) -> Sheet {
        self.prompts.sheet(content)
    }

    /// Messages with known labels, for fitting a model's head.
    pub fn calibration_mail(&self) -> Vec<(MessageContent, Label)> {
        calibration::mail()
    }

    /// Fits the head of a model from its scores for labelled messages. The evidence about each message is
    /// what the model is weighed against.
    pub fn fit_model(&self, version: &str, samples: &[(MessageContent, SheetScores, Label)]) -> ModelHead {
        let samples = samples
            .iter()
            .map(|(content, scores, label)| {
                let features = features::features(content, &[], false);
                (scores.clone(), *label, self.evidence.probabilities(&features.all))
            })
            .collect();
        ModelHead::fit(version, samples)
    }

    /// The verdict on a message, from all voices that are there.
    pub fn verdict(&self, input: &Input<'_>) -> Verdict {
        let features = features::features(input.content, input.own, input.replied_to);
        let evidence = self.evidence.probabilities(&features.all);
        let mut probabilities = evidence;
        let mut voices = vec![VoiceShare {
            voice: Voice::Evidence,
            probabilities: evidence,
            weight: 1.0,
            version: self.evidence.version().to_owned(),
        }];
        let mut prompt_hash = None;
        if let (Some(scores), Some(head)) = (input.scores, input.head)
            && let Some(model) = head.probabilities(scores)
        {
            probabilities = head::pool(&evidence, &model, head.weight);
            voices.push(VoiceShare {
                voice: Voice::Model,
                probabilities: model,
                weight: head.weight,
                version: head.version.clone(),
            });
            prompt_hash = Some(self.prompts.hash.clone());
        }
        let (label, unsure) = self.decide(&probabilities);
        let most_probable = probabilities.argmax();
        let mut why = why::reasons(&self.evidence, &features, most_probable);
        if let Some(share) = voices.iter().find(|v| v.voice == Voice::Model && v.weight > 0.0) {
            let weight = share.weight * (share.probabilities.of(most_probable).max(1e-6) * 4.0).ln();
            why.push(Reason {
                kind: ReasonKind::Question,
                label: most_probable,
                text: format!("The language model's answers point to {}", share.probabilities.argmax()),
                weight,
            });
            why.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
        }
        if unsure {
            why.insert(
                0,
                Reason {
                    kind: ReasonKind::Unsure,
                    label: Label::NeedsHuman,
                    text: format!(
                        "Not sure: {} is only {:.0} % probable",
                        most_probable,
                        probabilities.of(most_probable) * 100.0
                    ),
                    weight: UNSURE_WEIGHT,
                },
            );
        }
        why.truncate(why::MOST);
        Verdict { label, unsure, probabilities, voices, why, prompt_hash, rule: None }
    }

    /// The label that is shown, and whether that is for want of certainty.
    fn decide(&self, probabilities: &Probabilities) -> (Label, bool) {
        let best = probabilities.argmax();
        let doubtful = probabilities.of(best) < self.evidence.threshold;
        let hidden = best == Label::Notification
            && probabilities.of(Label::Urgent) >= self.evidence.urgent_floor;
        if best != Label::NeedsHuman && (doubtful || hidden) {
            return (Label::NeedsHuman, true);
        }
        (best, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::WIDTH;
    use mailroom_domain::Address;

    fn input(content: &MessageContent) -> Input<'_> {
        Input { content, own: &[], replied_to: false, scores: None, head: None }
    }

    fn message(subject: &str, text: &str) -> MessageContent {
        let mut content = MessageContent { new_text: text.into(), ..MessageContent::default() };
        content.headers.subject = subject.into();
        content.headers.from = Some(Address { name: "Ana Paz".into(), address: "ana@home.example".into() });
        content
    }

    #[test]
    fn any_message_gets_a_verdict_and_the_same_one_each_time() {
        let triage = Triage::shipped().expect("shipped weights");
        for content in [
            MessageContent::default(),
            message("", "\u{202e}\u{0}\u{feff}"),
            message("?!", &"wort ".repeat(200_000)),
            message("明日の会議", "明日の会議は中止になりました。ご確認ください。"),
        ] {
            let verdict = triage.verdict(&input(&content));
            assert_eq!(verdict, triage.verdict(&input(&content)));
            assert!(verdict.why.len() <= 8);
            assert!(verdict.why.iter().all(|r| !r.text.is_empty() && !r.text.chars().any(char::is_control)));
            assert!(verdict.heard(Voice::Evidence) && !verdict.heard(Voice::Model));
        }
    }

    #[test]
    fn doubt_and_hidden_urgency_go_to_a_human() {
        let evidence = |threshold, floor| {
            let weights = vec![[0; 4]; WIDTH];
            Triage::with(Evidence::new([1.0; 2], [0.0, -1.0, -1.0, 0.5], 1.0, threshold, floor, weights))
        };
        let content = MessageContent::default();
        // softmax(0, -1, -1, 0.5): urgent 0.30, notification 0.49
        let label = |triage: Triage| {
            let v = triage.verdict(&input(&content));
            (v.label, v.unsure)
        };
        assert_eq!(label(evidence(0.3, 0.9)), (Label::Notification, false));
        assert_eq!(label(evidence(0.6, 0.9)), (Label::NeedsHuman, true));
        assert_eq!(label(evidence(0.3, 0.2)), (Label::NeedsHuman, true));
    }

    #[test]
    fn a_model_is_heard_by_its_weight() {
        let triage = Triage::shipped().expect("shipped weights");
        let samples: Vec<_> = (0..48)
            .map(|n| {
                let label = Label::ALL[n % 4];
                let wobble = (n / 4) as f32 / 50.0;
                let scores = (0..8)
                    .map(|q| match q {
                        7 => (0..4).map(|w| if w == label.index() { 1.0 } else { wobble }).collect(),
                        _ => vec![wobble, 0.0],
                    })
                    .collect();
                (message("Hello", "How are you?"), SheetScores(scores), label)
            })
            .collect();
        let head = triage.fit_model("test", &samples);
        assert!(head.weight > 0.0, "{head:?}");
        for (content, scores, label) in samples.iter().take(4) {
            let verdict = triage.verdict(&Input { scores: Some(scores), head: Some(&head), ..input(content) });
            assert_eq!(verdict.most_probable(), *label);
            assert!(verdict.heard(Voice::Model) && verdict.prompt_hash.is_some());
            assert!(verdict.why.len() <= 8);
        }
        let broken = SheetScores(vec![vec![f32::NAN; 2]; 8]);
        let verdict =
            triage.verdict(&Input { scores: Some(&broken), head: Some(&head), ..input(&samples[0].0) });
        assert!(!verdict.heard(Voice::Model));
    }

    #[test]
    fn calibration_mail_covers_the_labels() {
        let mail = Triage::shipped().expect("shipped weights").calibration_mail();
        for label in Label::ALL {
            assert!(mail.iter().filter(|(_, l)| *l == label).count() >= 8, "{label}");
        }
    }
}
