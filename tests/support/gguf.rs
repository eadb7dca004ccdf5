//! Models of Llama 3.2's kind with random weights, as GGUF files: tiny ones for tests, one of the exact shape of
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

    /// The exact shape of Llama 3.2 1B in Q4_K_M.
    pub fn llama_1b() -> Random {
        Random {
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
        let mut header = Header(b"GGUF".to_vec());
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
        header.0.resize(header.0.len().next_multiple_of(ALIGNMENT as usize), 0);
        out.write_all(&header.0)?;
        let mut random = Lcg(42);
        for tensor in &tensors {
            let bytes = self.weights(tensor, &mut random);
            out.write_all(&bytes)?;
            let padding = bytes.len().next_multiple_of(ALIGNMENT as usize) - bytes.len();
            out.write_all(&vec![0; padding])?;
        }
        out.flush()
    }

    fn has(&self, part: Part) -> bool {
        self.wrong.contains(&part)
    }

    fn tensors(&self) -> Vec<Tensor> {
        let (four, six) = match self.blocks {
            Blocks::Q8 => (Kind::Q8_0, Kind::Q8_0),
            Blocks::Q4KM => (Kind::Q4K, Kind::Q6K),
        };
        let head = self.hidden / u64::from(self.heads);
        let kv = head * u64::from(self.kv_heads);
        let mut out = vec![
            Tensor::new("token_embd.weight", six, &[self.vocabulary, self.hidden], 1.0),
            Tensor::new("output_norm.weight", Kind::F32, &[self.hidden], 1.0),
        ];
        if !self.has(Part::NoRope) {
            out.push(Tensor::new("rope_freqs.weight", Kind::F32, &[head / 2], 1.0));
        }
        let plain = (self.hidden as f32).sqrt().recip();
        for layer in 0..self.layers {
            // As llama.cpp's `use_more_bits`.
            let (n, i) = (self.layers, layer);
            let more = i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
            let mixed = if more { six } else { four };
            for (name, kind, shape, scale) in [
                ("attn_norm", Kind::F32, vec![self.hidden], 1.0),
                ("ffn_norm", Kind::F32, vec![self.hidden], 1.0),
                // Scores of attention with a standard deviation of about 5: it looks at few places.
                ("attn_q", four, vec![self.hidden, self.hidden], 2.2 * plain),
                ("attn_k", four, vec![kv, self.hidden], 2.2 * plain),
                ("attn_v", mixed, vec![kv, self.hidden], plain),
                ("attn_output", four, vec![self.hidden, self.hidden], plain),
                ("ffn_gate", four, vec![self.inner, self.hidden], plain),
                ("ffn_up", four, vec![self.inner, self.hidden], plain),
                ("ffn_down", mixed, vec![self.hidden, self.inner], plain),
            ] {
                out.push(Tensor::new(&format!("blk.{layer}.{name}.weight"), kind, &shape, scale));
            }
        }
        out
    }

    fn describe(&self, w: &mut Header, tensors: &[Tensor]) {
        let architecture = self
            .wrong
            .iter()
            .find_map(|p| if let Part::Architecture(a) = p { Some(*a) } else { None });
        let heads =
            self.wrong.iter().find_map(|p| if let Part::Heads(n) = p { Some(*n) } else { None });
        let pre =
            self.wrong.iter().find_map(|p| if let Part::Pre(t) = p { Some(*t) } else { None });
        w.u32(3);
        w.u64(tensors.len() as u64);
        w.u64(18);
        w.string("general.architecture", architecture.unwrap_or("llama"));
        w.string("general.name", self.name);
        w.number("llama.block_count", self.layers as u32);
        w.number("llama.embedding_length", self.hidden as u32);
        w.number("llama.feed_forward_length", self.inner as u32);
        w.number("llama.attention.head_count", heads.unwrap_or(self.heads));
        w.number("llama.attention.head_count_kv", self.kv_heads);
        w.number("llama.context_length", 8192);
        w.float("llama.attention.layer_norm_rms_epsilon", 1e-5);
        w.float("llama.rope.freq_base", 500_000.0);
        w.string("tokenizer.ggml.model", "gpt2");
        w.string("tokenizer.ggml.pre", pre.unwrap_or("llama-bpe"));
        let specials = if self.vocabulary > 1000 { 256 } else { 13 };
        let (mut tokens, merges) = words(self.vocabulary - specials);
        let first_special = tokens.len() as u32;
        tokens.push("<|begin_of_text|>".into());
        tokens.push("<|eot_id|>".into());
        while (tokens.len() as u64) < self.vocabulary {
            tokens.push(format!("<|reserved_special_token_{}|>", tokens.len()));
        }
        w.key("tokenizer.ggml.tokens", 9);
        w.u32(8);
        w.u64(self.vocabulary);
        for token in &tokens {
            w.text(token);
        }
        w.key("tokenizer.ggml.token_type", 9);
        w.u32(5);
        w.u64(self.vocabulary);
        for at in 0..self.vocabulary {
            w.u32(if at < u64::from(first_special) { 1 } else { 3 });
        }
        w.key("tokenizer.ggml.merges", 9);
        w.u32(8);
        w.u64(merges.len() as u64);
        for merge in &merges {
            w.text(merge);
        }
        w.number("tokenizer.ggml.bos_token_id", first_special);
        w.number("tokenizer.ggml.eos_token_id", first_special + 1);
        w.string("tokenizer.chat_template", "{{ messages[0]['content'] }}");
    }

    /// Values with about the tensor's standard deviation and no mean.
    fn weights(&self, tensor: &Tensor, random: &mut Lcg) -> Vec<u8> {
        let mut out = vec![0; tensor.bytes() as usize];
        match tensor.kind {
            Kind::F32 => {
                let values = if tensor.name.starts_with("rope_freqs") {
                    let mut factors = rope_factors(tensor.shape[0]);
                    if self.has(Part::Rope) {
                        factors[10] = 5.0;
                    }
                    factors
                } else {
                    vec![1.0; tensor.shape[0] as usize]
                };
                out.clear();
                out.extend(values.iter().flat_map(|f| f.to_le_bytes()));
            }
            Kind::Q8_0 => {
                for block in out.chunks_exact_mut(34) {
                    random.fill(&mut block[2..]);
                    for value in &mut block[2..] {
                        // No quantiser writes -128.
                        *value = (*value as i8).max(-127) as u8;
                    }
                    block[..2].copy_from_slice(&half(tensor.scale / 74.0));
                }
            }
            Kind::Q4K => {
                let scale = tensor.scale / 250.0;
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
                    block[208..].copy_from_slice(&half(tensor.scale / 683.0));
                }
            }
        }
        let broken =
            self.wrong.iter().any(|p| matches!(p, Part::Rows(name) if tensor.name.contains(name)));
        if broken {
            interleaved(&out, tensor.shape[0], self.hidden / u64::from(self.heads))
        } else {
            out
        }
    }
}

const ALIGNMENT: u64 = 32;

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
    scale: f32,
}

impl Tensor {
    fn new(name: &str, kind: Kind, shape: &[u64], scale: f32) -> Tensor {
        Tensor { name: name.into(), kind, shape: shape.to_vec(), scale }
    }

    fn bytes(&self) -> u64 {
        let (values, bytes) = self.kind.block();
        self.shape.iter().product::<u64>() / values * bytes
    }
}

struct Header(Vec<u8>);

impl Header {
    fn u32(&mut self, n: u32) {
        self.0.extend(n.to_le_bytes());
    }
    fn u64(&mut self, n: u64) {
        self.0.extend(n.to_le_bytes());
    }
    fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.0.extend(text.as_bytes());
    }
    fn key(&mut self, key: &str, kind: u32) {
        self.text(key);
        self.u32(kind);
    }
    fn number(&mut self, key: &str, n: u32) {
        self.key(key, 4);
        self.u32(n);
    }
    fn float(&mut self, key: &str, n: f32) {
        self.key(key, 6);
        self.0.extend(n.to_le_bytes());
    }
    fn string(&mut self, key: &str, text: &str) {
        self.key(key, 8);
        self.text(text);
    }
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
