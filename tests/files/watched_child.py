"""The child process that reads a file, fenced in; what it did besides comes to stand beside its data.

As the real one: the file, a name for unpacked data, seconds. The variable MISBEHAVE has code for it to run, to see that
it would be noticed.
"""

import copy  # noqa: F401  (this and the next look in vain for a module of Jython)
import json
import os
import pickle  # noqa: F401
import platform
import sys
import time  # noqa: F401
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "fuzz"), str(HERE.parents[1])]

import fences  # noqa: E402

from reproviewer.files import child  # noqa: E402
from tests.files import watch  # noqa: E402

end = os._exit
growth = watch.own_peak()
taken = growth.__enter__()
platform.processor()  # h5py asks for it, and Python asks another process, once


def tell_and_end(status):
    growth.__exit__(None, None, None)
    Path(f"{sys.argv[2]}.watched").write_text(json.dumps({"peak": taken[0], "broken": list(broken)}))
    end(status)


os._exit = tell_and_end
child.end_with_parent()
fences.put_up()
path, unpacked = sys.argv[1:3]
homes = os.path.realpath(os.path.dirname(path)), unpacked, os.path.realpath("/proc/self"), os.devnull
with fences.fenced(*homes) as broken:
    exec(os.environ.get("MISBEHAVE", ""))
    child.main()
