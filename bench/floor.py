"""The floor that `rate` is held against: the same lines, read and decoded to typed events, and nothing else."""

import sys
from pathlib import Path

import msgspec

from pipeline.events.codec import AnyEvent

if __name__ == "__main__":
    decode = msgspec.json.Decoder(AnyEvent).decode
    taken = 0
    with Path(sys.argv[1]).open("rb") as file:
        for line in file:
            try:
                decode(line)
                taken += 1
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
    print(taken)
