#!/usr/bin/env python3
"""Fine-tunes the upper layers of multilingual-e5-small on the corpus, with a linear head for the four labels.

    pip install torch numpy tokenizers
    cargo run --release -p mailroom-triage --example export corpus.jsonl
    encoder.py e5-small-q4.bin corpus.jsonl OUT_DIR [--eval eval.jsonl]

Only the split `train` is trained on. The lower layers stay as they are, so their outputs are computed once. Writes
OUT_DIR/adapted.safetensors (layers in Q8_0, and head; what `crates/encoder/weights` holds), OUT_DIR/logits.jsonl (the head's logits for every message that was given) and
prints accuracy by split and language. Seeded: the same machine gives the same weights.
"""
import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from e5 import E5

LABELS = ["urgent", "task", "needs-human", "notification"]
PREFIX = "query: "


def read(path):
    return [json.loads(line) for line in open(path, encoding="utf-8")]


def target(row):
    out = np.full(4, 0.01, np.float32)
    out[LABELS.index(row["label"])] = 0.97
    if row["second"]:
        out[LABELS.index(row["label"])] = 0.78
        out[LABELS.index(row["second"])] = 0.20
    return out


def batches(lengths, order, size):
    """Batches of messages of about the same length, in random order."""
    pools = [order[i:i + size * 16] for i in range(0, len(order), size * 16)]
    out = []
    for pool in pools:
        pool = sorted(pool, key=lambda i: lengths[i])
        out += [pool[i:i + size] for i in range(0, len(pool), size)]
    return out


def pad(states, picked):
    longest = max(len(states[i]) for i in picked)
    x = torch.zeros(len(picked), longest, states[picked[0]].shape[1])
    mask = torch.zeros(len(picked), longest, dtype=torch.bool)
    for n, i in enumerate(picked):
        x[n, :len(states[i])] = states[i].float()
        mask[n, :len(states[i])] = True
    return x, mask


def pooled(layers, x, mask):
    for layer in layers:
        x = layer(x, mask)
    return (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)


def report(rows, logits, name, pick):
    at = [i for i in range(len(logits)) if pick(rows[i])]
    if not at:
        return
    best = logits[at].argmax(1)
    gold = np.array([LABELS.index(rows[i]["label"]) for i in at])
    second = np.array([LABELS.index(rows[i]["second"]) if rows[i]["second"] else -1 for i in at])
    strict = (best == gold).mean()
    both = ((best == gold) | (best == second)).mean()
    f1 = np.mean([2 * ((best == k) & (gold == k)).sum() / max(1, (best == k).sum() + (gold == k).sum()) for k in range(4)])
    recall = (best[gold == 0] == 0).mean() if (gold == 0).any() else float("nan")
    print(f"  {name:<22} n {len(at):>4}  strict {strict:.3f}  with second {both:.3f}  macro-F1 {f1:.3f}  urgent {recall:.3f}", flush=True)


def q8_0(matrix):
    """GGML's Q8_0: blocks of 32 values, a half-precision scale and 32 bytes each."""
    blocks = matrix.astype(np.float32).reshape(-1, 32)
    scale = np.abs(blocks).max(1, keepdims=True) / 127
    scale = scale.astype(np.float16)
    values = np.round(blocks / np.maximum(scale.astype(np.float32), 1e-12)).clip(-127, 127).astype(np.int8)
    return np.concatenate([scale.view(np.uint8), values.view(np.uint8)], 1).reshape(-1)


def write_safetensors(path, arrays):
    header, data = {}, b""
    for name in sorted(arrays):
        raw = np.ascontiguousarray(arrays[name]).tobytes()
        kind = "U8" if arrays[name].dtype == np.uint8 else "F32"
        header[name] = {"dtype": kind, "shape": list(arrays[name].shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("weights")
    parser.add_argument("corpus")
    parser.add_argument("out")
    parser.add_argument("--eval")
    parser.add_argument("--frozen", type=int, default=8, help="layers that stay as they are")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=1.5e-4)
    parser.add_argument("--tokens", type=int, default=160)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--full", action="store_true", help="compute in F32 all through; half as fast")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    random = np.random.default_rng(args.seed)
    torch.use_deterministic_algorithms(True)

    rows = read(args.corpus) + (read(args.eval) if args.eval else [])
    known = len(rows)
    # A second way to see what is trained on: without knowing who the reader is. One of the two is drawn each time.
    twin = {}
    for i in range(known):
        if rows[i]["split"] == "train" and rows[i].get("text_unknown", rows[i]["text"]) != rows[i]["text"]:
            twin[i] = len(rows)
            rows.append({**rows[i], "text": rows[i]["text_unknown"], "split": "twin"})
    e5 = E5(args.weights)
    word, position, kind, norm_w, norm_b = e5.embeddings()
    lower = [e5.layer(n).eval() for n in range(args.frozen)]
    upper = torch.nn.ModuleList([e5.layer(n) for n in range(args.frozen, e5.layers)])
    head = torch.nn.Linear(e5.hidden, 4)
    torch.nn.init.normal_(head.weight, std=0.02)

    start = time.time()
    ids = [e5.tokens(PREFIX + row["text"], args.tokens) for row in rows]
    lengths = [len(i) for i in ids]
    states = [None] * len(rows)
    by_length = sorted(range(len(rows)), key=lambda i: lengths[i])
    half = lambda: torch.autocast("cpu", dtype=torch.bfloat16, enabled=not args.full)
    with torch.no_grad(), half():
        for at in range(0, len(rows), 32):
            picked = by_length[at:at + 32]
            embedded = []
            for i in picked:
                x = word[ids[i]] + position[:lengths[i]] + kind
                embedded.append(torch.nn.functional.layer_norm(x, (e5.hidden,), norm_w, norm_b, e5.eps))
            x, mask = pad(embedded, list(range(len(picked))))
            for layer in lower:
                x = layer(x, mask)
            for n, i in enumerate(picked):
                states[i] = x[n, :lengths[i]].half()
    print(f"{len(rows)} messages, {np.mean(lengths):.0f} tokens on average, lower layers in {time.time() - start:.0f} s", flush=True)

    train = np.array([i for i, row in enumerate(rows) if row["split"] == "train"])
    targets = torch.tensor(np.stack([target(row) for row in rows]))
    counts = np.bincount([LABELS.index(rows[i]["label"]) for i in train], minlength=4)
    weight = torch.tensor((counts.mean() / counts) ** 0.5, dtype=torch.float32)
    steps = max(1, args.epochs * (len(train) // args.batch + 1))
    optimiser = torch.optim.AdamW(
        [{"params": upper.parameters(), "lr": args.rate}, {"params": head.parameters(), "lr": args.rate * 10}], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: min(1, (n + 1) / (0.1 * steps)) * max(0.02, 1 - n / steps))
    drop = torch.nn.Dropout(0.1)

    def logits_of_all():
        upper.eval()
        out = np.zeros((known, 4), np.float32)
        with torch.no_grad(), half():
            seen = [i for i in by_length if i < known]
            for at in range(0, known, 48):
                picked = seen[at:at + 48]
                out[picked] = head(pooled(upper, *pad(states, picked))).float().numpy()
        return out

    logits = logits_of_all()
    for epoch in range(args.epochs):
        upper.train()
        total, start = 0.0, time.time()
        for picked in (lambda b: [b[i] for i in random.permutation(len(b))])(batches(lengths, list(random.permutation(train)), args.batch)):
            drawn = [twin[i] if i in twin and random.random() < 0.4 else i for i in picked]
            with half():
                scores = head(drop(pooled(upper, *pad(states, drawn)))).float()
            goal = targets[picked]
            each = -(goal * torch.log_softmax(scores, 1)).sum(1)
            loss = (each * weight[goal.argmax(1)]).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(upper.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(picked)
        print(f"epoch {epoch + 1}: loss {total / len(train):.4f}, {time.time() - start:.0f} s", flush=True)
        logits = logits_of_all()
        for split in ("calibration", "test", "eval"):
                report(rows, logits, split, lambda row: row["split"] == split and row["agreed"])
    for lang in sorted({row["lang"] for row in rows[:known]}):
        report(rows, logits, f"test {lang}", lambda row: row["split"] == "test" and row["lang"] == lang and row["agreed"])

    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    arrays = {"head.weight": head.weight.detach().numpy(), "head.bias": head.bias.detach().numpy()}
    for n, layer in enumerate(upper):
        for name, value in layer.state_dict().items():
            value = value.numpy()
            matrix = value.ndim == 2
            arrays[f"{args.frozen + n}.{name}"] = q8_0(value) if matrix else value
    write_safetensors(out / "adapted.safetensors", arrays)
    with open(out / "logits.jsonl", "w", encoding="utf-8") as file:
        for row, values in zip(rows[:known], logits):
            json.dump({"id": row["id"], "split": row["split"], "logits": [round(float(v), 4) for v in values]}, file)
            file.write("\n")


if __name__ == "__main__":
    main()
