"""What every table of paraphrases asserts."""

from modelservice_operator.diagnose.reasons import Reason
from modelservice_operator.diagnose.texts.recognise import recognise


def assert_means(text: str, reason: Reason, parts: list[str]) -> None:
    """The text is known, for this reason, and what is said of it holds these parts."""
    meaning = recognise(text)
    assert meaning is not None
    assert meaning.reason is reason
    for part in parts:
        assert part in meaning.says
