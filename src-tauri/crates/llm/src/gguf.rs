//! Reading GGUF files (versions 2 and 3; github.com/ggml-org/ggml/blob/master/docs/gguf.md).
//!
//! Every count and length is checked against the size of the file before anything is allocated: a model file
//! is a stranger's bytes. Only the header is held in memory; tensors are read one at a time.

use crate::ImportError;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

const MAGIC: [u8; 4] = *b"GGUF";
/// No real model has more.
const MOST_KEYS: u64 = 10_000;
const MOST_TENSORS: u64 = 100_000;
/// Bytes of one string.
const MOST_STRING: u64 = 16 * 1024 * 1024;

/// A value of the metadata.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    Bool(bool),
    Text(String),
    Numbers(Vec<f64>),
    Texts(Vec<String>),
}

/// Block formats that this crate knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    F32,
    F16,
    Q4_0,
    Q4_1,
    Q5_0,
    Q5_1,
    Q8_0,
    Q4K,
    Q5K,
    Q6K,
    Bf16,
}

impl Kind {
    fn of(code: u32) -> Option<Kind> {
        Some(match code {
            0 => Kind::F32,
            1 => Kind::F16,
            2 => Kind::Q4_0,
            3 => Kind::Q4_1,
            6 => Kind::Q5_0,
            7 => Kind::Q5_1,
            8 => Kind::Q8_0,
            12 => Kind::Q4K,
            13 => Kind::Q5K,
            14 => Kind::Q6K,
            30 => Kind::Bf16,
            _ => return None,
        })
    }

    /// Its number in GGUF, which UQFF uses as well.
    pub(crate) fn code(self) -> u32 {
        match self {
            Kind::F32 => 0,
            Kind::F16 => 1,
            Kind::Q4_0 => 2,
            Kind::Q4_1 => 3,
            Kind::Q5_0 => 6,
            Kind::Q5_1 => 7,
            Kind::Q8_0 => 8,
            Kind::Q4K => 12,
            Kind::Q5K => 13,
            Kind::Q6K => 14,
            Kind::Bf16 => 30,
        }
    }

    /// Values and bytes of a block.
    pub(crate) fn block(self) -> (u64, u64) {
        match self {
            Kind::F32 => (1, 4),
            Kind::F16 | Kind::Bf16 => (1, 2),
            Kind::Q4_0 => (32, 18),
            Kind::Q4_1 => (32, 20),
            Kind::Q5_0 => (32, 22),
            Kind::Q5_1 => (32, 24),
            Kind::Q8_0 => (32, 34),
            Kind::Q4K => (256, 144),
            Kind::Q5K => (256, 176),
            Kind::Q6K => (256, 210),
        }
    }
}

/// Where a tensor lies.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tensor {
    pub(crate) kind: Kind,
    /// Slowest first: rows, columns.
    pub(crate) shape: Vec<u64>,
    /// From the beginning of the file.
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
}

/// An open file, its header read.
pub(crate) struct Gguf {
    file: BufReader<File>,
    pub(crate) size: u64,
    metadata: HashMap<String, Value>,
    tensors: HashMap<String, Tensor>,
}

fn damaged(what: impl Into<String>) -> ImportError {
    ImportError::Damaged(what.into())
}

struct Header<R> {
    input: R,
    left: u64,
    read: u64,
    size: u64,
}

impl<R: Read> Header<R> {
    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], ImportError> {
        let mut out = [0; N];
        self.take(N as u64)?;
        self.input.read_exact(&mut out).map_err(|_| self.short())?;
        Ok(out)
    }

    fn short(&self) -> ImportError {
        ImportError::Truncated { has: self.size, needs: self.read.max(self.size + 1) }
    }

    fn take(&mut self, n: u64) -> Result<(), ImportError> {
        self.read += n;
        match self.left.checked_sub(n) {
            Some(left) => self.left = left,
            None => return Err(self.short()),
        }
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, ImportError> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, ImportError> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn text(&mut self) -> Result<String, ImportError> {
        let length = self.u64()?;
        if length > MOST_STRING {
            return Err(damaged("a text in its header has no end"));
        }
        self.take(length)?;
        let mut out = vec![0; length as usize];
        self.input.read_exact(&mut out).map_err(|_| self.short())?;
        // Pieces of tokens may be no characters; GGUF stores them as printable stand-ins, so that none is lost.
        String::from_utf8(out).map_err(|_| damaged("a text in its header is no text"))
    }

    fn number(&mut self, kind: u32) -> Result<f64, ImportError> {
        Ok(match kind {
            0 => f64::from(u8::from_le_bytes(self.bytes()?)),
            1 => f64::from(i8::from_le_bytes(self.bytes()?)),
            2 => f64::from(u16::from_le_bytes(self.bytes()?)),
            3 => f64::from(i16::from_le_bytes(self.bytes()?)),
            4 => f64::from(self.u32()?),
            5 => f64::from(i32::from_le_bytes(self.bytes()?)),
            6 => f64::from(f32::from_le_bytes(self.bytes()?)),
            10 => self.u64()? as f64,
            11 => i64::from_le_bytes(self.bytes()?) as f64,
            12 => f64::from_le_bytes(self.bytes()?),
            7 => f64::from(u8::from(self.bytes::<1>()? != [0])),
            _ => return Err(damaged("a value in its header is of an unknown kind")),
        })
    }

    fn value(&mut self) -> Result<Value, ImportError> {
        Ok(match self.u32()? {
            7 => Value::Bool(self.bytes::<1>()? != [0]),
            8 => Value::Text(self.text()?),
            9 => {
                let kind = self.u32()?;
                let count = self.u64()?;
                // Each element has a byte at least.
                if count > self.left {
                    return Err(damaged("a list in its header has no end"));
                }
                if kind == 8 {
                    let mut out = Vec::new();
                    for _ in 0..count {
                        out.push(self.text()?);
                    }
                    Value::Texts(out)
                } else {
                    let mut out = Vec::new();
                    for _ in 0..count {
                        out.push(self.number(kind)?);
                    }
                    Value::Numbers(out)
                }
            }
            kind => Value::Number(self.number(kind)?),
        })
    }
}

impl Gguf {
    /// Opens a file and reads its header. Tensors that reach beyond its end, or that lie anywhere but in its
    /// data, are found here.
    pub(crate) fn open(path: &Path) -> Result<Gguf, ImportError> {
        let unreadable = |e: std::io::Error| ImportError::Unreadable {
            path: path.to_owned(),
            reason: e.to_string(),
        };
        let file = File::open(path).map_err(unreadable)?;
        let metadata = file.metadata().map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(ImportError::NotGguf(path.to_owned()));
        }
        let size = metadata.len();
        let mut file = BufReader::with_capacity(1 << 20, file);
        let mut header = Header { input: &mut file, left: size, read: 0, size };
        if size < 4 || header.bytes::<4>()? != MAGIC {
            return Err(ImportError::NotGguf(path.to_owned()));
        }
        let version = header.u32()?;
        if !(2..=3).contains(&version) {
            return Err(ImportError::Version(version));
        }
        let (tensors, keys) = (header.u64()?, header.u64()?);
        if tensors > MOST_TENSORS || keys > MOST_KEYS {
            return Err(damaged("its header counts more parts than any model has"));
        }
        let mut metadata = HashMap::new();
        for _ in 0..keys {
            let key = header.text()?;
            metadata.insert(key, header.value()?);
        }
        let mut found = Vec::new();
        for _ in 0..tensors {
            let name = header.text()?;
            let dimensions = header.u32()?;
            if dimensions > 4 {
                return Err(damaged(format!("\"{name}\" has {dimensions} dimensions")));
            }
            let mut shape = Vec::new();
            for _ in 0..dimensions {
                shape.push(header.u64()?);
            }
            shape.reverse();
            let code = header.u32()?;
            let kind = Kind::of(code).ok_or_else(|| {
                ImportError::Unsupported(format!("its part \"{name}\" is stored in format {code}"))
            })?;
            found.push((name, kind, shape, header.u64()?));
        }
        let alignment = match metadata.get("general.alignment") {
            None => 32,
            Some(Value::Number(n)) if (1.0..=65536.0).contains(n) => *n as u64,
            Some(_) => return Err(damaged("its alignment makes no sense")),
        };
        let start = header.read.div_ceil(alignment) * alignment;
        let mut tensors = HashMap::new();
        let mut needs = size;
        for (name, kind, shape, offset) in found {
            let (values, block) = kind.block();
            let count = shape.iter().try_fold(1u64, |n, d| n.checked_mul(*d));
            let columns = shape.last().copied().unwrap_or(1);
            let bytes = count
                .filter(|n| *n > 0 && columns % values == 0)
                .and_then(|n| (n / values).checked_mul(block))
                .ok_or_else(|| damaged(format!("the shape of \"{name}\" makes no sense")))?;
            let offset = start.checked_add(offset).ok_or_else(|| damaged("a part lies nowhere"))?;
            let end = offset.checked_add(bytes).ok_or_else(|| damaged("a part lies nowhere"))?;
            needs = needs.max(end);
            if tensors.insert(name.clone(), Tensor { kind, shape, offset, bytes }).is_some() {
                return Err(damaged(format!("\"{name}\" is there twice")));
            }
        }
        if needs > size {
            return Err(ImportError::Truncated { has: size, needs });
        }
        Ok(Gguf { file, size, metadata, tensors })
    }

    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.metadata.get(key)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn texts(&self, key: &str) -> Option<&[String]> {
        match self.metadata.get(key)? {
            Value::Texts(texts) => Some(texts),
            _ => None,
        }
    }

    pub(crate) fn numbers(&self, key: &str) -> Option<&[f64]> {
        match self.metadata.get(key)? {
            Value::Numbers(numbers) => Some(numbers),
            _ => None,
        }
    }

    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        match self.metadata.get(key)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(crate) fn truth(&self, key: &str) -> Option<bool> {
        match self.metadata.get(key)? {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// A whole number that must be there, from 1 to `most`.
    pub(crate) fn count(&self, key: &str, most: u64) -> Result<u64, ImportError> {
        let number =
            self.number(key).ok_or_else(|| damaged(format!("it does not say its {key}")))?;
        let whole = number as u64;
        if number.fract() != 0.0 || whole == 0 || whole > most {
            return Err(damaged(format!("its {key} makes no sense")));
        }
        Ok(whole)
    }

    pub(crate) fn tensor(&self, name: &str) -> Option<&Tensor> {
        self.tensors.get(name)
    }

    pub(crate) fn parameters(&self) -> u64 {
        self.tensors.values().map(|t| t.shape.iter().product::<u64>()).sum()
    }

    pub(crate) fn tensors(&self) -> impl Iterator<Item = (&String, &Tensor)> {
        self.tensors.iter()
    }

    /// A tensor of that shape, with its bytes.
    pub(crate) fn read(
        &mut self,
        name: &str,
        shape: &[u64],
    ) -> Result<(Tensor, Vec<u8>), ImportError> {
        let tensor = self
            .tensors
            .get(name)
            .cloned()
            .ok_or_else(|| damaged(format!("\"{name}\" is missing")))?;
        if tensor.shape != shape {
            return Err(damaged(format!("the shape of \"{name}\" is not what the header says")));
        }
        let failed = |e: std::io::Error| damaged(format!("\"{name}\" cannot be read: {e}"));
        self.file.seek(SeekFrom::Start(tensor.offset)).map_err(failed)?;
        let mut bytes = vec![0; tensor.bytes as usize];
        self.file.read_exact(&mut bytes).map_err(failed)?;
        Ok((tensor, bytes))
    }
}
