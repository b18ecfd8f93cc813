"""What spans share, to the microsecond: those that are apart share nothing, not less."""

from pipeline.rules.overlap import common, shared


def test_spans_that_are_apart_share_nothing() -> None:
    assert shared([(0, 10), (10, 20), (25, 30)]) == [0, 0, 0]
    assert [common((0, 10), other) for other in ((10, 20), (25, 30))] == [0, 0]


def test_a_span_loses_what_the_union_of_the_earlier_ones_covers() -> None:
    assert shared([(0, 30), (5, 10), (20, 40), (35, 36), (39, 60)]) == [0, 5, 10, 1, 1]
