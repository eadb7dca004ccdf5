//! One place where a message gets its verdict: the user's rules first, then the voices.

use mailroom_domain::{
    Action, Label, MessageContent, Probabilities, Reason, ReasonKind, Rule, Sheet, SheetScores,
    ThreadId, Verdict, Voice, VoiceShare,
};
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Input, Instructions, Memory, ModelHead, Recall, Triage};
use std::sync::{Arc, PoisonError, RwLock};

/// Rules and voices, ready to judge.
pub(crate) struct Judge {
    triage: Triage,
    // Leaf values, replaced as wholes; never held across an await.
    rules: RwLock<Arc<[Rule]>>,
    head: RwLock<Option<Arc<ModelHead>>>,
    instructions: RwLock<Arc<Instructions>>,
    encoder: RwLock<Option<Arc<Encoder>>>,
    memory: RwLock<Arc<Memory>>,
}

/// The language model's answers to a sheet.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    pub(crate) scores: SheetScores,
    /// The user's instructions that were asked about.
    pub(crate) instructions: Arc<Instructions>,
}

/// What the voices that cost time said about a message, as far as they were asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Heard<'a> {
    pub(crate) encoder: Option<&'a EncoderScores>,
    pub(crate) answers: Option<&'a Answers>,
    /// What the language model said earlier, in place of `answers`.
    pub(crate) model: Option<&'a VoiceShare>,
    /// The encoder's vector, for memory.
    pub(crate) vector: Option<&'a [f32]>,
    /// The message's conversation, for memory.
    pub(crate) thread: Option<ThreadId>,
}

impl Judge {
    pub(crate) fn new(triage: Triage, rules: Vec<Rule>) -> Self {
        Judge {
            triage,
            rules: RwLock::new(rules.into()),
            head: RwLock::default(),
            instructions: RwLock::default(),
            encoder: RwLock::default(),
            memory: RwLock::default(),
        }
    }

    pub(crate) fn triage(&self) -> &Triage {
        &self.triage
    }

    /// The fitted head of the model in use.
    pub(crate) fn set_head(&self, head: Option<ModelHead>) {
        *self.head.write().unwrap_or_else(PoisonError::into_inner) = head.map(Arc::new);
    }

    /// The fitted head of the model in use, once there is one.
    pub(crate) fn head(&self) -> Option<Arc<ModelHead>> {
        self.head.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The user's instructions as the model in use answers them; none until they were measured.
    pub(crate) fn instructions(&self) -> Arc<Instructions> {
        Arc::clone(&self.instructions.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_instructions(&self, instructions: Instructions) {
        *self.instructions.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(instructions);
    }

    /// The version of the model's voice as it is asked now, and its weight.
    pub(crate) fn model_version(&self) -> Option<(String, f32)> {
        self.head().map(|head| (self.instructions().version(&head.version), head.weight))
    }

    /// The encoder, once it is loaded.
    pub(crate) fn encoder(&self) -> Option<Arc<Encoder>> {
        self.encoder.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_encoder(&self, encoder: Encoder) {
        *self.encoder.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(encoder));
    }

    /// What the encoder says about a message, with its vector for likeness, if there is one. Takes some 30 ms on the
    /// calling thread.
    pub(crate) fn encode(
        &self,
        content: &MessageContent,
        own: &[String],
    ) -> Option<(EncoderScores, Vec<f32>)> {
        let encoder = self.encoder()?;
        let digest = self.triage.digest(content, own);
        match encoder.encode(&[&digest]) {
            Ok(said) => {
                let said = said.into_iter().next()?;
                let version = encoder.version().to_owned();
                Some((EncoderScores { scores: said.scores?, version }, said.vector))
            }
            Err(error) => {
                tracing::warn!(%error, "the encoder could not read a message");
                None
            }
        }
    }

    /// What the user has taught.
    pub(crate) fn memory(&self) -> Arc<Memory> {
        Arc::clone(&self.memory.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_memory(&self, memory: Memory) {
        *self.memory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(memory);
    }

    /// The sheet about a message, and the instructions that it asks about.
    pub(crate) fn sheet(&self, content: &MessageContent) -> (Sheet, Arc<Instructions>) {
        let instructions = self.instructions();
        (self.triage.sheet(content, instructions.list()), instructions)
    }

    /// The verdict on a message. `own` holds the reader's addresses, lower-cased.
    pub(crate) fn verdict(
        &self,
        content: &MessageContent,
        own: &[String],
        heard: Heard<'_>,
    ) -> Verdict {
        let head = self.head.read().unwrap_or_else(PoisonError::into_inner).clone();
        let memory = self.memory();
        let mut verdict = self.triage.verdict(&Input {
            encoder: heard.encoder,
            scores: heard.answers.map(|answers| &answers.scores),
            head: head.as_deref(),
            instructions: heard.answers.map(|answers| &*answers.instructions),
            model: heard.model,
            memory: Some(Recall {
                memory: &memory,
                vector: heard.vector,
                thread: heard.thread.map(|thread| thread.0),
            }),
            ..Input::of(content, own)
        });
        let rules = Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner));
        if let Some(rule) = rules.iter().find(|rule| rule.applies(&content.headers)) {
            let Action::Label { label } = rule.action;
            overrule(&mut verdict, rule, label);
        }
        verdict
    }
}

fn overrule(verdict: &mut Verdict, rule: &Rule, label: Label) {
    verdict.label = label;
    verdict.unsure = false;
    verdict.rule = Some(rule.id);
    let mut certain = [0.0; 4];
    certain[label.index()] = 1.0;
    verdict.voices.push(VoiceShare {
        voice: Voice::Rule,
        probabilities: Probabilities::from_weights(certain).unwrap_or(Probabilities::UNIFORM),
        weight: 1.0,
        version: format!("rule {}", rule.id.0),
    });
    verdict.why.insert(
        0,
        Reason {
            kind: ReasonKind::Rule,
            label,
            text: format!("Your rule \u{201c}{}\u{201d} says so", rule.name),
            weight: 10.0,
        },
    );
    verdict.why.truncate(8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::{Condition, Field, Match, RuleId};

    #[test]
    fn a_rule_overrules_the_voices_and_says_so() {
        let rule = Rule {
            id: RuleId(7),
            name: "Invoices".into(),
            enabled: true,
            position: 0,
            conditions: vec![Condition {
                field: Field::Subject,
                matches: Match::Contains,
                value: "invoice".into(),
            }],
            action: Action::Label { label: Label::Task },
        };
        let judge = Judge::new(Triage::shipped().expect("shipped weights"), vec![rule]);
        let mut content = MessageContent::default();
        content.headers.subject = "Your INVOICE".into();
        let verdict = judge.verdict(&content, &[], Heard::default());
        assert_eq!(
            (verdict.label, verdict.unsure, verdict.rule),
            (Label::Task, false, Some(RuleId(7)))
        );
        assert_eq!(verdict.why[0].kind, ReasonKind::Rule);
        content.headers.subject = "Lunch".into();
        assert_eq!(judge.verdict(&content, &[], Heard::default()).rule, None);
    }
}
