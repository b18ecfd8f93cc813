"""Whose a code is: some are furnished by one discipline alone."""

from functools import cache

from pipeline.rules.parameters import document


@cache
def owners() -> dict[str, tuple[str, ...]]:
    """Give the disciplines that furnish a code; a code that is not listed may be anybody's.

    Source: CMS, therapy code list; AMA, Current Procedural Terminology, evaluations.
    """
    stated: dict[str, list[str]] = document("disciplines.yaml")["codes"]
    return {code: tuple(names.split()) for names, codes in stated.items() for code in codes}
