"""The command ``contactmill``."""

from __future__ import annotations

import signal
import sys

from contactmill import _contactmill


def main() -> int:
    """Runs the command as it would run outside Python, and returns its exit code."""
    # Python's handler waits for Python code to be run, and there is none.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _contactmill.main(["contactmill", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
