"""A process that holds 1 GB of weights. After every line on stdin it hands them over, by a run `file` or a `pipe`.

`file FOLDER`: writes the worker's run file and prints the path of its index. `pipe FD`: sends the array, pickled.
"""

import sys
from multiprocessing.connection import Connection

import numpy as np

from reproviewer.worker import runfile, tensors

SHAPE = (250_000, 1000)

weights = np.random.default_rng(1).random(SHAPE, dtype=np.float32)
entry = tensors.Entry("dense/kernel", "float32", "weight", weights, ())
how, where = sys.argv[1:]
pipe = Connection(int(where)) if how == "pipe" else None
print("ready", flush=True)
for number, _ in enumerate(sys.stdin):
    if pipe:
        pipe.send(weights)
    else:
        print(runfile.write(np, where, number, [entry], {}), flush=True)
