"""What `pipeline.terminal` has, under its older name."""

from pipeline.terminal import dollars, plain

__all__ = ["dollars", "plain"]
