"""`python -m reproviewer`."""

import sys

from reproviewer.cli import main

sys.exit(main())
