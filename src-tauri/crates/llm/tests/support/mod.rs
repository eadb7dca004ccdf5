//! A tiny model of Llama 3.2's kind with random weights, as a GGUF file.

/// What is to be wrong about it.
#[derive(Clone, Copy, PartialEq)]
pub enum Part {
    Architecture(&'static str),
    Heads(u32),
    Pre(&'static str),
    /// Factors that no known scaling explains.
    Rope,
}

const HIDDEN: u64 = 256;
const INNER: u64 = 512;
const LAYERS: u64 = 2;
const VOCABULARY: u64 = 272;

struct Writer {
    out: Vec<u8>,
    seed: u64,
}

impl Writer {
    fn u32(&mut self, n: u32) {
        self.out.extend(n.to_le_bytes());
    }
    fn u64(&mut self, n: u64) {
        self.out.extend(n.to_le_bytes());
    }
    fn text(&mut self, text: &str) {
        self.u64(text.len() as u64);
        self.out.extend(text.as_bytes());
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
        self.out.extend(n.to_le_bytes());
    }
    fn string(&mut self, key: &str, text: &str) {
        self.key(key, 8);
        self.text(text);
    }
    fn random(&mut self) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.seed >> 33
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

/// Llama 3's factors (factor 32, theta 500,000, 64 columns a head).
fn rope_factors() -> Vec<f32> {
    (0..32)
        .map(|pair| {
            let wavelength = 2.0 * std::f64::consts::PI * 500_000f64.powf(f64::from(pair) / 32.0);
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

/// The file.
pub fn tiny(wrong: &[Part]) -> Vec<u8> {
    let architecture =
        wrong.iter().find_map(|p| if let Part::Architecture(a) = p { Some(*a) } else { None }).unwrap_or("llama");
    let heads = wrong.iter().find_map(|p| if let Part::Heads(n) = p { Some(*n) } else { None }).unwrap_or(4);
    let pre = wrong.iter().find_map(|p| if let Part::Pre(t) = p { Some(*t) } else { None }).unwrap_or("llama-bpe");
    let mut tensors: Vec<(String, Vec<u64>)> = vec![
        ("token_embd.weight".into(), vec![VOCABULARY, HIDDEN]),
        ("output_norm.weight".into(), vec![HIDDEN]),
        ("rope_freqs.weight".into(), vec![32]),
    ];
    for layer in 0..LAYERS {
        for (name, shape) in [
            ("attn_norm", vec![HIDDEN]),
            ("ffn_norm", vec![HIDDEN]),
            ("attn_q", vec![HIDDEN, HIDDEN]),
            ("attn_k", vec![HIDDEN / 2, HIDDEN]),
            ("attn_v", vec![HIDDEN / 2, HIDDEN]),
            ("attn_output", vec![HIDDEN, HIDDEN]),
            ("ffn_gate", vec![INNER, HIDDEN]),
            ("ffn_up", vec![INNER, HIDDEN]),
            ("ffn_down", vec![HIDDEN, INNER]),
        ] {
            tensors.push((format!("blk.{layer}.{name}.weight"), shape));
        }
    }
    let mut w = Writer { out: b"GGUF".to_vec(), seed: 42 };
    w.u32(3);
    w.u64(tensors.len() as u64);
    w.u64(18);
    w.string("general.architecture", architecture);
    w.string("general.name", "Tiny test model");
    w.number("llama.block_count", LAYERS as u32);
    w.number("llama.embedding_length", HIDDEN as u32);
    w.number("llama.feed_forward_length", INNER as u32);
    w.number("llama.attention.head_count", heads);
    w.number("llama.attention.head_count_kv", 2);
    w.number("llama.context_length", 8192);
    w.float("llama.attention.layer_norm_rms_epsilon", 1e-5);
    w.float("llama.rope.freq_base", 500_000.0);
    w.string("tokenizer.ggml.model", "gpt2");
    w.string("tokenizer.ggml.pre", pre);
    w.key("tokenizer.ggml.tokens", 9);
    w.u32(8);
    w.u64(VOCABULARY);
    let mut tokens = byte_tokens();
    tokens.push("<|begin_of_text|>".into());
    tokens.push("<|eot_id|>".into());
    while (tokens.len() as u64) < VOCABULARY {
        tokens.push(format!("<|reserved_{}|>", tokens.len()));
    }
    tokens[258] = "es".into();
    for token in &tokens {
        w.text(token);
    }
    w.key("tokenizer.ggml.token_type", 9);
    w.u32(5);
    w.u64(VOCABULARY);
    for at in 0..VOCABULARY {
        w.u32(if at < 256 || at == 258 { 1 } else { 3 });
    }
    w.key("tokenizer.ggml.merges", 9);
    w.u32(8);
    w.u64(1);
    w.text("e s");
    w.number("tokenizer.ggml.bos_token_id", 256);
    w.number("tokenizer.ggml.eos_token_id", 257);
    w.string("tokenizer.chat_template", "{{ messages[0]['content'] }}");
    // Q8_0 for matrices, F32 for the rest.
    let bytes = |shape: &[u64]| match shape {
        [n] => n * 4,
        shape => shape.iter().product::<u64>() / 32 * 34,
    };
    let mut offset = 0u64;
    for (name, shape) in &tensors {
        w.text(name);
        w.u32(shape.len() as u32);
        for dimension in shape.iter().rev() {
            w.u64(*dimension);
        }
        w.u32(if shape.len() == 1 { 0 } else { 8 });
        w.u64(offset);
        offset += bytes(shape).next_multiple_of(32);
    }
    while w.out.len() % 32 != 0 {
        w.out.push(0);
    }
    for (name, shape) in &tensors {
        if name.starts_with("rope_freqs") {
            let mut factors = rope_factors();
            if wrong.contains(&Part::Rope) {
                factors[10] = 5.0;
            }
            w.out.extend(factors.iter().flat_map(|f| f.to_le_bytes()));
        } else if shape.len() == 1 {
            for _ in 0..shape[0] {
                w.out.extend(1f32.to_le_bytes());
            }
        } else {
            for _ in 0..bytes(shape) / 34 {
                w.out.extend(0x1800u16.to_le_bytes()); // 0.00195
                for _ in 0..32 {
                    let q = (w.random() % 61) as i8 - 30;
                    w.out.push(q as u8);
                }
            }
        }
        while w.out.len() % 32 != 0 {
            w.out.push(0);
        }
    }
    w.out
}
