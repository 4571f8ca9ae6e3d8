from typing import Any

import pytest

from modelservice_operator.validate.expressions import InvalidExpression, NoValue, compiled, evaluated, matches


@pytest.mark.parametrize(
    ("expression", "value", "result"),
    [
        ("self.?runtime.?name.orValue('') == 'custom'", {}, False),
        ("self.?runtime.?name.orValue('') == 'custom'", {"runtime": {"name": "custom"}}, True),
        ("size(self.?command.orValue([])) == 0", {"command": ["x"]}, False),
        ("[has(self.a), has(self.b)].filter(given, given).size()", {"a": 1, "b": None}, 2),
        ("size(self)", "éé", 2),
        ("self in ['vllm', 'custom']", "custom", True),
        ("string(self).matches('^[0-9]+$')", 16, True),
        ("self.startsWith('pvc://')", "pvc://x", True),
        ("self.all(key, self[key] > 1)", {"a": 2, "b": 1}, False),
        ("self.lowerAscii().split('/')[0]", "A/B", "a"),
        ("self == null", None, True),
        ("self.matches('^[a-z]+$')", "a\0b", False),
        ("size(self)", "a\0b", 3),
        ("self.all(key, key == 'a' || self[key][0] == 'a')", {"a\0": ["a\0"]}, False),
    ],
)
def test_expressions(expression: str, value: Any, result: object) -> None:
    assert evaluated(expression, value) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("quantity('1Gi').compareTo(quantity('1Mi'))", 1),
        ("quantity('1Gi').compareTo(quantity('1024Mi'))", 0),
        ("quantity('1k').compareTo(quantity('1Ki'))", -1),
        ("quantity('1Gi') == quantity('1024Mi')", True),
        ("quantity('-0') == quantity('0')", True),
        ("quantity('0.1').isLessThan(quantity('200m'))", True),
        ("quantity('1').isGreaterThan(quantity('1'))", False),
        ("quantity('1').add(quantity('500m')) == quantity('1.5')", True),
        ("quantity('1').add(2) == quantity('3')", True),
        ("quantity('1').sub(quantity('2')).sign()", -1),
        ("quantity('1').sub(1).sign()", 0),
        ("quantity('2k').asInteger()", 2000),
        ("quantity('1500m').isInteger()", False),
        ("quantity('1500m').asApproximateFloat()", 1.5),
        ("isQuantity('16Gi')", True),
        ("isQuantity('16GB')", False),
    ],
)
def test_quantities(expression: str, result: object) -> None:
    assert evaluated(expression, {}) == result


@pytest.mark.parametrize(
    "expression", ["self.a", "quantity('x')", "quantity('1500m').asInteger()", "1 / 0", "self.a == oldSelf.a"]
)
def test_no_value(expression: str) -> None:
    with pytest.raises(NoValue):
        evaluated(expression, {})


@pytest.mark.parametrize("expression", ["self.", "other == 1", "nothing(self)"])
def test_invalid(expression: str) -> None:
    with pytest.raises(InvalidExpression, match="^" + expression.replace("(", r"\(").replace(")", r"\)")):
        compiled(expression)


def test_patterns_are_those_of_re2() -> None:
    assert matches("b", "abc")
    assert matches("^[[:alpha:]]+$", "abc")
    assert not matches("^a$", "a\n")
    with pytest.raises(NoValue):
        matches("(?=a)", "a")
