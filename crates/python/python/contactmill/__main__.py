"""``python -m contactmill`` is the command ``contactmill``."""

import sys

from contactmill._cli import main

if __name__ == "__main__":
    sys.exit(main())
