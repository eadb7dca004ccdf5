//! Labels for messages that are not stored: for scripts and for measuring.

use crate::judge::{Answers, Heard, Judge};
use crate::secret::Keychain;
use crate::{Config, encoder, failure, import, instruct, memory, model};
use mailroom_domain::rules::Rules;
use mailroom_domain::{Probabilities, Verdict, Voice};
use mailroom_llm::{Connection, Llm, LlmConfig, LlmState, Priority};
use mailroom_store::Store;
use mailroom_triage::CalibrationSample;
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
        let judge =
            Arc::new(Judge::new(instruct::triage(fence_key(&config).await?)?, Rules::default()));
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
        let answers = match &self.llm {
            None => None,
            Some(llm) => {
                let (sheet, instructions) = self.judge.sheet(&content);
                let scores = llm.score("one".into(), sheet, Priority::Visible).await.ok();
                scores.map(|scores| Answers { scores, instructions })
            }
        };
        let own = import::own(reader);
        let said = self.judge.encode(&content, &own);
        let heard = Heard {
            encoder: said.as_ref().map(|(scores, _)| scores),
            vector: said.as_ref().map(|(_, vector)| &vector[..]),
            answers: answers.as_ref(),
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

/// The fence's key of a data folder; any, where there is none.
async fn fence_key(config: &Config) -> Result<u64, Failure> {
    if !config.data.exists() {
        return Ok(0);
    }
    let store = Store::open(&config.data).await.map_err(failure::store)?;
    let key = instruct::fence_key(&store).await;
    store.close().await;
    key
}

/// Starts the model in use and waits for it.
async fn ready(config: &Config, judge: &Judge) -> Result<Llm, Failure> {
    let failed = |text: &str| Failure::new(Code::Model, text);
    let none = "No language model is in use. Add one with `mailroom-cli model add FILE.gguf`.";
    let store = Store::open(&config.data).await.map_err(failure::store)?;
    let chosen: Option<String> = store.setting("model.in-use").await.map_err(failure::store)?;
    let chosen = chosen.ok_or_else(|| failed(none))?;
    let models = mailroom_llm::installed(&config.models()).map_err(|e| failure::model(&e))?;
    let installed = models.into_iter().find(|m| m.id == chosen);
    let endpoint = model::endpoint(&store).await?.filter(|e| e.id() == chosen);
    let key = model::head_setting(&chosen, judge.triage().prompt_hash());
    let head = store.setting(&key).await.map_err(failure::store)?;
    let version = format!("{chosen}-{}", judge.triage().prompt_hash());
    let measured = instruct::measured(&store, &version).await?;
    store.close().await;
    let program = config
        .llm
        .clone()
        .ok_or_else(|| failed("The language model's process cannot be started."))?;
    let llm = Llm::spawn(LlmConfig { words: judge.triage().words(), ..program });
    let mut states = llm.state();
    match (installed, endpoint) {
        (Some(model), _) => llm.load(model).await,
        (None, Some(endpoint)) => {
            let keychain = Keychain::open(config.keychain).await;
            let key = keychain.endpoint_key(&endpoint.url).await;
            let connection = Connection::new(endpoint, key).map_err(|e| failure::endpoint(&e))?;
            llm.connect(connection).await;
        }
        (None, None) => return Err(failed(none)),
    }
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
                let sheet = triage.sheet(&mail.content, [].iter());
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
            triage.fit_model(&version, &samples)
        }
    };
    judge.set_head(Some(head));
    judge.set_instructions(measured.unwrap_or_default());
    Ok(llm)
}
