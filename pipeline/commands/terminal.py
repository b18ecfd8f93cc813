"""What `pipeline.terminal` has, under its older name."""

from pipeline.terminal import dollars, leave_the_pipe, plain

__all__ = ["dollars", "leave_the_pipe", "plain"]
