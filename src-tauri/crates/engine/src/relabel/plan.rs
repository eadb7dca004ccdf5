//! What was asked for, as it is kept with the job; and which messages a change of voices can affect.

use crate::start::Parts;
use mailroom_domain::Voice;
use mailroom_store::{ChangedVoices, VoiceSet};
use mailroom_triage::Fusion;
use mailroom_wire::{RelabelOptions, RelabelScope};
use serde::{Deserialize, Serialize};

/// From this probability on, by the pool of the evidence alone, the encoder is not asked.
///
/// Measured by `triage/examples/cascade.rs`, as the share of messages that then lie in the lane that they would lie in
/// had the encoder been asked about each: 99.4 % of 700 messages of the split `calibration`, 98.4 % of 625 of `test`,
/// 98.0 % of 150 real messages; 71 to 73 % of these corpora, which hold more doubtful mail than mailboxes do, go to the
/// encoder. At 0.80 it would be 59 %, with 98.6, 97.3 and 94.7 % in the same lane: on real mail the evidence is too sure.
pub(super) const EVIDENCE_BOUND: f32 = 0.88;
/// From this probability on, by the pool of evidence and encoder, the language model is not asked.
///
/// By the same measurement 11 % of `calibration` lies below, of which 52 % is right, and 92 % of the rest; of the real
/// messages 27 %, of which 43 % is right, and 73 % of the rest.
pub(super) const ENCODER_BOUND: f32 = 0.6;

/// What a job does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Plan {
    pub(super) scope: RelabelScope,
    pub(super) options: RelabelOptions,
    pub(super) evidence_bound: f32,
    pub(super) encoder_bound: f32,
}

impl Plan {
    pub(super) fn new(scope: RelabelScope, options: RelabelOptions) -> Plan {
        let (evidence_bound, encoder_bound) = (EVIDENCE_BOUND, ENCODER_BOUND);
        Plan { scope, options, evidence_bound, encoder_bound }
    }
}

/// The voices as they are now.
pub(super) struct Now<'a> {
    evidence: &'a str,
    fusion: &'a Fusion,
    /// The encoder's version, if there is one.
    encoder: Option<String>,
    /// The model's version and exponent, if one is heard.
    model: Option<(String, f32)>,
    prompt_hash: &'a str,
}

impl<'a> Now<'a> {
    pub(super) fn of(parts: &'a Parts) -> Now<'a> {
        let triage = parts.judge.triage();
        let loaded = parts.judge.encoder().map(|encoder| encoder.version().to_owned());
        // An engine that only reads has not loaded it, and the pools were fitted for the one that ships.
        let shipped =
            parts.config.encoder.as_ref().map(|_| triage.fusion().encoder_version.clone());
        Now {
            evidence: triage.evidence_version(),
            fusion: triage.fusion(),
            encoder: loaded.or(shipped),
            model: parts.judge.model_version().filter(|(_, weight)| *weight > 0.0),
            prompt_hash: triage.prompt_hash(),
        }
    }

    /// All sets that are as they would be now.
    pub(super) fn current(&self, sets: &[mailroom_store::StoredVoiceSet]) -> ChangedVoices {
        let current = sets.iter().filter_map(|stored| Some((stored.id, self.bound(&stored.set)?)));
        ChangedVoices { current: current.collect() }
    }

    /// The probability from which on a decision of these voices would be made by the same ones now; `None` when one
    /// of them has changed. A voice that was heard and is not here any more cannot be heard anew: that is no change.
    fn bound(&self, set: &VoiceSet) -> Option<f32> {
        let share = |voice| set.voices.iter().find(|(heard, ..)| *heard == voice);
        let (_, evidence, weight) = share(Voice::Evidence)?;
        let encoder = share(Voice::Encoder);
        let pool = if encoder.is_some() { &self.fusion.encoder } else { &self.fusion.evidence };
        let exponent = |at: usize| pool.exponents.get(at).copied();
        if evidence != self.evidence || *weight != exponent(0) {
            return None;
        }
        let mut bound: f32 = 0.0;
        match (encoder, &self.encoder) {
            (Some((_, version, weight)), now) => {
                if now.as_ref().is_some_and(|now| now != version) || *weight != exponent(1) {
                    return None;
                }
            }
            (None, Some(_)) => bound = bound.max(EVIDENCE_BOUND),
            (None, None) => {}
        }
        match (share(Voice::Model), &self.model) {
            (Some((_, version, weight)), Some((now, exponent))) => {
                let prompt = set.prompt_hash.as_deref() == Some(self.prompt_hash);
                if version != now || *weight != Some(*exponent) || !prompt {
                    return None;
                }
            }
            (None, Some(_)) => bound = bound.max(ENCODER_BOUND),
            (_, None) => {}
        }
        Some(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_current_as_long_as_its_voices_exponents_and_words_are() {
        let fusion = Fusion::shipped().expect("pools");
        let now = |encoder: Option<&str>, model: Option<f32>| Now {
            evidence: "e1",
            fusion: &fusion,
            encoder: encoder.map(str::to_owned),
            model: model.map(|weight| ("m1".to_owned(), weight)),
            prompt_hash: "p1",
        };
        let alone = fusion.evidence.exponents[0];
        let [first, second] = [fusion.encoder.exponents[0], fusion.encoder.exponents[1]];
        let set = |voices: &[(Voice, &str, f32)]| VoiceSet {
            voices: voices.iter().map(|(v, name, w)| (*v, (*name).to_owned(), Some(*w))).collect(),
            prompt_hash: Some("p1".into()),
        };
        let evidence = set(&[(Voice::Evidence, "e1", alone)]);
        assert_eq!(now(None, None).bound(&evidence), Some(0.0));
        assert_eq!(now(Some("s1"), None).bound(&evidence), Some(EVIDENCE_BOUND));
        assert_eq!(now(None, Some(0.5)).bound(&evidence), Some(ENCODER_BOUND));
        assert_eq!(now(None, None).bound(&set(&[(Voice::Evidence, "e0", alone)])), None);
        assert_eq!(now(None, None).bound(&set(&[(Voice::Evidence, "e1", alone + 0.1)])), None);
        let both = set(&[(Voice::Evidence, "e1", first), (Voice::Encoder, "s1", second)]);
        assert_eq!(now(Some("s1"), None).bound(&both), Some(0.0));
        assert_eq!(now(Some("s2"), None).bound(&both), None);
        assert_eq!(now(None, None).bound(&both), Some(0.0), "it cannot be heard anew");
        let mut all = both;
        all.voices.push((Voice::Model, "m1".into(), Some(0.5)));
        assert_eq!(now(Some("s1"), Some(0.5)).bound(&all), Some(0.0));
        assert_eq!(now(Some("s1"), Some(0.7)).bound(&all), None, "it counts for more now");
        all.prompt_hash = Some("p0".into());
        assert_eq!(now(Some("s1"), Some(0.5)).bound(&all), None, "it is asked in other words");
        // What was learned from corrections has no place in this.
        let mut taught = evidence;
        taught.voices.push((Voice::Memory, "17".into(), None));
        assert_eq!(now(None, None).bound(&taught), Some(0.0));
        assert_eq!(now(None, None).bound(&VoiceSet { voices: vec![], prompt_hash: None }), None);
    }
}
