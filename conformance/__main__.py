"""`python -m conformance`: the rules' cases against a system."""

import sys

from conformance.run import main

if __name__ == "__main__":
    sys.exit(main())
