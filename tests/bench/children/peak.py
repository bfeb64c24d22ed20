"""Run a command; prints the most memory in MB that it, or a child that it waited for, has used at one time.

From a small process of its own, because the kernel counts what a command was forked from as the command's.
"""

import resource
import subprocess
import sys

subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
unit = 1 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 1e6)
