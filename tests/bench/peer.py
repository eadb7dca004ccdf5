"""The engine benchmark's peer: llama.cpp on the same file, the same threads. Prints one JSON object."""
import json
import resource
import statistics
import sys
import time

from llama_cpp import Llama

path, threads, runs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
start = time.perf_counter()
model = Llama(model_path=path, n_ctx=512, n_batch=512, n_threads=threads, n_threads_batch=threads, verbose=False)
load = time.perf_counter() - start


def tokens(count, seed):
    return [(n * 7919 + seed * 104729) % 100000 + 300 for n in range(count)]


def timed(work):
    times = []
    for run in range(runs + 1):
        model.reset()
        start = time.perf_counter()
        work(run)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def usual(run):
    """The usual way: a chat prompt of 317 tokens, 28 tokens generated one by one."""
    model.eval(tokens(317, run))
    for step in range(28):
        model.sample(temp=0.0)
        model.eval([1000 + step])


out = {
    "load": load,
    "prefill": timed(lambda run: model.eval(tokens(275, run))),
    "usual": timed(usual),
}
# Kilobytes on Linux.
out["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(out))
