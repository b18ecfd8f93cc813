"""`python -m bench.digest`: what `kxwatch rate` says of sixty simulated days, as a digest to hold beside another's.

A change for speed alone leaves both digests as they were: run it before and after.
"""

import hashlib
import sys
from typing import Any

from pipeline.events.codec import encode
from pipeline.rate import Rater
from pipeline.settings import Settings
from pipeline.simulate import network

NETWORK: dict[str, Any] = {"sites": 20, "patients": 600, "days": 60, "seed": 7}


def main() -> int:
    lines = list(network(**NETWORK))
    for name, final in (("rate", False), ("rate --final", True)):
        rater = Rater(Settings.load(), final=final)
        said = [encode(output) for output in rater.lines("events", lines)]
        said += [encode(output) for output in rater.results()]
        digest = hashlib.sha256(b"\n".join(sorted(said))).hexdigest()
        print(f"{digest}  {name}: {len(lines):,} events, {len(said):,} messages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
