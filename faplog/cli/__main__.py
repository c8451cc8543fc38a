"""`python -m faplog.cli`: the command `faplog`, from a checkout."""

import sys

from faplog.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
