"""The OpenAPI document against the running API: schemathesis makes up requests, none may end in a 5xx."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

schema = schemathesis.pytest.from_fixture("api_schema")


@pytest.fixture(scope="session")
def api_schema(open_medcodes):
    return schemathesis.openapi.from_url(open_medcodes.url + "/api/openapi.json")


@schema.parametrize()
@settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_no_request_ends_in_a_server_error(case, open_medcodes):
    case.call_and_validate(
        base_url=open_medcodes.url, checks=[not_a_server_error, status_code_conformance, content_type_conformance]
    )
