"""`python -m pipeline`: the command `kxwatch`, where its script is not on the path."""

from pipeline.cli import main

main()
