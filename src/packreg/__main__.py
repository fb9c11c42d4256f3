"""`python -m packreg`."""

import sys

from packreg.cli.start import main

sys.exit(main())
