import pytest

from modelservice_operator.preview.devices import Change, Counts

GPU = "nvidia.com/gpu"
SLICE = "nvidia.com/mig-1g.10gb"


@pytest.mark.parametrize(
    ("pods", "wanted", "each", "then", "replaced", "surge", "peak"),
    [
        # Nothing is replaced.
        (2, 2, 1, 1, False, True, 2),
        (2, 5, 4, 4, False, True, 20),
        (5, 2, 4, 4, False, True, 20),
        (3, 0, 2, 2, False, True, 6),
        (0, 3, 2, 2, False, True, 6),
        # One more than are wanted, by surge.
        (1, 1, 1, 1, True, True, 2),
        (3, 3, 8, 8, True, True, 32),
        (2, 2, 1, 2, True, True, 5),
        (2, 2, 2, 1, True, True, 5),
        (2, 4, 1, 1, True, True, 5),
        (4, 2, 1, 1, True, True, 4),
        (4, 2, 1, 3, True, True, 7),
        # Not one more, by replacing.
        (1, 1, 1, 1, True, False, 1),
        (3, 3, 2, 4, True, False, 12),
        (3, 3, 4, 2, True, False, 12),
        (1, 3, 4, 2, True, False, 12),
        # On CPUs now, on devices then.
        (2, 2, 0, 1, True, True, 2),
        (2, 2, 1, 0, True, True, 2),
    ],
)
def test_peak(pods: int, wanted: int, each: int, then: int, replaced: bool, surge: bool, peak: int) -> None:
    change = Change(pods, wanted, {GPU: each}, {GPU: then}, replaced=replaced, surge=surge)
    assert change.peak == {GPU: peak}
    assert change.now == ({GPU: pods * each} if pods * each else {})
    assert change.after == ({GPU: wanted * then} if wanted * then else {})


@pytest.mark.parametrize(
    ("pods", "wanted", "then", "surge", "peak"),
    [(2, 5, 1, True, 6), (6, 2, 1, True, 7), (6, 2, 3, True, 9), (6, 2, 3, False, 8), (1, 2, 1, False, 2)],
)
def test_an_autoscaler_is_late_by_one_pod(pods: int, wanted: int, then: int, surge: bool, peak: int) -> None:
    change = Change(pods, wanted, {GPU: 1}, {GPU: then}, replaced=True, surge=surge, late=True)
    assert change.peak == {GPU: peak}


@pytest.mark.parametrize(("surge", "peak"), [(True, {GPU: 3, SLICE: 3}), (False, {GPU: 3, SLICE: 3})])
def test_devices_of_another_kind(surge: bool, peak: Counts) -> None:
    assert Change(3, 3, {GPU: 1}, {SLICE: 1}, replaced=True, surge=surge).peak == peak


def test_no_devices() -> None:
    change = Change(2, 2, {}, {}, replaced=True, surge=True)
    assert (change.now, change.peak, change.after, change.at_most(8)) == ({}, {}, {}, {})


def test_what_an_autoscaler_may_ask_for() -> None:
    assert Change(1, 1, {GPU: 2}, {GPU: 4}, replaced=True, surge=True).at_most(8) == {GPU: 32}


def exchange(pods: int, wanted: int, *, surge: bool) -> set[tuple[int, int]]:
    """Old and new pods at each moment, as the Deployment controller goes about it: scale, then exchange."""
    old, new, seen = pods, 0, {(pods, 0)}
    if old:
        old = wanted
        seen.add((old, new))
    most, least = (wanted + 1, wanted) if surge else (wanted, wanted - 1)
    while (old, new) != (0, wanted):
        if new < wanted and old + new < most:
            new += 1
        elif old and old + new > least:
            old -= 1
        seen.add((old, new))
    return seen


@pytest.mark.parametrize("surge", [True, False])
@pytest.mark.parametrize("wanted", [1, 2, 5])
@pytest.mark.parametrize("pods", [0, 1, 3, 6])
@pytest.mark.parametrize(("each", "then"), [(1, 1), (1, 4), (4, 1)])
def test_no_moment_needs_more_than_the_peak(pods: int, wanted: int, each: int, then: int, surge: bool) -> None:
    needed = max(old * each + new * then for old, new in exchange(pods, wanted, surge=surge))
    change = Change(pods, wanted, {GPU: each}, {GPU: then}, replaced=pods > 0, surge=surge)
    assert change.peak[GPU] == needed
