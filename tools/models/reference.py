#!/usr/bin/env python3
"""Writes llama.cpp's answers that the engine's tests compare with.

    python3 -m venv venv && venv/bin/pip install llama-cpp-python==0.3.36 numpy   # built from source
    for kind in reference phi3 gemma2 gemma3 qwen2; do cargo run --bin write-gguf $kind random/$kind.gguf; done
    venv/bin/python tools/models/reference.py SMOLLM2.gguf random GEMMA3.gguf src-tauri/crates/llm/tests/reference

SmolLM2-135M-Instruct (the file that fetch.sh brings): for 20 prompts the tokens, the ten best next tokens with their
log-probabilities, and 16 greedy tokens with the two best at each place. The random reference models: logits at the last
four places of prompts of 100, 300 and 2,000 tokens (Llama), of 70 and 300 (the other families). Gemma's vocabulary
(`fetch.sh gemma`): the tokens of texts.
"""
import ctypes
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import llama_cpp
from llama_cpp import Llama

PROMPTS = [
    "The capital of France is",
    "Monday, Tuesday, Wednesday, Thursday,",
    "Dear Ms Ortega,\n\nThank you for your letter of 3 May. I am writing to",
    "From: billing@example.com\nSubject: Your invoice\n\nYour invoice for April is",
    "The meeting has been moved to 14:00 today. Please",
    "Water boils at 100 degrees",
    "def add(a, b):\n    return",
    "Q: Is this mail from a person? A:",
    "Der Zug nach Berlin fährt um",
    "Le rendez-vous est prévu pour",
    "El pedido número 48213 ha sido",
    "1 + 1 = 2\n2 + 2 = 4\n3 + 3 =",
    "Once upon a time there was a postman who",
    "Subject: Server down\n\nThe database has been unreachable since 03:12. We need",
    "Don't forget to bring your passport,",
    "She said: \"I'll call you as soon as",
    "| name | age |\n|------|-----|\n| Ana | 31 |\n|",
    "The build failed with error: undefined reference to",
    "Unsubscribe from this list at any time by",
    "<p>Hello <b>world",
]


# Where vocabularies of SentencePiece are cut in ways of their own.
TEXTS = PROMPTS + [
    " Hello", "  Hello", "   Hello\n\n\nWorld", "\n", "\n \n  \n\n    \t\t\n end", "a" + " " * 40 + "b", "\n" * 40,
    "Total: 1,234.56 EUR (19 % VAT)", "\u30ad\u30e3\u30f3\u30bb\u30eb\u306f\u660e\u65e5\u307e\u3067\u306b\u304a\u9858\u3044\u3057\u307e\u3059\u3002",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043a\u0430\u043a \u0434\u0435\u043b\u0430?", "\U0001f680\U0001f636\u200d\U0001f32b\ufe0f", "aaaaaaa bbbbbb ```````",
    "re:\u00a0 caf\u00e9 cafe\u0301", "https://example.com/a?b=c&d=%20e", "<start_of_turn>user",
]


def log_probabilities(logits):
    logits = np.asarray(logits, dtype=np.float64)
    logits = logits - logits.max()
    return logits - np.log(np.exp(logits).sum())


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def open_model(path, context):
    return Llama(model_path=path, n_ctx=context, n_batch=512, logits_all=True, n_threads=2, verbose=False, seed=1,
                 type_k=0, type_v=0)  # the cache in F32: the engine under test rounds nothing there


def unpacked(path, folder):
    """The same weights in F32, so that llama.cpp rounds no activations to eight bits: what is right, not how it errs."""
    out = str(Path(folder) / "f32.gguf")
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype = llama_cpp.LLAMA_FTYPE_ALL_F32
    params.allow_requantize = True
    assert llama_cpp.llama_model_quantize(path.encode(), out.encode(), ctypes.byref(params)) == 0
    return out


def smollm2(path):
    with tempfile.TemporaryDirectory() as folder:
        return smollm2_of(path, open_model(unpacked(path, folder), 256))


def smollm2_of(path, model):
    out = []
    for prompt in PROMPTS:
        tokens = model.tokenize(prompt.encode(), add_bos=False, special=False)
        model.reset()
        model.eval(tokens)
        last = log_probabilities(model.scores[len(tokens) - 1])
        best = np.argsort(-last)[:10]
        greedy = []
        for step in range(16):
            two = np.argsort(-model.scores[len(tokens) - 1 + step])[:2]
            greedy.append([int(t) for t in two])
            model.eval([int(two[0])])
        out.append({
            "prompt": prompt,
            "tokens": tokens,
            "best": [[int(t), round(float(last[t]), 4)] for t in best],
            "greedy": greedy,
        })
    return {"sha256": digest(path), "prompts": out}


def texts(path):
    model = Llama(model_path=path, vocab_only=True, verbose=False)
    cut = [[text, model.tokenize(text.encode(), add_bos=False, special=False)] for text in TEXTS]
    return {"sha256": digest(path), "texts": cut}


def random_tokens(count):
    state, out = 7, []
    for _ in range(count):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        out.append((state >> 33) % 256)
    return out


def reference(path, lengths):
    model = open_model(path, max(lengths) + 8)
    out = []
    for count in lengths:
        tokens = random_tokens(count)
        model.reset()
        model.eval(tokens)
        rows = [[round(float(x), 3) for x in model.scores[at]] for at in range(count - 4, count)]
        out.append({"tokens": count, "logits": rows})
    return {"sha256": digest(path), "lengths": out}


def main():
    real, random, gemma, folder = (Path(arg) for arg in sys.argv[1:5])
    folder.mkdir(parents=True, exist_ok=True)

    def write(name, value, rows):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        (folder / name).write_text(text.replace("},{", "},\n{").replace("],[", rows) + "\n")

    write("smollm2.json", smollm2(str(real)), "],[")
    write("random.json", reference(str(random / "reference.gguf"), (100, 300, 2000)), "],\n[")
    write("gemma-tokens.json", texts(str(gemma)), "],\n[")
    for family in ("phi3", "gemma2", "gemma3", "qwen2"):
        write(f"{family}.json", reference(str(random / f"{family}.gguf"), (70, 300)), "],\n[")


if __name__ == "__main__":
    main()
