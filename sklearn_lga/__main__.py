"""``python -m sklearn_lga``, the command of the package."""

import sys

from ._command import main

if __name__ == "__main__":
    sys.exit(main())
