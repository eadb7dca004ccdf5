//! Blocks of quantised weights as numbers: for embeddings and norms, which the loader wants plain.
//!
//! The formats are ggml's (github.com/ggml-org/llama.cpp/blob/master/ggml/src/ggml-quants.c).

use crate::gguf::Kind;

fn half(bytes: [u8; 2]) -> f32 {
    let bits = u16::from_le_bytes(bytes);
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => sign * f32::INFINITY,
        31 => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * 2f32.powi(exponent - 15),
    }
}

/// Scale and minimum `j` of the 12 bytes of a Q4_K or Q5_K block.
fn scale_min(j: usize, q: &[u8]) -> (f32, f32) {
    if j < 4 {
        (f32::from(q[j] & 63), f32::from(q[j + 4] & 63))
    } else {
        let scale = (q[j + 4] & 0x0f) | ((q[j - 4] >> 6) << 4);
        let minimum = (q[j + 4] >> 4) | ((q[j] >> 6) << 4);
        (f32::from(scale), f32::from(minimum))
    }
}

/// All values of `bytes`, which must be whole blocks of that kind.
pub(crate) fn values(kind: Kind, bytes: &[u8]) -> Vec<f32> {
    let (count, size) = kind.block();
    let mut out = Vec::with_capacity(bytes.len() / size as usize * count as usize);
    for b in bytes.chunks_exact(size as usize) {
        block(kind, b, &mut out);
    }
    out
}

fn block(kind: Kind, b: &[u8], out: &mut Vec<f32>) {
    match kind {
        Kind::F32 => out.push(f32::from_le_bytes([b[0], b[1], b[2], b[3]])),
        Kind::F16 => out.push(half([b[0], b[1]])),
        Kind::Bf16 => out.push(f32::from_bits(u32::from(u16::from_le_bytes([b[0], b[1]])) << 16)),
        Kind::Q4_0 => {
            let d = half([b[0], b[1]]);
            out.extend(b[2..].iter().map(|q| d * (f32::from(q & 15) - 8.0)));
            out.extend(b[2..].iter().map(|q| d * (f32::from(q >> 4) - 8.0)));
        }
        Kind::Q4_1 => {
            let (d, m) = (half([b[0], b[1]]), half([b[2], b[3]]));
            out.extend(b[4..].iter().map(|q| d * f32::from(q & 15) + m));
            out.extend(b[4..].iter().map(|q| d * f32::from(q >> 4) + m));
        }
        Kind::Q5_0 | Kind::Q5_1 => {
            let d = half([b[0], b[1]]);
            let (m, at) = if kind == Kind::Q5_1 { (half([b[2], b[3]]), 4) } else { (-16.0 * d, 2) };
            let high = u32::from_le_bytes([b[at], b[at + 1], b[at + 2], b[at + 3]]);
            let low = &b[at + 4..];
            let bit = |j: usize| (high >> j & 1) as u8;
            out.extend(
                low.iter().enumerate().map(|(j, q)| d * f32::from((q & 15) | bit(j) << 4) + m),
            );
            out.extend(
                low.iter().enumerate().map(|(j, q)| d * f32::from((q >> 4) | bit(j + 16) << 4) + m),
            );
        }
        Kind::Q8_0 => {
            let d = half([b[0], b[1]]);
            out.extend(b[2..].iter().map(|q| d * f32::from(*q as i8)));
        }
        Kind::Q4K | Kind::Q5K => {
            let (d, dmin) = (half([b[0], b[1]]), half([b[2], b[3]]));
            let scales = &b[4..16];
            let (high, low) =
                if kind == Kind::Q5K { (&b[16..48], &b[48..]) } else { (&b[..0], &b[16..]) };
            for part in 0..4 {
                let q = &low[part * 32..part * 32 + 32];
                for upper in 0..2 {
                    let (scale, minimum) = scale_min(2 * part + upper, scales);
                    for (l, q) in q.iter().enumerate() {
                        let low = if upper == 0 { q & 15 } else { q >> 4 };
                        let fifth = high.get(l).map_or(0, |h| h >> (2 * part + upper) & 1);
                        out.push(d * scale * f32::from(low | fifth << 4) - dmin * minimum);
                    }
                }
            }
        }
        Kind::Q6K => {
            let d = half([b[208], b[209]]);
            for part in 0..2 {
                let (low, high) = (&b[part * 64..], &b[128 + part * 32..]);
                let scales = &b[192 + part * 8..];
                for quarter in 0..4 {
                    for l in 0..32 {
                        let nibble = match quarter {
                            0 => low[l] & 15,
                            1 => low[l + 32] & 15,
                            2 => low[l] >> 4,
                            _ => low[l + 32] >> 4,
                        };
                        let q = nibble | (high[l] >> (2 * quarter) & 3) << 4;
                        let scale = f32::from(scales[quarter * 2 + l / 16] as i8);
                        out.push(d * scale * (f32::from(q) - 32.0));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_read_as_ieee_says() {
        for (bits, value) in
            [(0x3c00u16, 1.0), (0xc000, -2.0), (0x0001, 2f32.powi(-24)), (0x7bff, 65504.0)]
        {
            assert_eq!(half(bits.to_le_bytes()), value);
        }
        assert!(half(0x7e00u16.to_le_bytes()).is_nan());
    }

    #[test]
    fn blocks_have_as_many_values_as_they_say() {
        for kind in [
            Kind::Q4_0,
            Kind::Q4_1,
            Kind::Q5_0,
            Kind::Q5_1,
            Kind::Q8_0,
            Kind::Q4K,
            Kind::Q5K,
            Kind::Q6K,
        ] {
            let (count, size) = kind.block();
            let bytes = vec![0u8; size as usize * 3];
            assert_eq!(values(kind, &bytes).len() as u64, count * 3, "{kind:?}");
        }
    }

    #[test]
    fn a_block_of_q8_0_is_scale_times_value() {
        let mut bytes = 0x3800u16.to_le_bytes().to_vec(); // 0.5
        bytes.extend((0..32).map(|n| (n as i8 - 16) as u8));
        let values = values(Kind::Q8_0, &bytes);
        assert_eq!((values[0], values[16], values[31]), (-8.0, 0.0, 7.5));
    }
}
