"""The one exception that reaches a user: a line that says what is wrong and what to do."""


class Refused(Exception):  # noqa: N818 -- it is what the user reads, not a defect of ours.
    """Something that the user can mend.

    The text is one line, names the setting, file or field at fault and the mend, and holds no patient's data. The
    command prints it to standard error and exits with `code`.
    """

    def __init__(self, text: str, *, code: int = 2) -> None:
        super().__init__(text)
        self.code = code
