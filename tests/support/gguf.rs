//! Models with random weights, as GGUF files: tiny ones of each family for tests, one of the exact shape of
//! Llama 3.2 1B for benchmarks. What they say means nothing; that it is computed rightly, quickly and in little
//! memory can be told from them. The same description always gives the same bytes.

use std::io::{self, Write};

/// What is to be wrong about a model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// Another architecture than it has.
    Architecture(&'static str),
    /// Another number of attention heads.
    Heads(u32),
    /// Another way of cutting text.
    Pre(&'static str),
    /// Factors of rotary positions that no known scaling explains.
    Rope,
    /// No factors of rotary positions.
    NoRope,
    /// Rows of `attn_q` or `attn_k` in the order of another converter.
    Rows(&'static str),
    /// What a Q4_K kernel would compute that forgets the blocks' minima.
    NoMinima,
    /// What a Q6_K kernel would compute that forgets the upper two bits.
    NoUpperBits,
    /// Biases of that matrix that are all nothing.
    NoBias(&'static str),
    /// The halves of that matrix's rows in the other order.
    Swapped(&'static str),
    /// Norms with 1 more than they have.
    RaisedNorms,
    /// A number of the metadata that is another.
    Number(&'static str, f32),
    /// A part that no model of its family has, of the size of a hidden state.
    Extra(&'static str),
    /// Without the parts of that name.
    Missing(&'static str),
}

/// A kind of models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Llama 3.2, and what is built like it.
    Llama,
    /// Phi-3 mini for long texts.
    Phi3,
    /// Gemma 2.
    Gemma2,
    /// Gemma 3.
    Gemma3,
    /// Qwen 2.5.
    Qwen2,
}

impl Family {
    /// `general.architecture`.
    pub fn architecture(self) -> &'static str {
        match self {
            Family::Llama => "llama",
            Family::Phi3 => "phi3",
            Family::Gemma2 => "gemma2",
            Family::Gemma3 => "gemma3",
            Family::Qwen2 => "qwen2",
        }
    }

    /// Tokens that have a meaning of their own: which begins a prompt, which ends an answer, and others.
    fn specials(self) -> [&'static str; 4] {
        match self {
            Family::Llama => ["<|begin_of_text|>", "<|eot_id|>", "", ""],
            Family::Phi3 => ["<s>", "<|end|>", "<|user|>", "<|assistant|>"],
            Family::Gemma2 | Family::Gemma3 => {
                ["<bos>", "<end_of_turn>", "<start_of_turn>", "<eos>"]
            }
            Family::Qwen2 => ["<|endoftext|>", "<|im_end|>", "<|im_start|>", "<tool_call>"],
        }
    }

    /// The format of its prompts, as its publisher gives it (that of Qwen 2.5 without tools).
    fn chat_template(self) -> &'static str {
        match self {
            Family::Llama => "{{ messages[0]['content'] }}",
            Family::Phi3 => {
                "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') %}{{'<|user|>' + '\n' + message['content'] + '<|end|>' + '\n' + '<|assistant|>' + '\n'}}{% elif (message['role'] == 'assistant') %}{{message['content'] + '<|end|>' + '\n'}}{% endif %}{% endfor %}"
            }
            Family::Gemma2 | Family::Gemma3 => {
                "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}{% set role = message['role'] %}{% endif %}{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
            }
            Family::Qwen2 => {
                "{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\n' + messages[0]['content'] + '<|im_end|>\n' }}{%- else %}{{- '<|im_start|>system\nYou are Qwen, created by Alibaba Cloud. You are a helpful assistant.<|im_end|>\n' }}{%- endif %}{%- for message in messages %}{%- if (message.role == 'user') or (message.role == 'system' and not loop.first) or (message.role == 'assistant') %}{{- '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>' + '\n' }}{%- endif %}{%- endfor %}{%- if add_generation_prompt %}{{- '<|im_start|>assistant\n' }}{%- endif %}"
            }
        }
    }

    /// Whether its tokeniser is SentencePiece, not byte-level BPE.
    fn sentence_piece(self) -> bool {
        matches!(self, Family::Phi3 | Family::Gemma2 | Family::Gemma3)
    }
}

/// How matrices are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocks {
    /// All in Q8_0.
    Q8,
    /// As Q4_K_M mixes them: embeddings, values and half of the `ffn_down` in Q6_K, all else in Q4_K.
    Q4KM,
}

/// The description of a model.
#[derive(Clone, Debug)]
pub struct Random {
    /// Its family.
    pub family: Family,
    /// Its name.
    pub name: &'static str,
    /// Layers.
    pub layers: u64,
    /// Columns of a hidden state.
    pub hidden: u64,
    /// Columns inside the feed-forward part.
    pub inner: u64,
    /// Attention heads.
    pub heads: u32,
    /// Heads of keys and values.
    pub kv_heads: u32,
    /// Tokens.
    pub vocabulary: u64,
    /// How matrices are stored.
    pub blocks: Blocks,
    /// What is wrong about it.
    pub wrong: Vec<Part>,
}

impl Random {
    /// Two layers, 272 tokens, a few hundred kilobytes.
    pub fn tiny() -> Random {
        Random {
            family: Family::Llama,
            name: "Tiny test model",
            layers: 2,
            hidden: 256,
            inner: 512,
            heads: 4,
            kv_heads: 2,
            vocabulary: 272,
            blocks: Blocks::Q8,
            wrong: Vec::new(),
        }
    }

    /// Four layers in Q4_K and Q6_K, with queries and keys so large that attention looks at few places: what
    /// reference logits of llama.cpp are committed for.
    pub fn reference() -> Random {
        Random { name: "Reference test model", layers: 4, blocks: Blocks::Q4KM, ..Random::tiny() }
    }

    /// The same of a family: its parts, its metadata, its kind of tokeniser.
    pub fn of(family: Family) -> Random {
        match family {
            Family::Llama => Random::reference(),
            // Six layers: the last alone has no window.
            Family::Gemma3 => Random { family, vocabulary: 304, layers: 6, ..Random::reference() },
            _ => Random { family, vocabulary: 304, ..Random::reference() },
        }
    }

    /// The exact shape of Llama 3.2 1B in Q4_K_M.
    pub fn llama_1b() -> Random {
        Random {
            family: Family::Llama,
            name: "Random weights in the shape of Llama 3.2 1B",
            layers: 16,
            hidden: 2048,
            inner: 8192,
            heads: 32,
            kv_heads: 8,
            vocabulary: 128_256,
            blocks: Blocks::Q4KM,
            wrong: Vec::new(),
        }
    }

    /// The same with something wrong about it.
    #[must_use]
    pub fn with(mut self, part: Part) -> Random {
        self.wrong.push(part);
        self
    }

    /// The file's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out).expect("memory takes all");
        out
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let tensors = self.tensors();
        let mut header = Header { bytes: b"GGUF".to_vec(), keys: 0 };
        self.describe(&mut header, &tensors);
        let mut at = 0;
        for tensor in &tensors {
            header.text(&tensor.name);
            header.u32(tensor.shape.len() as u32);
            for dimension in tensor.shape.iter().rev() {
                header.u64(*dimension);
            }
            header.u32(tensor.kind.code());
            header.u64(at);
            at += tensor.bytes().next_multiple_of(ALIGNMENT);
        }
        header.bytes.resize(header.bytes.len().next_multiple_of(ALIGNMENT as usize), 0);
        out.write_all(&header.bytes)?;
        let mut random = Lcg(42);
        for tensor in &tensors {
            let bytes = self.tensor(tensor, &mut random);
            out.write_all(&bytes)?;
            let padding = bytes.len().next_multiple_of(ALIGNMENT as usize) - bytes.len();
            out.write_all(&vec![0; padding])?;
        }
        out.flush()
    }

    /// The first of the tokens that do not stand for characters or words.
    pub fn first_special(&self) -> u32 {
        match self.family {
            family if family.sentence_piece() => pieces().len() as u32,
            _ => words(self.vocabulary - self.specials()).0.len() as u32,
        }
    }

    fn specials(&self) -> u64 {
        if self.vocabulary > 1000 { 256 } else { 13 }
    }

    fn has(&self, part: Part) -> bool {
        self.wrong.contains(&part)
    }

    /// Columns of a head: Gemma's have a size of their own.
    fn head(&self) -> u64 {
        let even = self.hidden / u64::from(self.heads);
        if matches!(self.family, Family::Gemma2 | Family::Gemma3) { 2 * even } else { even }
    }

    fn tensors(&self) -> Vec<Tensor> {
        let (four, six) = match self.blocks {
            Blocks::Q8 => (Kind::Q8_0, Kind::Q8_0),
            Blocks::Q4KM => (Kind::Q4K, Kind::Q6K),
        };
        let (hidden, inner, head) = (self.hidden, self.inner, self.head());
        let (queries, kv) = (head * u64::from(self.heads), head * u64::from(self.kv_heads));
        let mut out = vec![
            Tensor::new("token_embd.weight", six, &[self.vocabulary, hidden], 1.0),
            Tensor::new("output_norm.weight", Kind::F32, &[hidden], 1.0),
        ];
        match self.family {
            Family::Llama if !self.has(Part::NoRope) => {
                out.push(Tensor::new("rope_freqs.weight", Kind::F32, &[head / 2], 1.0));
            }
            Family::Phi3 => {
                out.push(Tensor::new("output.weight", six, &[self.vocabulary, hidden], 1.0));
                if !self.has(Part::NoRope) {
                    for name in ["rope_factors_long.weight", "rope_factors_short.weight"] {
                        out.push(Tensor::new(name, Kind::F32, &[head / 2], 1.0));
                    }
                }
            }
            _ => {}
        }
        for part in &self.wrong {
            if let Part::Extra(name) = part {
                out.push(Tensor::new(name, Kind::F32, &[hidden], 1.0));
            }
        }
        let plain = (hidden as f32).sqrt().recip();
        // Scores of attention with a standard deviation of about 5: it looks at few places.
        let peaked = match self.family {
            Family::Phi3 => 2.2 * plain / LONG_ROPE_SCALE,
            _ => 2.2 * plain,
        };
        for layer in 0..self.layers {
            // As llama.cpp's `use_more_bits`.
            let (n, i) = (self.layers, layer);
            let more = i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
            let mixed = if more { six } else { four };
            let norms: &[&str] = match self.family {
                Family::Gemma2 | Family::Gemma3 => {
                    &["attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm"]
                }
                _ => &["attn_norm", "ffn_norm"],
            };
            for name in norms {
                let name = format!("blk.{layer}.{name}.weight");
                out.push(Tensor::new(&name, Kind::F32, &[hidden], 1.0));
            }
            if self.family == Family::Gemma3 {
                for name in ["attn_q_norm", "attn_k_norm"] {
                    let name = format!("blk.{layer}.{name}.weight");
                    out.push(Tensor::new(&name, Kind::F32, &[head], 1.0));
                }
            }
            let apart = [
                ("attn_q", four, vec![(queries, peaked)], hidden),
                ("attn_k", four, vec![(kv, peaked)], hidden),
                ("attn_v", mixed, vec![(kv, plain)], hidden),
                ("attn_output", four, vec![(hidden, plain)], queries),
                ("ffn_gate", four, vec![(inner, plain)], hidden),
                ("ffn_up", four, vec![(inner, plain)], hidden),
                ("ffn_down", mixed, vec![(hidden, plain)], inner),
            ];
            let fused = [
                ("attn_qkv", four, vec![(queries, peaked), (kv, peaked), (kv, plain)], hidden),
                ("attn_output", four, vec![(hidden, plain)], queries),
                ("ffn_up", four, vec![(inner, plain), (inner, plain)], hidden),
                ("ffn_down", mixed, vec![(hidden, plain)], inner),
            ];
            let matrices: &[_] = if self.family == Family::Phi3 { &fused } else { &apart };
            for (name, kind, parts, columns) in matrices {
                let rows = parts.iter().map(|(rows, _)| rows).sum();
                out.push(Tensor {
                    name: format!("blk.{layer}.{name}.weight"),
                    kind: *kind,
                    shape: vec![rows, *columns],
                    parts: parts.clone(),
                });
                if self.family == Family::Qwen2 && matches!(*name, "attn_q" | "attn_k" | "attn_v") {
                    let name = format!("blk.{layer}.{name}.bias");
                    out.push(Tensor::new(&name, Kind::F32, &[rows], 1.5));
                }
            }
        }
        out.retain(|tensor| {
            !self
                .wrong
                .iter()
                .any(|p| matches!(p, Part::Missing(part) if tensor.name.contains(part)))
        });
        out
    }

    /// Version, counts and metadata.
    fn describe(&self, out: &mut Header, tensors: &[Tensor]) {
        let mut w = Header::default();
        let given = self.wrong.iter().find_map(|p| match p {
            Part::Architecture(architecture) => Some(*architecture),
            _ => None,
        });
        let heads = self.wrong.iter().find_map(|p| match p {
            Part::Heads(n) => Some(*n),
            _ => None,
        });
        let pre = self.wrong.iter().find_map(|p| match p {
            Part::Pre(text) => Some(*text),
            _ => None,
        });
        let family = self.family;
        w.string("general.architecture", given.unwrap_or(family.architecture()));
        w.string("general.name", self.name);
        let own = |rest: &str| format!("{}.{rest}", family.architecture());
        w.number(&own("block_count"), self.layers as u32);
        w.number(&own("embedding_length"), self.hidden as u32);
        w.number(&own("feed_forward_length"), self.inner as u32);
        w.number(&own("attention.head_count"), heads.unwrap_or(self.heads));
        w.number(&own("attention.head_count_kv"), self.kv_heads);
        w.number(&own("context_length"), 8192);
        w.float(&own("attention.layer_norm_rms_epsilon"), 1e-5);
        let number = |rest: &str, usual: f32| {
            let other = self.wrong.iter().find_map(|p| match p {
                Part::Number(key, other) if *key == rest => Some(*other),
                _ => None,
            });
            (own(rest), other.unwrap_or(usual))
        };
        let floats: &[(&str, f32)] = match family {
            Family::Llama => &[("rope.freq_base", 500_000.0)],
            Family::Phi3 if self.has(Part::NoRope) => &[("rope.freq_base", 10_000.0)],
            Family::Phi3 => {
                &[("rope.freq_base", 10_000.0), ("rope.scaling.attn_factor", LONG_ROPE_SCALE)]
            }
            // Caps so low that what they cap is changed much.
            Family::Gemma2 => &[("attn_logit_softcapping", 1.5), ("final_logit_softcapping", 6.0)],
            Family::Gemma3 | Family::Qwen2 => &[("rope.freq_base", 1_000_000.0)],
        };
        for (key, usual) in floats {
            let (key, value) = number(key, *usual);
            w.float(&key, value);
        }
        let head = self.head() as u32;
        let wholes: &[(&str, u32)] = match family {
            Family::Phi3 => &[
                ("rope.dimension_count", head),
                ("rope.scaling.original_context_length", 4096),
                ("attention.sliding_window", 2047),
            ],
            Family::Gemma3 => &[
                ("attention.key_length", head),
                ("attention.value_length", head),
                ("attention.sliding_window", 512),
            ],
            Family::Gemma2 => &[
                ("attention.key_length", head),
                ("attention.value_length", head),
                ("attention.sliding_window", 4096),
            ],
            Family::Llama | Family::Qwen2 => &[],
        };
        for (key, usual) in wholes {
            let (key, value) = number(key, *usual as f32);
            w.number(&key, value as u32);
        }
        self.describe_tokens(&mut w, pre);
        out.u32(3);
        out.u64(tensors.len() as u64);
        out.u64(w.keys);
        out.bytes.extend(w.bytes);
    }

    fn describe_tokens(&self, w: &mut Header, pre: Option<&str>) {
        let family = self.family;
        let model = if family.sentence_piece() { "llama" } else { "gpt2" };
        w.string("tokenizer.ggml.model", model);
        let usual = match family {
            Family::Llama => "llama-bpe",
            Family::Qwen2 => "qwen2",
            Family::Phi3 | Family::Gemma2 | Family::Gemma3 => "default",
        };
        w.string("tokenizer.ggml.pre", pre.unwrap_or(usual));
        let (mut tokens, merges) = if family.sentence_piece() {
            (pieces(), Vec::new())
        } else {
            let (tokens, merges) = words(self.vocabulary - self.specials());
            (tokens.into_iter().map(|token| (token, 1, 0.0)).collect(), merges)
        };
        let first_special = tokens.len() as u32;
        for token in family.specials().into_iter().filter(|token| !token.is_empty()) {
            tokens.push((token.into(), 3, 0.0));
        }
        while (tokens.len() as u64) < self.vocabulary {
            tokens.push((format!("<|reserved_special_token_{}|>", tokens.len()), 3, 0.0));
        }
        w.key("tokenizer.ggml.tokens", 9);
        w.u32(8);
        w.u64(self.vocabulary);
        for (token, _, _) in &tokens {
            w.text(token);
        }
        if family.sentence_piece() {
            w.key("tokenizer.ggml.scores", 9);
            w.u32(6);
            w.u64(self.vocabulary);
            for (_, _, score) in &tokens {
                w.bytes.extend(score.to_le_bytes());
            }
        }
        w.key("tokenizer.ggml.token_type", 9);
        w.u32(5);
        w.u64(self.vocabulary);
        for (_, kind, _) in &tokens {
            w.u32(*kind);
        }
        if !family.sentence_piece() {
            w.key("tokenizer.ggml.merges", 9);
            w.u32(8);
            w.u64(merges.len() as u64);
            for merge in &merges {
                w.text(merge);
            }
        }
        w.number("tokenizer.ggml.bos_token_id", first_special);
        w.number("tokenizer.ggml.eos_token_id", first_special + 1);
        if matches!(family, Family::Gemma2 | Family::Gemma3) {
            w.flag("tokenizer.ggml.add_space_prefix", false);
        }
        w.string("tokenizer.chat_template", family.chat_template());
    }

    fn tensor(&self, tensor: &Tensor, random: &mut Lcg) -> Vec<u8> {
        let out = self.values(tensor, random);
        let has = |broken: fn(&Part, &str) -> bool| {
            self.wrong.iter().any(|part| broken(part, &tensor.name))
        };
        if has(|p, name| matches!(p, Part::Rows(part) if name.contains(part))) {
            interleaved(&out, tensor.shape[0], self.head())
        } else if has(|p, name| matches!(p, Part::Swapped(part) if name.contains(part))) {
            [&out[out.len() / 2..], &out[..out.len() / 2]].concat()
        } else {
            out
        }
    }

    fn values(&self, tensor: &Tensor, random: &mut Lcg) -> Vec<u8> {
        if tensor.kind == Kind::F32 {
            let values = self.numbers(tensor, random);
            return values.iter().flat_map(|f| f.to_le_bytes()).collect();
        }
        let row = tensor.bytes() / tensor.shape[0];
        tensor
            .parts
            .iter()
            .map(|(rows, scale)| self.weights(tensor.kind, row * rows, *scale, random))
            .collect::<Vec<_>>()
            .concat()
    }

    fn numbers(&self, tensor: &Tensor, random: &mut Lcg) -> Vec<f32> {
        let (count, scale) = (tensor.shape[0] as usize, tensor.parts[0].1);
        if tensor.name.starts_with("rope_freqs") {
            let mut factors = rope_factors(tensor.shape[0]);
            if self.has(Part::Rope) {
                factors[10] = 5.0;
            }
            return factors;
        }
        if tensor.name.starts_with("rope_factors") {
            let slope = if tensor.name.contains("long") { 1.5 } else { 0.1 };
            return (0..count).map(|pair| 1.0 + slope * pair as f32).collect();
        }
        if self.family == Family::Llama {
            return vec![1.0; count];
        }
        let mut bytes = vec![0; count];
        random.fill(&mut bytes);
        // From -1 to 1.
        let varied = bytes.iter().map(|b| (f32::from(*b) - 127.5) / 127.5);
        if tensor.name.ends_with("bias") {
            let none = self
                .wrong
                .iter()
                .any(|p| matches!(p, Part::NoBias(part) if tensor.name.contains(part)));
            let scale = if none { 0.0 } else { scale };
            return varied.map(|v| scale * v).collect();
        }
        let middle = if self.has(Part::RaisedNorms) { 2.0 } else { 1.0 };
        varied.map(|v| middle + 0.7 * v).collect()
    }

    /// Blocks of values with about that standard deviation and no mean.
    fn weights(&self, kind: Kind, bytes: u64, deviation: f32, random: &mut Lcg) -> Vec<u8> {
        let mut out = vec![0; bytes as usize];
        match kind {
            Kind::F32 => {}
            Kind::Q8_0 => {
                for block in out.chunks_exact_mut(34) {
                    random.fill(&mut block[2..]);
                    for value in &mut block[2..] {
                        // No quantiser writes -128.
                        *value = (*value as i8).max(-127) as u8;
                    }
                    block[..2].copy_from_slice(&half(deviation / 74.0));
                }
            }
            Kind::Q4K => {
                let scale = deviation / 250.0;
                for block in out.chunks_exact_mut(144) {
                    random.fill(&mut block[4..]);
                    block[..2].copy_from_slice(&half(scale));
                    // 7.5 times the scale: the middle of what four bits hold.
                    let minimum = if self.has(Part::NoMinima) { 0.0 } else { 7.5 * scale };
                    block[2..4].copy_from_slice(&half(minimum));
                }
            }
            Kind::Q6K => {
                for block in out.chunks_exact_mut(210) {
                    random.fill(&mut block[..208]);
                    for scale in &mut block[192..208] {
                        *scale = (*scale % 128).wrapping_sub(64);
                    }
                    if self.has(Part::NoUpperBits) {
                        block[128..192].fill(0);
                    }
                    block[208..].copy_from_slice(&half(deviation / 683.0));
                }
            }
        }
        out
    }
}

const ALIGNMENT: u64 = 32;
/// Phi-3's: what 4,096 tokens made 131,072 give.
const LONG_ROPE_SCALE: f32 = 1.190_238_1;

struct Lcg(u64);

impl Lcg {
    fn fill(&mut self, out: &mut [u8]) {
        for chunk in out.chunks_mut(4) {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let bytes = ((self.0 >> 32) as u32).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    F32,
    Q8_0,
    Q4K,
    Q6K,
}

impl Kind {
    fn code(self) -> u32 {
        match self {
            Kind::F32 => 0,
            Kind::Q8_0 => 8,
            Kind::Q4K => 12,
            Kind::Q6K => 14,
        }
    }

    /// Values and bytes of a block.
    fn block(self) -> (u64, u64) {
        match self {
            Kind::F32 => (1, 4),
            Kind::Q8_0 => (32, 34),
            Kind::Q4K => (256, 144),
            Kind::Q6K => (256, 210),
        }
    }
}

struct Tensor {
    name: String,
    kind: Kind,
    /// Slowest first.
    shape: Vec<u64>,
    /// How many rows have which standard deviation.
    parts: Vec<(u64, f32)>,
}

impl Tensor {
    fn new(name: &str, kind: Kind, shape: &[u64], scale: f32) -> Tensor {
        Tensor { name: name.into(), kind, shape: shape.to_vec(), parts: vec![(shape[0], scale)] }
    }

    fn bytes(&self) -> u64 {
        let (values, bytes) = self.kind.block();
        self.shape.iter().product::<u64>() / values * bytes
    }
}

#[derive(Default)]
struct Header {
    bytes: Vec<u8>,
    keys: u64,
}

impl Header {
    fn u32(&mut self, n: u32) {
        self.bytes.extend(n.to_le_bytes());
    }
    fn u64(&mut self, n: u64) {
        self.bytes.extend(n.to_le_bytes());
    }
    fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }
    fn key(&mut self, key: &str, kind: u32) {
        self.keys += 1;
        self.text(key);
        self.u32(kind);
    }
    fn number(&mut self, key: &str, n: u32) {
        self.key(key, 4);
        self.u32(n);
    }
    fn float(&mut self, key: &str, n: f32) {
        self.key(key, 6);
        self.bytes.extend(n.to_le_bytes());
    }
    fn flag(&mut self, key: &str, truth: bool) {
        self.key(key, 7);
        self.bytes.push(u8::from(truth));
    }
    fn string(&mut self, key: &str, text: &str) {
        self.key(key, 8);
        self.text(text);
    }
}

/// A vocabulary of SentencePiece with kinds and scores: a token for what is unknown, bytes, letters, a few words.
fn pieces() -> Vec<(String, u32, f32)> {
    let mut out = vec![("<unk>".to_owned(), 2, 0.0)];
    out.extend((0..256).map(|byte| (format!("<0x{byte:02X}>"), 6, 0.0)));
    let words = ["es", "\u{2581}y", "\u{2581}n", "\u{2581}yes", "\u{2581}no", "in", "K"];
    let letters = ('a'..='z').map(String::from).chain(["\u{2581}".to_owned()]);
    let all = words.into_iter().map(str::to_owned).chain(letters);
    out.extend(all.enumerate().map(|(at, piece)| (piece, 1, -(at as f32))));
    out
}

/// The printable stand-ins of bytes in GPT-2's vocabulary.
fn byte_tokens() -> Vec<String> {
    let printable = |b: u32| matches!(b, 33..=126 | 161..=172 | 174..=255);
    let mut next = 256;
    (0..256u32)
        .map(|b| {
            let c = if printable(b) {
                b
            } else {
                next += 1;
                next - 1
            };
            char::from_u32(c).expect("a character").to_string()
        })
        .collect()
}

/// Bytes, then what merges make of letters (`\u{120}` stands for a space), and the merges.
fn words(count: u64) -> (Vec<String>, Vec<String>) {
    let mut tokens = byte_tokens();
    let mut merges = Vec::new();
    if count < 1000 {
        // Enough for one merge to be seen at work.
        for pair in ["e s", "t e", "e n"] {
            if (tokens.len() as u64) < count {
                tokens.push(pair.replace(' ', ""));
                merges.push(pair.to_owned());
            }
        }
        return (tokens, merges);
    }
    let letters: Vec<String> = ('a'..='z').map(String::from).collect();
    let mut level: Vec<String> = letters.iter().cloned().chain(["\u{120}".to_owned()]).collect();
    loop {
        let mut next = Vec::new();
        for left in &level {
            for right in &letters {
                if tokens.len() as u64 >= count {
                    return (tokens, merges);
                }
                tokens.push(format!("{left}{right}"));
                merges.push(format!("{left} {right}"));
                next.push(format!("{left}{right}"));
            }
        }
        level = next;
    }
}

/// Llama 3's factors (factor 32, theta 500,000).
fn rope_factors(pairs: u64) -> Vec<f32> {
    (0..pairs)
        .map(|pair| {
            let wavelength =
                2.0 * std::f64::consts::PI * 500_000f64.powf(pair as f64 / pairs as f64);
            let (low, high) = (8192.0, 2048.0);
            if wavelength < high {
                1.0
            } else if wavelength > low {
                32.0
            } else {
                let smooth = (8192.0 / wavelength - 1.0) / 3.0;
                (1.0 / ((1.0 - smooth) / 32.0 + smooth)) as f32
            }
        })
        .collect()
}

/// The rows of each head as the converter of llama.cpp orders them, once more.
fn interleaved(bytes: &[u8], rows: u64, head: u64) -> Vec<u8> {
    let row = bytes.len() / rows as usize;
    let head = head as usize;
    let mut out = vec![0; bytes.len()];
    for at in 0..rows as usize {
        let (start, within) = (at / head * head, at % head);
        let (half, pair) = (within / (head / 2), within % (head / 2));
        let to = start + 2 * pair + half;
        out[to * row..(to + 1) * row].copy_from_slice(&bytes[at * row..(at + 1) * row]);
    }
    out
}

/// A positive number as IEEE half precision, cut, not rounded.
fn half(value: f32) -> [u8; 2] {
    let bits = value.to_bits();
    let exponent = (bits >> 23) as i32 - 127 + 15;
    let mantissa = (bits >> 13) & 0x3ff;
    match exponent {
        ..=0 => {
            let shift = 1 - exponent;
            if shift > 10 { 0u16 } else { ((mantissa | 0x400) >> shift) as u16 }
        }
        31.. => 0x7bff,
        _ => ((exponent as u32) << 10 | mantissa) as u16,
    }
    .to_le_bytes()
}
