"""Start a worker: `python reproviewer/worker --flavour keras|tf_keras [--fork-server] [--idle SECONDS]`.

The directory becomes the package `reproviewer_worker`, so that its modules find each other while nothing of it, nor of
what lies beside it, is on the path of an interpreter that is not ours.
"""

from __future__ import annotations

import importlib.util
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = "reproviewer_worker"


def register() -> None:
    """Make this directory the package `reproviewer_worker` and take it off the path."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != HERE]
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(HERE, "__init__.py"), submodule_search_locations=[HERE]
    )
    if spec is None or spec.loader is None:
        raise ImportError("cannot load " + HERE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    register()
    importlib.import_module(PACKAGE + ".serve").main(sys.argv[1:])
