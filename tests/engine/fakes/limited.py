"""Run the real worker with a limit on the size of the files it writes: `limited.py BYTES WORKER OPTION ...`."""

import os
import resource
import sys

limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
