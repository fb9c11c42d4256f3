"""`python -m packreg`."""

import signal
import sys

from packreg.cli.exits import INTERRUPTED
from packreg.cli.start import main

code = main()
if code == INTERRUPTED and sys.platform != "win32":
    # If an interrupt comes while Python compiles code from a string (as it does for a dataclass), Python
    # records it as uncaught although it was caught, and with -m kills itself with SIGINT. Blocking the signal
    # prevents that. It is done here and not in `main`, which programs may call.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
sys.exit(code)
