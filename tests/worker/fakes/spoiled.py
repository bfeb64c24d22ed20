"""The real worker with a spoiled fork server: `spoiled.py WORKER told|hidden OPTION ...`.

An op runs before the first fork. `hidden` also takes away the look for that, so that a child really locks itself up.
"""

import importlib
import runpy
import sys

worker, how = sys.argv[1:3]
del sys.argv[1:3]
runpy.run_path(worker + "/__main__.py", run_name="start")["register"]()
serve = importlib.import_module("reproviewer_worker.serve")
load = serve.load


def load_and_run_an_op(flavour):
    stack = load(flavour)
    ones = stack.np.ones((1, 64, 64, 8), "float32")
    stack.tf.nn.conv2d(ones, stack.np.ones((3, 3, 8, 8), "float32"), 1, "SAME")
    return stack


serve.load = load_and_run_an_op
if how == "hidden":
    serve.forkserver.why_unsafe = lambda stack: ""
serve.main(sys.argv[1:])
