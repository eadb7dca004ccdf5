//! The language model's process: loads one model, scores one sheet at a time, ends when its input ends.
//!
//! It runs apart from the app so that a panic, an abort or the end of memory costs a restart and nothing else.

use crate::installed::{InstalledModel, describe};
use crate::protocol::{Ask, MARK, Tell};
use crate::tokenizer::Plain;
use mailroom_domain::{Sheet, SheetScores};
use mistralrs::{
    DType, Device, DeviceMapSetting, Model, ModelDType, Request, RequestMessage, Response,
    SamplingParams, Tensor, TokenSource, UqffMultimodalModelBuilder, UqffTextModelBuilder,
};
use std::io::{BufRead, Write};
use std::path::Path;
use std::process::ExitCode;

struct Engine {
    model: Model,
    tokenizer: Plain,
    bos: Option<u32>,
    context: usize,
    /// The tokens of the output matrix's rows, ascending; empty if they are all there.
    rows: Vec<u32>,
}

/// Serves standard input until it ends. What a program does that was started as the language model's process.
pub fn child_main() -> ExitCode {
    let mut input = std::io::stdin().lock().lines();
    let Some(Ok(first)) = input.next() else { return ExitCode::SUCCESS };
    let Ok(Ask::Load { folder, threads, words }) = serde_json::from_str(&first) else {
        return ExitCode::FAILURE;
    };
    let runtime =
        match tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => {
                tell(&Tell::NotLoaded { reason: format!("it got no thread: {error}") });
                return ExitCode::FAILURE;
            }
        };
    tracing::debug!(threads, "threads are those of the environment");
    let engine = match runtime.block_on(load(&folder, &words)) {
        Ok(engine) => engine,
        Err(reason) => {
            tell(&Tell::NotLoaded { reason });
            return ExitCode::FAILURE;
        }
    };
    tell(&Tell::Ready);
    for line in input {
        let Ok(line) = line else { break };
        let Ok(Ask::Score { key, sheet }) = serde_json::from_str(&line) else {
            return ExitCode::FAILURE;
        };
        // For tests of the supervision: a message that kills the process.
        if std::env::var("MAILROOM_LLM_DIE_AT").is_ok_and(|fatal| fatal == key) {
            std::process::abort();
        }
        tell(&match runtime.block_on(score(&engine, &sheet)) {
            Ok(scores) => Tell::Scores(scores),
            Err(reason) => Tell::Failed { reason },
        });
    }
    ExitCode::SUCCESS
}

fn tell(what: &Tell) {
    let Ok(text) = serde_json::to_string(what) else { return };
    let mut out = std::io::stdout().lock();
    // Nobody there any more: the input ends as well.
    let _ = writeln!(out, "\n{MARK}{text}");
    let _ = out.flush();
}

/// `words`: those that will be scored; empty for all.
async fn load(folder: &Path, words: &[String]) -> Result<Engine, String> {
    let InstalledModel { bos, context, architecture, .. } =
        describe(folder).ok_or("its folder is not whole. Remove it and add its file again")?;
    let json = std::fs::read(folder.join("tokenizer.json")).map_err(|e| e.to_string())?;
    let json = serde_json::from_slice(&json).map_err(|e| e.to_string())?;
    let tokenizer = Plain::new(json)?;
    let mut rows =
        words.iter().map(|word| first_token(&tokenizer, word)).collect::<Result<Vec<u32>, _>>()?;
    rows.sort_unstable();
    rows.dedup();
    let head = if rows.is_empty() {
        crate::import::HEAD.to_owned()
    } else {
        crate::scored::write(folder, &rows)?
    };
    let name = folder.to_string_lossy();
    let files = vec![head.into(), crate::import::BLOCKS.into()];
    // Two kinds of builders with the same settings, and no trait that they share.
    macro_rules! build {
        ($builder:expr) => {
            $builder
                // Numbers as F32: as fast as BF16 on the CPUs that we measured, and nearer to the reference.
                .with_dtype(ModelDType::F32)
                .with_force_cpu()
                .with_device(Device::Cpu)
                // No other device, and no estimate of sizes, which knows nothing of unpacked blocks.
                .with_device_mapping(DeviceMapSetting::dummy())
                .with_max_num_seqs(1)
                // It never gives memory back on a CPU.
                .with_prefix_cache_n(None)
                // Nothing is fetched from anywhere.
                .with_token_source(TokenSource::None)
                .build()
                .await
        };
    }
    let model = if crate::import::among_those_that_see(&architecture) {
        build!(UqffMultimodalModelBuilder::new(name, files).into_inner())
    } else {
        build!(UqffTextModelBuilder::new(name, files).into_inner())
    };
    let model = model.map_err(|e| format!("{e:#}"))?;
    Ok(Engine { model, tokenizer, bos, context: context as usize, rows })
}

/// The token by which a word is known.
fn first_token(tokenizer: &Plain, word: &str) -> Result<u32, String> {
    let tokens = tokenizer.following(word)?;
    tokens.first().copied().ok_or_else(|| "a word of the sheet is empty".to_owned())
}

/// The tokens of a sheet, and for each question the place whose logits answer it and the rows of its words.
fn render(
    engine: &Engine,
    sheet: &Sheet,
) -> Result<(Vec<u32>, Vec<usize>, Vec<Vec<usize>>), String> {
    let tokens = |text: &str| engine.tokenizer.following(text);
    let mut prompt: Vec<u32> = engine.bos.into_iter().collect();
    let fence = |before: &str, after: &str| match sheet.fence.as_str() {
        "" => String::new(),
        fence => format!("{before}{fence}{after}"),
    };
    let beginning = format!("{}\n\n{}", sheet.instruction, fence("", "\n"));
    prompt.extend(engine.tokenizer.beginning(&beginning)?);
    prompt.extend(tokens(&sheet.mail)?.into_iter().take(sheet.mail_tokens));
    prompt.extend(tokens(&format!("{}\n\n{}\n", fence("\n", ""), sheet.form))?);
    let (mut places, mut words) = (Vec::new(), Vec::new());
    for question in &sheet.questions {
        prompt.extend(tokens(&question.line)?);
        places.push(prompt.len() - 1);
        prompt.extend(tokens(&format!("{}\n", question.filler))?);
        let row = |word: &String| {
            let token = first_token(&engine.tokenizer, word)?;
            if engine.rows.is_empty() {
                return Ok(token as usize);
            }
            let unknown =
                |_| format!("the word \"{}\" was not named when the model was loaded", word.trim());
            engine.rows.binary_search(&token).map_err(unknown)
        };
        words.push(question.words.iter().map(row).collect::<Result<_, String>>()?);
    }
    if prompt.len() > engine.context {
        return Err(format!(
            "the sheet has {} tokens and the model reads {}",
            prompt.len(),
            engine.context
        ));
    }
    Ok((prompt, places, words))
}

/// One forward pass over the prompt; the logits at every place of it.
async fn logits(engine: &Engine, prompt: Vec<u32>) -> Result<Tensor, String> {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(1);
    let mut request = mistralrs::NormalRequest::new_simple(
        RequestMessage::CompletionTokens(prompt),
        SamplingParams { max_len: Some(1), ..SamplingParams::deterministic() },
        sender,
        0,
        None,
        None,
    );
    request.return_raw_logits = true;
    let queue = engine.model.inner().get_sender(None).map_err(|e| e.to_string())?;
    queue.send(Request::Normal(Box::new(request))).await.map_err(|e| e.to_string())?;
    match receiver.recv().await {
        Some(Response::Raw { mut logits_chunks, .. }) if logits_chunks.len() == 1 => {
            let logits = logits_chunks.remove(0);
            // One sequence, with or without a dimension of its own.
            let logits = if logits.dims().len() == 3 { logits.squeeze(0) } else { Ok(logits) };
            logits.and_then(|l| l.to_dtype(DType::F32)).map_err(|e| e.to_string())
        }
        Some(Response::InternalError(e) | Response::ValidationError(e)) => Err(e.to_string()),
        Some(Response::ModelError(e, _) | Response::CompletionModelError(e, _)) => Err(e),
        Some(_) => Err("the engine gave another answer than was asked for".into()),
        None => Err("the engine ended".into()),
    }
}

async fn score(engine: &Engine, sheet: &Sheet) -> Result<SheetScores, String> {
    let (prompt, places, words) = render(engine, sheet)?;
    let length = prompt.len();
    let logits = logits(engine, prompt).await?;
    if logits.dims().first() != Some(&length) {
        return Err(format!(
            "the engine gave logits for {:?} instead of {length} tokens",
            logits.dims()
        ));
    }
    let mut out = Vec::with_capacity(places.len());
    for (place, words) in places.into_iter().zip(words) {
        let mut row: Vec<f32> =
            logits.get(place).and_then(|row| row.to_vec1()).map_err(|e| e.to_string())?;
        if !engine.rows.is_empty() {
            // What the matrix was filled up with.
            row.truncate(engine.rows.len());
        }
        let top = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let sum = row.iter().map(|x| f64::from(x - top).exp()).sum::<f64>().ln() as f32;
        let of = |word: &usize| row.get(*word).map_or(f32::NAN, |x| x - top - sum);
        out.push(words.iter().map(of).collect());
    }
    let scores = SheetScores(out);
    if scores.fits(sheet) { Ok(scores) } else { Err("the model's scores are no numbers".into()) }
}

#[cfg(test)]
#[path = "child_tests.rs"]
mod tests;
