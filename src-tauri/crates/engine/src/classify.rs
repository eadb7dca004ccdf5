//! Labels for messages that are not stored: for scripts and for measuring.

use crate::judge::{Heard, Judge};
use crate::{Config, encoder, failure, import, memory};
use mailroom_domain::{Probabilities, SheetScores, Verdict, Voice};
use mailroom_llm::{Llm, LlmConfig, LlmState, Priority};
use mailroom_store::Store;
use mailroom_triage::{CalibrationSample, Triage};
use mailroom_wire::{Code, Failure};
use std::sync::Arc;
use std::time::Duration;

/// A message with its verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Classified {
    /// The verdict.
    pub verdict: Verdict,
    /// The language of the text (ISO 639-1), if it could be told.
    pub language: Option<String>,
}

impl Classified {
    /// What one voice said alone, if it was heard.
    pub fn voice(&self, voice: Voice) -> Option<Probabilities> {
        self.verdict
            .voices
            .iter()
            .find(|share| share.voice == voice)
            .map(|share| share.probabilities)
    }
}

/// The voices without a database.
pub struct Classifier {
    judge: Arc<Judge>,
    llm: Option<Llm>,
}

impl Classifier {
    /// The shipped voices, what was learned in the data folder, and, if `model` is set, the language model that is in
    /// use there.
    ///
    /// # Errors
    /// [`Code::Model`] when a model was asked for and does not run.
    pub async fn open(config: Config, model: bool) -> Result<Classifier, Failure> {
        let triage = Triage::shipped().map_err(|e| Failure::new(Code::Internal, e.to_string()))?;
        let judge = Arc::new(Judge::new(triage, Vec::new()));
        if let Some(encoder) = encoder::open(&config) {
            judge.set_encoder(encoder);
        }
        memory::load_once(&config, &judge).await?;
        let llm = if model { Some(ready(&config, &judge).await?) } else { None };
        Ok(Classifier { judge, llm })
    }

    /// The verdict on a message as sent. `reader` is the reader's address, or empty.
    pub async fn classify(&self, raw: &[u8], reader: &str) -> Classified {
        let content = mailroom_mail::parse(raw);
        let scores: Option<SheetScores> = match &self.llm {
            None => None,
            Some(llm) => {
                llm.score("one".into(), self.judge.sheet(&content), Priority::Visible).await.ok()
            }
        };
        let own = import::own(reader);
        let said = self.judge.encode(&content, &own);
        let heard = Heard {
            encoder: said.as_ref().map(|(scores, _)| scores),
            vector: said.as_ref().map(|(_, vector)| &vector[..]),
            scores: scores.as_ref(),
            ..Heard::default()
        };
        let verdict = self.judge.verdict(&content, &own, heard);
        Classified { verdict, language: content.language }
    }

    /// Ends the model's process.
    pub async fn close(self) {
        if let Some(llm) = self.llm {
            llm.shutdown().await;
        }
    }
}

/// Starts the model in use and waits for it.
async fn ready(config: &Config, judge: &Judge) -> Result<Llm, Failure> {
    let failed = |text: &str| Failure::new(Code::Model, text);
    let none = "No language model is in use. Add one with `mailroom-cli model add FILE.gguf`.";
    let store = Store::open(&config.data).await.map_err(failure::store)?;
    let chosen: Option<String> = store.setting("model.in-use").await.map_err(failure::store)?;
    let chosen = chosen.ok_or_else(|| failed(none))?;
    let models = mailroom_llm::installed(&config.models()).map_err(|e| failure::model(&e))?;
    let model = models.into_iter().find(|m| m.id == chosen).ok_or_else(|| failed(none))?;
    let key = format!("model.head.{}.{}", model.id, judge.triage().prompt_hash());
    let head = store.setting(&key).await.map_err(failure::store)?;
    store.close().await;
    let program = config
        .llm
        .clone()
        .ok_or_else(|| failed("The language model's process cannot be started."))?;
    let llm = Llm::spawn(LlmConfig { words: judge.triage().words(), ..program });
    let mut states = llm.state();
    llm.load(model.clone()).await;
    let loaded = tokio::time::timeout(
        Duration::from_secs(300),
        states.wait_for(|s| matches!(s, LlmState::Ready { .. } | LlmState::Failed { .. })),
    );
    match loaded.await {
        Ok(Ok(state)) => {
            if let LlmState::Failed { reason } = &*state {
                return Err(failed(reason));
            }
        }
        _ => {
            return Err(failed(
                "The language model did not load within five minutes. Try a smaller one.",
            ));
        }
    }
    let head = match head {
        Some(head) => head,
        None => {
            let triage = judge.triage();
            let mut samples = Vec::new();
            for mail in triage.calibration_mail() {
                let sheet = triage.sheet(&mail.content);
                if let Ok(scores) = llm.score("calibration".into(), sheet, Priority::Bulk).await {
                    let encoder = judge.encode(&mail.content, &[]).map(|(scores, _)| scores);
                    samples.push(CalibrationSample {
                        content: mail.content,
                        scores,
                        encoder,
                        label: mail.label,
                        lang: Some(mail.lang),
                        own: false,
                    });
                }
            }
            triage.fit_model(&format!("{}-{}", model.id, triage.prompt_hash()), &samples)
        }
    };
    judge.set_head(Some(head));
    Ok(llm)
}
