//! The label of a message: voices that are measured, weighed and fused, with the reasons.
//!
//! These are the evidence (headers, cues and words in a small linear model that ships with the app), the encoder's
//! scores of the message's digest, and the language model's question sheet; what the latter two say is handed in.
//! They are fused in log-linear pools; below a fitted threshold the label is needs-human, "unsure". Nothing here
//! reads a file, a database or a model: the weights are compiled in, and whoever runs a model brings its scores.

mod calibration;
mod cues;
mod digest;
mod evidence;
pub mod extract;
mod features;
mod fusion;
mod head;
mod instruction;
mod memory;
mod sheet;
mod tokens;
mod why;

pub use calibration::CalibrationMail;
pub use evidence::{Evidence, TriageError};
pub use fusion::{Fusion, Pool};
pub use head::{LanguageFinding, ModelHead};
pub use instruction::{Instructions, version as instructed_version};
pub use memory::{Learned, Lesson, MOST_LESSONS, Marks, Memory, Source, Traits};

use mailroom_domain::{
    Instruction, Label, MessageContent, Probabilities, Reason, ReasonKind, Sheet, SheetScores,
    Verdict, Voice, VoiceShare,
};

/// What trainers need of the features; not for anyone else.
#[doc(hidden)]
pub mod training {
    use mailroom_domain::{Label, MessageContent, SheetScores};
    use std::collections::BTreeSet;

    /// Features that are not words come first, this many.
    pub const FACTS: usize = crate::features::FACTS;
    /// How many features there are.
    pub const WIDTH: usize = crate::features::WIDTH;

    /// Indexes and values of a message's features.
    pub fn features(content: &MessageContent, own: &[String]) -> Vec<(u32, f32)> {
        crate::features::features(content, own, false)
            .all
            .iter()
            .map(|f| (f.index, f.value))
            .collect()
    }

    /// Hashes of the words of subject and text, each once.
    pub fn words(content: &MessageContent) -> BTreeSet<u64> {
        [(&content.headers.subject, 60), (&content.new_text, 400)]
            .into_iter()
            .flat_map(|(text, most)| crate::tokens::tokens(text, most))
            .map(|token| token.hash)
            .collect()
    }

    /// Questions as in `prompts/`.
    pub fn questions(text: &str) -> Vec<mailroom_domain::SheetQuestion> {
        crate::sheet::questions(text)
    }

    /// How well a head over these scores labels messages that it was not fitted on: mean log loss in nats by
    /// cross-validation, and the share that it labels right.
    pub fn sheet_loss(samples: &[(SheetScores, Label)]) -> (f32, f32) {
        crate::head::cross_validated(samples)
    }

    /// A fact's name, or what a cue or word is.
    pub fn name(index: u32) -> String {
        let facts = crate::features::FACT_NAMES;
        facts
            .get(index as usize)
            .map_or_else(|| format!("#{index}"), |(name, _)| (*name).to_owned())
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
    /// What the encoder says about [`Triage::digest`], if it was asked.
    pub encoder: Option<&'a EncoderScores>,
    /// The language model's scores for [`Triage::sheet`], if it was asked.
    pub scores: Option<&'a SheetScores>,
    /// The head that was fitted for that model.
    pub head: Option<&'a ModelHead>,
    /// The user's instructions that the sheet asked about.
    pub instructions: Option<&'a Instructions>,
    /// What the language model said when it was asked earlier, in place of `scores`.
    pub model: Option<&'a VoiceShare>,
    /// What the user has taught, if anything.
    pub memory: Option<Recall<'a>>,
}

impl<'a> Input<'a> {
    /// A message of which nothing else is known. `own` holds the reader's addresses, lower-cased.
    pub fn of(content: &'a MessageContent, own: &'a [String]) -> Input<'a> {
        Input {
            content,
            own,
            replied_to: false,
            encoder: None,
            scores: None,
            head: None,
            instructions: None,
            model: None,
            memory: None,
        }
    }
}

/// The memory, and what it looks at besides the message itself.
#[derive(Clone, Copy, Debug)]
pub struct Recall<'a> {
    /// What was learned.
    pub memory: &'a Memory,
    /// The encoder's vector for likeness, if there is one.
    pub vector: Option<&'a [f32]>,
    /// The message's conversation.
    pub thread: Option<i64>,
}

/// A message with a known label, and what a model said about it.
#[derive(Clone, Debug, PartialEq)]
pub struct CalibrationSample {
    /// The message.
    pub content: MessageContent,
    /// The language model's scores for its sheet.
    pub scores: SheetScores,
    /// What the encoder says about it, if there is one.
    pub encoder: Option<EncoderScores>,
    /// The label.
    pub label: Label,
    /// ISO 639-1, where it could be told.
    pub lang: Option<String>,
    /// It is the user's own mail, with their label.
    pub own: bool,
}

/// What the encoder says about a message's digest.
#[derive(Clone, Debug, PartialEq)]
pub struct EncoderScores {
    /// Scores of the labels before softmax, in the order of `Label::ALL`.
    pub scores: [f32; 4],
    /// The version of the encoder.
    pub version: String,
}

/// What evidence and encoder say.
struct Shipped<'a> {
    features: features::Features,
    pool: &'a Pool,
    probabilities: Probabilities,
    voices: Vec<VoiceShare>,
}

/// All voices that need no process of their own. Immutable; share it.
#[derive(Clone, Debug)]
pub struct Triage {
    evidence: Evidence,
    fusion: Fusion,
    prompts: sheet::Prompts,
}

impl Triage {
    /// The voices as shipped.
    ///
    /// # Errors
    /// When the compiled-in weights are damaged.
    pub fn shipped() -> Result<Triage, TriageError> {
        Ok(Self::with(Evidence::from_bytes(WEIGHTS)?, Fusion::shipped()?))
    }

    /// The same with other weights; for trainers.
    pub fn with(evidence: Evidence, fusion: Fusion) -> Triage {
        Triage { evidence, fusion, prompts: sheet::Prompts::shipped() }
    }

    /// The text that the encoder is to read about a message. `own` holds the reader's addresses, lower-cased.
    pub fn digest(&self, content: &MessageContent, own: &[String]) -> String {
        digest::digest(content, own)
    }

    /// The version of the evidence voice.
    pub fn evidence_version(&self) -> &str {
        self.evidence.version()
    }

    /// The pools, by whose exponents verdicts of another version are told.
    pub fn fusion(&self) -> &Fusion {
        &self.fusion
    }

    /// The content hash of everything that the language model is told besides the mail.
    pub fn prompt_hash(&self) -> &str {
        &self.prompts.hash
    }

    /// All words whose scores a sheet asks for, each with its leading space.
    pub fn words(&self) -> Vec<String> {
        let mut words: Vec<String> =
            self.prompts.questions.iter().flat_map(|q| q.words.clone()).collect();
        words.sort();
        words.dedup();
        words
    }

    /// Draws the fence around mail in a sheet from this key, which nobody outside this installation knows.
    #[must_use]
    pub fn with_fence_key(mut self, key: u64) -> Triage {
        self.prompts.key = key;
        self
    }

    /// The question sheet about a message, with the user's instructions as its last questions.
    pub fn sheet<'a>(
        &self,
        content: &MessageContent,
        instructions: impl Iterator<Item = &'a Instruction>,
    ) -> Sheet {
        self.prompts.sheet(content, instructions)
    }

    /// Messages with known labels, for fitting a model's head.
    pub fn calibration_mail(&self) -> Vec<CalibrationMail> {
        calibration::mail()
    }

    /// Fits the head of a model from its scores for labelled messages. What the other voices say about each message
    /// is what the model is weighed against.
    pub fn fit_model(&self, version: &str, samples: &[CalibrationSample]) -> ModelHead {
        let samples = samples
            .iter()
            .map(|sample| {
                let input =
                    Input { encoder: sample.encoder.as_ref(), ..Input::of(&sample.content, &[]) };
                head::Scored {
                    scores: self.shipped_part(&sample.scores),
                    label: sample.label,
                    others: self.verdict(&input).probabilities,
                    lang: sample.lang.clone(),
                    own: sample.own,
                }
            })
            .collect();
        ModelHead::fit(version, samples)
    }

    /// The answers to the shipped questions, which come first.
    fn shipped_part(&self, scores: &SheetScores) -> SheetScores {
        SheetScores(scores.0.iter().take(self.prompts.questions.len()).cloned().collect())
    }

    /// What the voices that ship with the app say about a message, pooled; without the language model and without
    /// what the user taught.
    fn shipped_voices(&self, input: &Input<'_>) -> Shipped<'_> {
        let features = features::features(input.content, input.own, input.replied_to);
        let evidence = self.evidence.probabilities(&features.all);
        let encoder =
            input.encoder.map(|said| (Probabilities::softmax(said.scores), said.version.clone()));
        let mut heard = vec![evidence];
        heard.extend(encoder.as_ref().map(|(said, _)| *said));
        let pool = if encoder.is_some() { &self.fusion.encoder } else { &self.fusion.evidence };
        let probabilities = pool.probabilities(&heard);
        let exponent = |at: usize| pool.exponents.get(at).copied().unwrap_or_default();
        let mut voices = vec![VoiceShare {
            voice: Voice::Evidence,
            probabilities: evidence,
            weight: exponent(0),
            version: self.evidence.version().to_owned(),
        }];
        voices.extend(encoder.map(|(probabilities, version)| VoiceShare {
            voice: Voice::Encoder,
            probabilities,
            weight: exponent(1),
            version,
        }));
        Shipped { features, pool, probabilities, voices }
    }

    /// What memory keeps of a message whose label the user tells. `input.memory` is not looked at.
    pub fn traits(&self, input: &Input<'_>, vector: Option<&[f32]>, thread: Option<i64>) -> Traits {
        let base = self.shipped_voices(input).probabilities;
        Traits::of(input.content, thread, vector, &base)
    }

    /// The verdict on a message, from all voices that are there.
    pub fn verdict(&self, input: &Input<'_>) -> Verdict {
        let Shipped { features, pool, probabilities: base, mut voices } =
            self.shipped_voices(input);
        let mut probabilities = base;
        let mut prompt_hash = None;
        let mut instructed = Vec::new();
        if let (Some(scores), Some(head)) = (input.scores, input.head)
            && let Some(mut model) = head.probabilities(&self.shipped_part(scores))
        {
            let mut version = head.version.clone();
            if let Some(instructions) = input.instructions {
                version = instructions.version(&version);
                if head.weight > 0.0 {
                    instructed = instructions.apply(scores);
                }
                // Their whole strength, whatever the voice's exponent below 1.
                let mut ln = model.ln();
                for (instruction, strength) in &instructed {
                    ln[instruction.label.index()] += strength / head.weight.min(1.0);
                }
                model = Probabilities::softmax(ln);
            }
            probabilities = head::pool(&probabilities, &model, head.weight);
            voices.push(VoiceShare {
                voice: Voice::Model,
                probabilities: model,
                weight: head.weight,
                version,
            });
            prompt_hash = Some(self.prompts.hash.clone());
        } else if let Some(share) = input.model {
            probabilities = head::pool(&probabilities, &share.probabilities, share.weight);
            voices.push(share.clone());
            prompt_hash = Some(self.prompts.hash.clone());
        }
        let mut learned = Vec::new();
        if let Some(Recall { memory, vector, thread }) = input.memory
            && !memory.is_empty()
            && let Some(said) = memory.recall(&Traits::of(input.content, thread, vector, &base))
        {
            let ln = probabilities.ln();
            probabilities = Probabilities::softmax(std::array::from_fn(|k| ln[k] + said.scores[k]));
            voices.push(VoiceShare {
                voice: Voice::Memory,
                probabilities: Probabilities::softmax(said.scores),
                weight: 1.0,
                version: memory.version().to_owned(),
            });
            learned = said.reasons;
        }
        let (label, unsure) = pool.decide(&probabilities);
        let most_probable = probabilities.argmax();
        let exponent = pool.exponents.first().copied().unwrap_or_default();
        let mut why = why::reasons(&self.evidence, &features, most_probable, exponent);
        why.extend(learned);
        why.extend(instructed.into_iter().map(|(instruction, strength)| Reason {
            kind: ReasonKind::Question,
            label: instruction.label,
            text: format!("The language model takes it for \u{201c}{}\u{201d}", instruction.text),
            weight: if instruction.label == most_probable { strength } else { -strength },
        }));
        for share in voices.iter().filter(|share| share.weight > 0.0) {
            let (kind, who) = match share.voice {
                Voice::Encoder => (ReasonKind::Meaning, "The meaning of the text points"),
                Voice::Model => (ReasonKind::Question, "The language model's answers point"),
                _ => continue,
            };
            why.push(Reason {
                kind,
                label: most_probable,
                text: format!("{who} to {}", share.probabilities.argmax()),
                weight: share.weight * (share.probabilities.of(most_probable).max(1e-6) * 4.0).ln(),
            });
        }
        why.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()));
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
        Verdict { label, unsure, probabilities, voices, why, prompt_hash, rule: None, ruled: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::Address;

    fn input(content: &MessageContent) -> Input<'_> {
        Input::of(content, &[])
    }

    fn message(subject: &str, text: &str) -> MessageContent {
        let mut content = MessageContent { new_text: text.into(), ..MessageContent::default() };
        content.headers.subject = subject.into();
        content.headers.from =
            Some(Address { name: "Ana Paz".into(), address: "ana@home.example".into() });
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
            assert!(
                verdict
                    .why
                    .iter()
                    .all(|r| !r.text.is_empty() && !r.text.chars().any(char::is_control))
            );
            assert!(verdict.heard(Voice::Evidence) && !verdict.heard(Voice::Model));
        }
    }

    #[test]
    fn the_encoder_is_heard_and_gives_a_reason() {
        let triage = Triage::shipped().expect("shipped weights");
        let content = message("Hello", "How are you?");
        let said = EncoderScores { scores: [9.0, 0.0, 0.0, 0.0], version: "test".into() };
        let verdict = triage.verdict(&Input { encoder: Some(&said), ..input(&content) });
        assert!(verdict.heard(Voice::Encoder));
        assert!(
            verdict.probabilities.of(Label::Urgent)
                > triage.verdict(&input(&content)).probabilities.of(Label::Urgent)
        );
        assert!(verdict.why.iter().any(|r| r.kind == ReasonKind::Meaning), "{:?}", verdict.why);
    }

    /// Samples of a model whose answer to the one question with four words tells the label.
    fn telling(triage: &Triage) -> Vec<CalibrationSample> {
        (0..48)
            .map(|n| {
                let label = Label::ALL[n % 4];
                let wobble = (n / 4) as f32 / 50.0;
                let scores = triage
                    .sheet(&MessageContent::default(), [].iter())
                    .questions
                    .iter()
                    .map(|q| match q.words.len() {
                        4 => {
                            (0..4).map(|w| if w == label.index() { 1.0 } else { wobble }).collect()
                        }
                        n => (0..n).map(|w| if w == 0 { wobble } else { 0.0 }).collect(),
                    })
                    .collect();
                let content = message("Hello", "How are you?");
                CalibrationSample {
                    content,
                    scores: SheetScores(scores),
                    encoder: None,
                    label,
                    lang: Some("en".into()),
                    own: false,
                }
            })
            .collect()
    }

    #[test]
    fn a_model_is_heard_by_its_weight() {
        let triage = Triage::shipped().expect("shipped weights");
        let samples = telling(&triage);
        let head = triage.fit_model("test", &samples);
        assert!(head.weight > 0.0, "{head:?}");
        for CalibrationSample { content, scores, label, .. } in samples.iter().take(4) {
            let verdict = triage.verdict(&Input {
                scores: Some(scores),
                head: Some(&head),
                ..input(content)
            });
            assert_eq!(verdict.most_probable(), *label);
            assert!(verdict.heard(Voice::Model) && verdict.prompt_hash.is_some());
            assert!(verdict.why.len() <= 8);
        }
        let broken = SheetScores(vec![vec![f32::NAN; 2]; 8]);
        let verdict = triage.verdict(&Input {
            scores: Some(&broken),
            head: Some(&head),
            ..input(&samples[0].content)
        });
        assert!(!verdict.heard(Voice::Model));
    }

    #[test]
    fn an_instruction_that_seems_to_apply_counts_if_its_model_does() {
        let triage = Triage::shipped().expect("shipped weights");
        let samples = telling(&triage);
        let head = triage.fit_model("test", &samples);
        let mine = Instruction { text: "mail from my landlord".into(), label: Label::Urgent };
        let with = |answer: f32| {
            let mut scores = samples[1].scores.clone();
            scores.0.push(vec![answer, 0.0]);
            scores
        };
        let ordinary: Vec<SheetScores> = (0..10).map(|n| with(n as f32 / 10.0)).collect();
        let instructions = Instructions::new(std::slice::from_ref(&mine), &ordinary);
        let content = &samples[1].content;
        let verdict = |scores: &SheetScores, head: &ModelHead| {
            triage.verdict(&Input {
                scores: Some(scores),
                head: Some(head),
                instructions: Some(&instructions),
                ..input(content)
            })
        };
        let urgent = |v: &Verdict| v.probabilities.of(Label::Urgent);
        let (usual, applies) = (verdict(&with(0.5), &head), verdict(&with(9.0), &head));
        assert!(urgent(&applies) > 2.0 * urgent(&usual), "{applies:?}");
        assert!(
            applies.why.iter().any(|r| r.text.contains("mail from my landlord")),
            "{:?}",
            applies.why
        );
        assert!(usual.voices.iter().any(|v| v.version == instructions.version(&head.version)));
        // Judged again from what was said, it says the same.
        let said = applies.voices.iter().find(|v| v.voice == Voice::Model);
        let again = triage.verdict(&Input { model: said, ..input(content) });
        assert_eq!(again.probabilities, applies.probabilities);
        let mut deaf = head.clone();
        deaf.weight = 0.0;
        assert_eq!(
            verdict(&with(9.0), &deaf).probabilities,
            verdict(&with(0.5), &deaf).probabilities
        );
    }

    #[test]
    fn calibration_mail_covers_labels_and_languages() {
        let mail = Triage::shipped().expect("shipped weights").calibration_mail();
        for label in Label::ALL {
            for lang in ["de", "en", "es", "fr", "hi", "it", "pt", "th"] {
                let of = mail.iter().filter(|m| m.label == label && m.lang == lang).count();
                assert!(of >= 2, "{of} {label} in {lang}");
            }
        }
    }
}
