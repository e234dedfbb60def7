"""Entry point of `python3 -m onekey_standin`."""

import sys

from onekey_standin.cli import main

if __name__ == "__main__":
    sys.exit(main())
