"""Who gets which partition numbers, whatever members say of themselves."""

from collections.abc import Mapping
from types import SimpleNamespace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.engine.assignor import NumberAssignor, Standing, plan, share

Members = Mapping[str, Standing]
property_of = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def groups(draw: st.DrawFn, *, claimed_twice: bool = False) -> tuple[list[int], dict[str, Standing]]:
    """Give numbers and members; each number is worked on by one member at most, unless it may be `claimed_twice`."""
    numbers = list(range(draw(st.integers(1, 16))))
    names = [f"m-{place}" for place in range(draw(st.integers(1, 5)))]
    some = st.lists(st.sampled_from(numbers), unique=True)
    if claimed_twice:
        return numbers, {name: Standing(draw(some), draw(some)) for name in names}
    owners = draw(st.lists(st.sampled_from([None, *names]), min_size=len(numbers), max_size=len(numbers)))
    owned = {name: [number for number in numbers if owners[number] == name] for name in names}
    return numbers, {
        name: Standing(owned[name], [number for number in draw(some) if number not in owned[name]]) for name in names
    }


def works_on(members: Members) -> dict[int, str]:
    return {number: name for name, standing in members.items() for number in standing.owned}


def obeyed(members: Members, planned: Mapping[str, tuple[list[int], list[int]]]) -> dict[str, Standing]:
    """Give what members say next: they work on what they were given, and have prepared what they were told to."""
    return {name: Standing(*planned[name]) for name in members}


@property_of
@given(groups(claimed_twice=True))
def test_every_number_is_given_to_exactly_one_member(group: tuple[list[int], Members]) -> None:
    numbers, members = group
    assert sorted(number for given in share(numbers, members).values() for number in given) == numbers
    assert sorted(number for now, _ in plan(numbers, members).values() for number in now) == numbers


@property_of
@given(groups(claimed_twice=True))
def test_shares_are_as_even_as_can_be(group: tuple[list[int], Members]) -> None:
    counts = [len(given) for given in share(*group).values()]
    assert max(counts) - min(counts) <= 1


@property_of
@given(groups())
def test_nothing_moves_without_need(group: tuple[list[int], Members]) -> None:
    numbers, members = group
    owner = works_on(members)
    moved = [n for name, given in share(numbers, members).items() for n in given if owner.get(n, name) != name]
    # As few as even shares allow: whoever works on most keeps one more, as long as there is one more to keep.
    least, more = divmod(len(numbers), len(members))
    sizes = sorted((len(standing.owned) for standing in members.values()), reverse=True)
    assert len(moved) == sum(max(0, size - least - (place < more)) for place, size in enumerate(sizes))


@property_of
@given(groups())
def test_a_number_that_someone_works_on_moves_only_to_a_member_that_has_prepared_it(
    group: tuple[list[int], Members],
) -> None:
    numbers, members = group
    owner = works_on(members)
    planned = plan(numbers, members)
    for name, (now, later) in planned.items():
        for number in now:
            assert owner.get(number, name) == name or number in members[name].ready
        # What is to be prepared is another's, and stays with it meanwhile.
        for number in later:
            assert owner[number] != name
            assert number in planned[owner[number]][0]


@property_of
@given(groups(claimed_twice=True))
def test_members_that_do_as_they_are_told_come_to_even_shares_and_then_to_rest(
    group: tuple[list[int], Members],
) -> None:
    numbers, members = group
    for _ in range(4):
        planned = plan(numbers, members)
        members = obeyed(members, planned)
    assert plan(numbers, members) == planned
    assert not any(later for _, later in planned.values())
    counts = [len(now) for now, _ in planned.values()]
    assert max(counts) - min(counts) <= 1


@property_of
@given(groups())
def test_who_is_to_leave_keeps_what_nobody_has_prepared_and_then_has_nothing(
    group: tuple[list[int], dict[str, Standing]],
) -> None:
    numbers, members = group
    members["leaving"] = Standing(numbers[:2], [], leaving=True)
    members = {
        name: standing if standing.leaving else Standing([n for n in standing.owned if n not in numbers[:2]])
        for name, standing in members.items()
    }
    first = plan(numbers, members)
    assert first["leaving"] == (sorted(numbers[:2]), [])
    for _ in range(4):
        members = obeyed(members, plan(numbers, members)) | {
            "leaving": Standing(plan(numbers, members)["leaving"][0], [], leaving=True)
        }
    assert plan(numbers, members)["leaving"] == ([], [])


def test_where_all_are_to_leave_each_stays_with_what_it_has() -> None:
    members = {"a": Standing([0], leaving=True), "b": Standing([1], leaving=True)}
    assert plan(range(2), members) == {"a": ([0], []), "b": ([1], [])}


def test_what_a_dead_member_worked_on_goes_to_who_has_prepared_it() -> None:
    members = {"a": Standing([0], []), "b": Standing([1], [2])}
    assert plan(range(3), members) == {"a": ([0], []), "b": ([1, 2], [])}


def test_a_member_gets_its_numbers_of_every_topic_and_is_told_what_to_prepare() -> None:
    here, new = NumberAssignor(), NumberAssignor()
    here.standing = Standing([0, 1])
    cluster = SimpleNamespace(partitions_for_topic=lambda topic: {"x": {0, 1}, "y": {0, 1, 2}}[topic])
    told = {"here": here.metadata(["y", "x"]), "new": new.metadata(["y", "x"])}
    given = here.assign(cluster, told)
    new.on_assignment(given["new"])
    assert sorted(given["here"].partitions()) == [("x", 0), ("x", 1), ("y", 0), ("y", 1)]
    assert (given["new"].partitions(), new.prepare) == ([], [1])


def test_what_another_release_says_of_itself_is_taken_for_nothing() -> None:
    odd = NumberAssignor().metadata(["x"])
    odd.user_data = b"\xff"
    cluster = SimpleNamespace(partitions_for_topic=lambda _: {0})
    assert NumberAssignor().assign(cluster, {"odd": odd})["odd"].partitions() == [("x", 0)]
