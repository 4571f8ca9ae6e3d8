from modelservice_operator.cluster.freshness import Freshness


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_silence_is_told_per_resource_and_ends_with_a_sign_of_life() -> None:
    clock = Clock()
    freshness = Freshness(220.0, clock=clock)
    assert freshness.silent() == [], "what was never asked for is not missed"
    freshness.saw("services")
    clock.now = 150.0
    freshness.saw("pods")
    assert freshness.ages() == {"services": 50.0, "pods": 0.0}
    clock.now = 320.0
    assert freshness.silent() == [], "just within the limit"
    clock.now = 321.0
    assert freshness.silent() == ["the watch of services has been silent for 221 s"]
    clock.now = 371.0
    assert freshness.silent() == [
        "the watch of pods has been silent for 221 s",
        "the watch of services has been silent for 271 s",
    ]
    freshness.saw("services")
    assert freshness.silent() == ["the watch of pods has been silent for 221 s"]


def test_a_kind_that_is_not_served_is_told_until_it_shows_life() -> None:
    clock = Clock()
    freshness = Freshness(220.0, clock=clock)
    freshness.missing("modelservices")
    freshness.expect("modelservices")
    clock.now = 400.0
    assert freshness.silent() == ["the API server does not serve modelservices: install the CRD"]
    freshness.saw("modelservices")
    assert freshness.silent() == []
