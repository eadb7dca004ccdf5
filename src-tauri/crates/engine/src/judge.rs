//! One place where a message gets its verdict: the user's rules first, then the voices.

use crate::now;
use crate::places::{Lies, Places};
use mailroom_domain::rules::{Rules, Subject, evaluate};
use mailroom_domain::{
    FlagSet, Label, MessageContent, Probabilities, Reason, ReasonKind, RuleId, Ruled, Sheet,
    SheetScores, ThreadId, Verdict, Voice, VoiceShare,
};
use mailroom_encoder::Encoder;
use mailroom_triage::{EncoderScores, Input, Instructions, Memory, ModelHead, Recall, Triage};
use std::sync::{Arc, PoisonError, RwLock};

/// Rules and voices, ready to judge.
pub(crate) struct Judge {
    triage: Triage,
    // Leaf values, replaced as wholes; never held across an await.
    rules: RwLock<Rules>,
    places: RwLock<Arc<Places>>,
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
    /// Where it lies, for the rules; `None` if it is not stored.
    pub(crate) lies: Option<Lies<'a>>,
}

impl Judge {
    pub(crate) fn new(triage: Triage, rules: Rules) -> Self {
        Judge {
            triage,
            rules: RwLock::new(rules),
            places: RwLock::default(),
            head: RwLock::default(),
            instructions: RwLock::default(),
            encoder: RwLock::default(),
            memory: RwLock::default(),
        }
    }

    pub(crate) fn triage(&self) -> &Triage {
        &self.triage
    }

    /// The rules in force.
    pub(crate) fn rules(&self) -> Rules {
        self.rules.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_rules(&self, rules: Rules) {
        *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
    }

    /// Accounts and folders as they were last read.
    pub(crate) fn places(&self) -> Arc<Places> {
        Arc::clone(&self.places.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set_places(&self, places: Places) {
        *self.places.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(places);
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
        self.hear_rules(&mut verdict, content, own, heard.lies);
        verdict
    }

    /// Puts a verdict to the rules as they are now, whatever rules have made of it before.
    pub(crate) fn hear_rules(
        &self,
        verdict: &mut Verdict,
        content: &MessageContent,
        own: &[String],
        lies: Option<Lies<'_>>,
    ) {
        unruled(verdict);
        let rules = self.rules();
        if rules.as_slice().is_empty() {
            return;
        }
        let places = self.places();
        let around = lies.map(|lies| places.around(lies.folder)).unwrap_or_default();
        let none = FlagSet::default();
        let flags = lies.map_or(&none, |lies| lies.flags);
        let received = lies.map(|lies| lies.received).or(content.headers.date).unwrap_or_default();
        let mut subject = Subject::of(content, verdict, flags, own, received);
        (subject.account, subject.folder, subject.folders) =
            (around.account, around.folder, &around.folders);
        // All of it is loaded, so there is an answer.
        let Ok(outcome) = evaluate(&rules, &subject, now()) else { return };
        if outcome.matched.is_empty() {
            return;
        }
        let ruled = Ruled { label: verdict.label, unsure: verdict.unsure, outcome };
        if let Some(effect) = &ruled.outcome.label {
            let rule = rules.as_slice().iter().find(|rule| rule.id == effect.rule);
            overrule(verdict, effect.rule, rule.map_or("", |rule| &rule.name), effect.value);
        }
        verdict.ruled = Some(Box::new(ruled));
    }
}

/// The verdict as the voices gave it.
fn unruled(verdict: &mut Verdict) {
    (verdict.label, verdict.unsure) = verdict.voiced();
    verdict.voices.retain(|share| share.voice != Voice::Rule);
    verdict.why.retain(|reason| reason.kind != ReasonKind::Rule);
    (verdict.rule, verdict.ruled) = (None, None);
}

fn overrule(verdict: &mut Verdict, rule: RuleId, name: &str, label: Label) {
    verdict.label = label;
    verdict.unsure = false;
    verdict.rule = Some(rule);
    let mut certain = [0.0; 4];
    certain[label.index()] = 1.0;
    verdict.voices.push(VoiceShare {
        voice: Voice::Rule,
        probabilities: Probabilities::from_weights(certain).unwrap_or(Probabilities::UNIFORM),
        weight: 1.0,
        version: format!("rule {rule}"),
    });
    verdict.why.insert(
        0,
        Reason {
            kind: ReasonKind::Rule,
            label,
            text: format!("Your rule \u{201c}{name}\u{201d} says so"),
            weight: 10.0,
        },
    );
    verdict.why.truncate(8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailroom_domain::rules::{Action, Condition, Group, Rule, TextField, TextTest};

    #[test]
    fn a_rule_overrules_the_voices_and_says_so_until_it_is_gone() {
        let rule = Rule {
            id: RuleId(7),
            name: "Invoices".into(),
            enabled: true,
            when: Group::all(vec![Condition::Text {
                field: TextField::Subject,
                test: TextTest::Contains("invoice".into()),
            }]),
            then: vec![Action::SetLabel { label: Label::Task }, Action::Flag {}],
        };
        let rules = Rules::new(vec![rule]).expect("sound rules");
        let judge = Judge::new(Triage::shipped().expect("shipped weights"), rules);
        let mut content = MessageContent::default();
        content.headers.subject = "Your INVOICE".into();
        let mut verdict = judge.verdict(&content, &[], Heard::default());
        assert_eq!(
            (verdict.label, verdict.unsure, verdict.rule),
            (Label::Task, false, Some(RuleId(7)))
        );
        assert_eq!(verdict.why[0].kind, ReasonKind::Rule);
        let ruled = verdict.ruled.as_ref().expect("it matched");
        assert_eq!(ruled.outcome.flagged, Some(RuleId(7)));
        let (again, voiced) = (verdict.clone(), verdict.voiced());
        judge.hear_rules(&mut verdict, &content, &[], None);
        assert_eq!(verdict, again, "twice is as good as once");
        judge.set_rules(Rules::default());
        judge.hear_rules(&mut verdict, &content, &[], None);
        assert_eq!((verdict.label, verdict.unsure), voiced);
        assert!(verdict.rule.is_none() && !verdict.heard(Voice::Rule));
        content.headers.subject = "Lunch".into();
        assert_eq!(judge.verdict(&content, &[], Heard::default()).rule, None);
    }
}
