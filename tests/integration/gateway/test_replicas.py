"""Two gateways in front of two metering replicas, as processes of their own, on one Valkey, NATS and accounts."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import psutil
import pytest

from services.standalone.ports import free_port
from tests.machine import HEARD_SECONDS, ROOT, copy_state, running

PAGES = ("27250", "27252", "27253", "27254")
SECONDS = 120.0


@pytest.fixture
def gateways(sample_state, tmp_path) -> Iterator[tuple[str, str]]:
    """The URLs of both."""
    with running(copy_state(sample_state, tmp_path / "state")) as machine:
        known = psutil.Process(machine.pids()["gateway"]).environ()
        metering, port = f"127.0.0.1:{free_port()}", free_port()
        with (
            _serving("metering", known | {"MEDCODES_METERING_LISTEN": metering}),
            _serving("gateway", known | {"MEDCODES_METERING_ADDRESS": metering, "MEDCODES_HTTP_PORT": str(port)}),
        ):
            second = f"http://127.0.0.1:{port}"
            _until_ready(second)
            yield machine.url, second


@contextlib.contextmanager
def _serving(service: str, environment: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "services", "serve", service],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(60) == 0


def _until_ready(url: str) -> None:
    began = time.monotonic()
    while time.monotonic() - began < SECONDS:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(url + "/readyz", timeout=30).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError(f"{url} was not ready in time")


async def test_of_200_views_at_once_by_one_guest_over_both_gateways_one_page_is_granted(gateways):
    cookie = httpx.get(gateways[0] + "/", timeout=30).headers["set-cookie"].partition(";")[0]
    async with httpx.AsyncClient(timeout=30, headers={"Cookie": cookie}) as client:
        asked = [f"{gateways[n % 2]}/api/v1/codes/cpt/{PAGES[n // 2 % len(PAGES)]}" for n in range(200)]
        answers = await asyncio.gather(*(client.get(url) for url in asked))
    assert Counter(answer.status_code for answer in answers).keys() == {200, 403}
    granted = {answer.json()["code"] for answer in answers if answer.status_code == 200}
    assert len(granted) == 1
    assert sum(answer.status_code == 200 for answer in answers) == 200 // len(PAGES)
    assert sum(answer.json()["meter"]["charged"] for answer in answers if answer.status_code == 200) == 1


def test_a_session_that_ends_at_one_gateway_is_over_at_the_other(gateways):
    first, second = gateways
    account = {"email": "one@example.org", "password": "correct horse battery"}
    token = httpx.post(first + "/api/v1/accounts", json=account, timeout=30).json()["token"]
    by_token = {"headers": {"Authorization": f"Bearer {token}"}, "timeout": 30}
    assert httpx.get(second + "/api/v1/account", **by_token).status_code == 200
    assert httpx.get(second + "/api/v1/meter", **by_token).json()["limit"] == 5
    assert httpx.delete(first + "/api/v1/sessions/current", **by_token).status_code == 204
    ended = time.monotonic()
    while httpx.get(second + "/api/v1/meter", **by_token).status_code != 401:
        assert time.monotonic() - ended < HEARD_SECONDS, "the session is still known"
        time.sleep(0.01)
