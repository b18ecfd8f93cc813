"""The table of codes: which share a count, and which do not."""

import pytest

from pipeline.rules.codes import pair


def test_two_pairs_share_a_count_and_no_other_code_does() -> None:
    assert [pair("97129"), pair("97550")] == [("97129", "97130"), ("97550", "97551")]
    for code in ("97110", "97130", "97551", "99999"):
        with pytest.raises(KeyError, match=code):
            pair(code)
