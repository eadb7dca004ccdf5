//! A language model behind an address that the user names: an OpenAI-compatible server that returns log-probabilities
//! (llama.cpp's server, vLLM, mistral.rs's server and others).
//!
//! The sheet goes out as one completion of one token for each question, all with the same beginning, which such servers
//! keep from one request to the next. Mail leaves this computer here, and nowhere else: who calls this has asked the
//! user. What a server cannot tell, such as a word that is not among its most probable ones, gets a floor.

use mailroom_domain::{Sheet, SheetScores};
use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use url::Url;

/// Most probable tokens that are asked for. What a small model would rather say than yes or no comes first, so the more
/// the better; vLLM refuses more than 20 unless it was told otherwise, and others more than 5.
const MOST_PROBABLE: [usize; 4] = [512, 100, 20, 5];
/// Bytes of an answer that are read; a thousand times what is asked for.
const LONGEST_ANSWER: usize = 4 << 20;
/// Tries of one request.
const TRIES: u32 = 4;
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(120);

/// Which server, and which of its models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// What `/completions` is put behind: `http://localhost:8080/v1`.
    pub url: String,
    /// The model's name there.
    pub model: String,
}

/// Why an endpoint cannot be used, or did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndpointError {
    /// It is no address of a server.
    #[error("\"{0}\" is no address of a server. Give one such as http://localhost:8080/v1.")]
    Url(String),
    /// Mail would cross the internet unprotected.
    #[error(
        "\"{0}\" is not protected. Mail goes to other networks over https alone; give an address that begins with https."
    )]
    Unprotected(String),
    /// It cannot be reached, or the connection broke.
    #[error("{host} does not answer ({reason}). Start the server there, or check the address.")]
    Unreachable {
        /// Whom.
        host: String,
        /// What the network said.
        reason: String,
    },
    /// It wants another key.
    #[error("{0} refused the key. Give the right one.")]
    Refused(String),
    /// It has no such model or no such service.
    #[error("{host} has no model \"{model}\", or no completions under that address. Check both.")]
    NotThere {
        /// Whom.
        host: String,
        /// Which.
        model: String,
    },
    /// It answers, but without what is needed.
    #[error(
        "{0} returns no log-probabilities, so its answers cannot be weighed. Use a server that does, such as llama.cpp's or vLLM."
    )]
    NoLogProbabilities(String),
    /// It answers with an error to this request.
    #[error("{host} answered with {status}: {text}")]
    Answered {
        /// Whom.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said, cut short.
        text: String,
    },
    /// What it says is no answer.
    #[error("{0} gives answers that cannot be read. Is it an OpenAI-compatible server?")]
    Unreadable(String),
}

impl EndpointError {
    /// Whether the same request may be answered later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            EndpointError::Unreachable { .. } => true,
            EndpointError::Answered { status, .. } => matches!(status, 408 | 429 | 500..),
            _ => false,
        }
    }

    /// Whether it is about this request alone: another one may be answered.
    pub(crate) fn is_about_the_sheet(&self) -> bool {
        matches!(self, EndpointError::Answered { status: 400..=499, .. }) && !self.is_passing()
    }
}

impl Endpoint {
    /// An endpoint whose address is one that mail may go to: https, or this computer or network.
    ///
    /// # Errors
    /// [`EndpointError::Url`], [`EndpointError::Unprotected`]
    pub fn new(url: &str, model: &str) -> Result<Endpoint, EndpointError> {
        let text = url.trim().trim_end_matches('/');
        let bad = || EndpointError::Url(text.to_owned());
        let parsed = Url::parse(text).map_err(|_| bad())?;
        let host = parsed.host().ok_or_else(bad)?;
        let near = match &host {
            url::Host::Domain(name) => {
                !name.contains('.')
                    || [".local", ".lan", ".home.arpa", ".localhost"]
                        .iter()
                        .any(|end| name.to_lowercase().ends_with(end))
            }
            url::Host::Ipv4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
            url::Host::Ipv6(ip) => {
                ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
            }
        };
        match parsed.scheme() {
            "https" => {}
            "http" if near => {}
            "http" => return Err(EndpointError::Unprotected(text.to_owned())),
            _ => return Err(bad()),
        }
        if !parsed.username().is_empty() || parsed.query().is_some() || parsed.fragment().is_some()
        {
            return Err(bad());
        }
        Ok(Endpoint { url: text.to_owned(), model: model.trim().to_owned() })
    }

    /// What it is known by, in place of a file's digits.
    pub fn id(&self) -> String {
        let digest = Sha256::digest(format!("{}\0{}", self.url, self.model));
        let digits: String = digest.iter().take(5).map(|byte| format!("{byte:02x}")).collect();
        format!("at{digits}")
    }

    /// The server's name and port, as shown.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.url).ok();
        let host = url.as_ref().and_then(Url::host_str).unwrap_or(&self.url);
        match url.as_ref().and_then(Url::port) {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }
}

/// Bytes that went to an endpoint and came from it, for all to see. Shared by all clones of a connection.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Traffic {
    /// Bytes of requests' and answers' bodies so far.
    pub fn bytes(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.received.load(Ordering::Relaxed))
    }
}

/// A way to an endpoint. Cheap to clone.
#[derive(Clone)]
pub struct Connection {
    client: reqwest::Client,
    endpoint: Endpoint,
    key: Option<Arc<str>>,
    traffic: Arc<Traffic>,
    /// How many tokens the server tells of; an index into [`MOST_PROBABLE`].
    told: Arc<AtomicUsize>,
}

impl std::fmt::Debug for Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Without the key.
        f.debug_struct("Connection").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Connection {
    /// Nothing is sent yet. `key` goes out as a bearer token.
    ///
    /// # Errors
    /// [`EndpointError::Unreachable`] when the operating system gives no certificates to trust.
    pub fn new(endpoint: Endpoint, key: Option<String>) -> Result<Connection, EndpointError> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(ANSWER)
            // Mail goes to the address that the user named.
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("Mailroom/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|e| EndpointError::Unreachable { host: endpoint.host(), reason: plain(&e) })?;
        let key = key.filter(|key| !key.trim().is_empty()).map(|key| key.trim().into());
        Ok(Connection { client, endpoint, key, traffic: Arc::default(), told: Arc::default() })
    }

    /// Whom it leads to.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The model and where it runs, as shown.
    pub fn name(&self) -> String {
        let host = self.endpoint.host();
        match self.endpoint.model.as_str() {
            "" => host,
            model => format!("{model} at {host}"),
        }
    }

    /// What has gone over it.
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Asks for one token after a few words of ours, to see that all is as it must be, and how many tokens the server
    /// tells of. No mail is sent.
    ///
    /// # Errors
    /// [`EndpointError`]
    pub async fn check(&self) -> Result<(), EndpointError> {
        for at in 0..MOST_PROBABLE.len() {
            self.told.store(at, Ordering::Relaxed);
            match self.next_token("The capital of France is").await {
                Err(error) if error.is_about_the_sheet() && at + 1 < MOST_PROBABLE.len() => {}
                answer => return answer.map(|_| ()),
            }
        }
        Ok(())
    }

    /// The scores of a sheet.
    ///
    /// # Errors
    /// [`EndpointError`]
    pub async fn score(&self, sheet: &Sheet) -> Result<SheetScores, EndpointError> {
        let mut prompt = beginning(sheet);
        let mut out = Vec::with_capacity(sheet.questions.len());
        for question in &sheet.questions {
            prompt.push_str(&question.line);
            let tokens = self.next_token(&prompt).await?;
            out.push(scores(&tokens, &question.words));
            prompt.push_str(&question.filler);
            prompt.push('\n');
        }
        Ok(SheetScores(out))
    }

    /// The most probable next tokens with their log-probabilities.
    async fn next_token(&self, prompt: &str) -> Result<Vec<(String, f32)>, EndpointError> {
        let body = json!({
            "model": self.endpoint.model,
            "prompt": prompt,
            "max_tokens": 1,
            "temperature": 0,
            "logprobs": MOST_PROBABLE.get(self.told.load(Ordering::Relaxed)),
        });
        let mut wait = Duration::from_millis(100);
        for _ in 1..TRIES {
            match self.post(&body).await {
                Err(error) if error.is_passing() => {
                    tracing::debug!(%error, "asked again");
                    tokio::time::sleep(wait).await;
                    wait *= 3;
                }
                answer => return answer,
            }
        }
        self.post(&body).await
    }

    async fn post(&self, body: &Value) -> Result<Vec<(String, f32)>, EndpointError> {
        let host = self.endpoint.host();
        let broken = |e: &reqwest::Error| EndpointError::Unreachable {
            host: host.clone(),
            reason: plain(e),
        };
        let text = body.to_string();
        self.traffic.sent.fetch_add(text.len() as u64, Ordering::Relaxed);
        let mut request = self
            .client
            .post(format!("{}/completions", self.endpoint.url))
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(text);
        if let Some(key) = &self.key {
            request = request.header(AUTHORIZATION, format!("Bearer {key}"));
        }
        let mut response = request.send().await.map_err(|e| broken(&e))?;
        let status = response.status();
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|e| broken(&e))? {
            self.traffic.received.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            if answer.len() + chunk.len() > LONGEST_ANSWER {
                return Err(EndpointError::Unreadable(host));
            }
            answer.extend_from_slice(&chunk);
        }
        match status {
            StatusCode::OK => {}
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                return Err(EndpointError::Refused(host));
            }
            StatusCode::NOT_FOUND => {
                return Err(EndpointError::NotThere { host, model: self.endpoint.model.clone() });
            }
            status => {
                let text: String = String::from_utf8_lossy(&answer)
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .take(200)
                    .collect();
                return Err(EndpointError::Answered { host, status: status.as_u16(), text });
            }
        }
        let answer: Value =
            serde_json::from_slice(&answer).map_err(|_| EndpointError::Unreadable(host.clone()))?;
        most_probable(&answer).ok_or(EndpointError::NoLogProbabilities(host))
    }
}

/// What went wrong, without the address, which may hold more than a host.
fn plain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it took too long".into();
    }
    let mut source: &dyn std::error::Error = error;
    while let Some(next) = source.source() {
        source = next;
    }
    source.to_string()
}

/// Everything before the first question. Servers read special tokens in a prompt as such, so that in foreign text
/// nothing may look like one: `<|eot_id|>`, `</s>`, `[INST]`.
fn beginning(sheet: &Sheet) -> String {
    let mail: String = sheet
        .mail
        .chars()
        .map(|c| match c {
            '<' => '\u{2039}',
            '>' => '\u{203a}',
            '[' => '(',
            ']' => ')',
            c => c,
        })
        .collect();
    let fence = match sheet.fence.as_str() {
        "" => [String::new(), String::new()],
        fence => [format!("{fence}\n"), format!("\n{fence}")],
    };
    let [before, after] = fence;
    format!("{}\n\n{before}{mail}{after}\n\n{}\n", sheet.instruction, sheet.form)
}

/// The tokens of an answer: `logprobs.top_logprobs[0]` is a map in the older form of completions, and
/// `logprobs.content[0].top_logprobs` a list in the newer one.
fn most_probable(answer: &Value) -> Option<Vec<(String, f32)>> {
    let logprobs = answer.get("choices")?.get(0)?.get("logprobs")?;
    let pair = |token: &str, value: &Value| Some((token.to_owned(), value.as_f64()? as f32));
    let found: Option<Vec<(String, f32)>> = if let Some(map) =
        logprobs.get("top_logprobs").and_then(|l| l.get(0)).and_then(Value::as_object)
    {
        map.iter().map(|(token, value)| pair(token, value)).collect()
    } else {
        let list = logprobs.get("content")?.get(0)?.get("top_logprobs")?.as_array()?;
        list.iter().map(|t| pair(t.get("token")?.as_str()?, t.get("logprob")?)).collect()
    };
    found.filter(|tokens| !tokens.is_empty() && tokens.iter().all(|(_, p)| p.is_finite()))
}

/// The natural-log probability of each word: of the token that is the word, as an engine of our own has it, else of all
/// tokens that begin it, with and without its blank. One that is not among the most probable tokens is less probable
/// than any of these.
fn scores(tokens: &[(String, f32)], words: &[String]) -> Vec<f32> {
    let floor = tokens.iter().map(|(_, p)| *p).fold(0.0f32, f32::min) - 1.0;
    let begins = |token: &str, word: &str| {
        let token = token.trim_start_matches([' ', '\u{2581}', '\u{120}']).to_lowercase();
        let word = word.trim().to_lowercase();
        token == word || (token.chars().count() >= 2 && word.starts_with(&token))
    };
    words
        .iter()
        .map(|word| {
            let whole = |token: &str| token.replace(['\u{2581}', '\u{120}'], " ") == **word;
            if let Some((_, p)) = tokens.iter().find(|(token, _)| whole(token)) {
                return *p;
            }
            let sum: f32 =
                tokens.iter().filter(|(t, _)| begins(t, word)).map(|(_, p)| p.exp()).sum();
            if sum > 0.0 { sum.ln() } else { floor }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_goes_to_other_networks_over_https_alone() {
        for good in [
            "https://api.firm.example/v1/",
            "http://localhost:8080/v1",
            "http://127.0.0.1:1/v1",
            "http://[::1]:1/v1",
            "http://192.168.1.7:11434/v1",
            "http://gpu:8000/v1",
            "http://gpu.local/v1",
        ] {
            assert!(Endpoint::new(good, "m").is_ok(), "{good}");
        }
        for bad in ["http://api.firm.example/v1", "http://8.8.8.8/v1"] {
            assert!(matches!(Endpoint::new(bad, "m"), Err(EndpointError::Unprotected(_))), "{bad}");
        }
        for bad in ["", "localhost", "ftp://a/", "https://u:p@a.example/v1", "https://a.example/?q"]
        {
            assert!(matches!(Endpoint::new(bad, "m"), Err(EndpointError::Url(_))), "{bad}");
        }
        assert_eq!(
            Endpoint::new("http://localhost:8080/v1/", "m").map(|e| e.host()),
            Ok("localhost:8080".into())
        );
    }

    #[test]
    fn nothing_in_mail_looks_like_a_special_token() {
        let sheet = Sheet {
            instruction: "Read.".into(),
            mail: "a <|eot_id|> </s> [INST] b".into(),
            mail_tokens: 10,
            fence: "--- 1 ---".into(),
            form: "Form:".into(),
            questions: vec![],
        };
        let text = beginning(&sheet);
        assert!(!text.contains(['<', '>', '[', ']']), "{text}");
        assert!(text.starts_with("Read.\n\n--- 1 ---\na "), "{text}");
        assert!(text.ends_with("b\n--- 1 ---\n\nForm:\n"), "{text}");
    }

    #[test]
    fn both_forms_of_answers_are_read() {
        let older = json!({ "choices": [{ "logprobs": { "top_logprobs": [{ " yes": -0.5, " no": -1.5, " y": -3.0 }] } }] });
        let newer = json!({ "choices": [{ "logprobs": { "content": [{ "top_logprobs": [
            { "token": " yes", "logprob": -0.5 }, { "token": " Yes", "logprob": -2.0 }, { "token": "\u{2581}no", "logprob": -1.5 }
        ] }] } }] });
        let words = [" yes".to_owned(), " no".to_owned(), " maybe".to_owned()];
        let of = |answer| scores(&most_probable(answer).expect("tokens"), &words);
        let told = of(&older);
        assert!((told[0] + 0.5).abs() < 1e-5 && (told[1] + 1.5).abs() < 1e-5, "{told:?}");
        assert_eq!(told[2], -4.0, "less than all that were told");
        assert_eq!(of(&newer)[0], -0.5, "the word itself");
        let parts = json!({ "choices": [{ "logprobs": { "top_logprobs": [{ "Yes": -1.0, "ye": -2.0 }] } }] });
        assert!((of(&parts)[0] + 0.687).abs() < 0.01, "two ways to begin it");
        for none in [json!({}), json!({ "choices": [{ "text": " yes", "logprobs": null }] })] {
            assert_eq!(most_probable(&none), None);
        }
    }
}
