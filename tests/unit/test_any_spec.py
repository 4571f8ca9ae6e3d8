"""Whatever stands in a spec, the planner has an answer, and the reader is no stricter than the CRD."""

from typing import Any

from hypothesis import HealthCheck, given, settings

from modelservice_operator.api.crd import crd
from modelservice_operator.api.read import InvalidSpec
from modelservice_operator.plan.errors import PlanError
from modelservice_operator.validate.validator import Validator
from modelservice_operator.validate.wire import as_json
from unit.from_schema import specs
from unit.plan.test_properties import planned

VALIDATOR = Validator(crd(), "v1alpha1")
HEAD = {"apiVersion": "modelservice.dev/v1alpha1", "kind": "ModelService", "metadata": {"name": "generated"}}


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs())
def test_any_spec_is_planned_or_refused_in_sentences(spec: Any) -> None:
    """Also what no API server takes: it may have been stored before a rule existed."""
    if not isinstance(spec, dict):
        return
    manifest = as_json(HEAD | {"spec": spec})
    assert isinstance(manifest, dict)
    try:
        planned(manifest["spec"])
    except InvalidSpec as error:
        taken = not VALIDATOR.mistakes(manifest)
        assert all(mistake.startswith("spec.podTemplate.spec" if taken else "spec") for mistake in error.mistakes)
    except PlanError as error:
        assert error.message.startswith("spec.")
        assert error.remedy.endswith(".")
