from modelservice_operator.report.bars import bars
from modelservice_operator.timeline import Phase, Span
from unit.diagnose.builders import at

STARTING = (
    Span(Phase.SCHEDULING, at(0), at(0)),
    Span(Phase.PULLING, at(0), at(60)),
    Span(Phase.LOADING, at(60), ""),
)


def test_phases_lie_where_they_were() -> None:
    assert list(bars(STARTING, {"loadingSeconds": 220}, at(90))) == [
        "scheduling  █                               0s",
        "pulling     ████████████████████            1m",
        "loading                         ██████████  30s so far, usually 3m40s",
    ]


def test_a_start_that_is_over() -> None:
    done = (*STARTING[:2], Span(Phase.LOADING, at(60), at(120)))
    assert list(bars(done, {}, at(9000)))[-1] == "loading                    ███████████████  1m"


def test_odd_times_make_no_odd_bars() -> None:
    assert list(bars((), {}, at(0))) == []
    backwards = (Span(Phase.LOADING, at(60), at(0)),)
    assert list(bars(backwards, {}, "")) == ["loading     █                               0s"]
