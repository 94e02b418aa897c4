"""Fixtures for all tests: the real servers, and the official data where there is some.

Servers are processes by default; `MEDCODES_TEST_SERVERS=containers` (`make test SERVERS=containers`) starts them with
testcontainers from the images named in MEDCODES_TEST_NATS_IMAGE, MEDCODES_TEST_VALKEY_IMAGE and
MEDCODES_TEST_OPENSEARCH_IMAGE. A server that cannot be had fails the run; nothing is skipped.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from services.catalog.build.release import build_release
from services.catalog.importers.base import Root
from services.standalone.first_release import sources_fingerprint
from services.standalone.servers import NatsServer, ValkeyServer
from services.standalone.state import State
from tests import machine, one_release, secrets_in_logs, servers, shared_opensearch, workers
from tests.postgres import Postgres

SAMPLE_DIR = Path(__file__).parent.parent / "services" / "catalog" / "sample"
OPEN_SETTINGS = {"MEDCODES_GUEST_VIEWS": "unlimited", "MEDCODES_SECTIONS_FOR_GUESTS": "open"}

# How long an example takes, to be made up or to be tested, says nothing on a machine that runs other tests beside it.
# Tests that suppress other checks must name this one, too.
hypothesis.settings.register_profile(
    "beside others", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("beside others")


def pytest_report_header() -> str:
    data = os.environ.get("MEDCODES_TEST_DATA")
    said = data or "the sample set (set MEDCODES_TEST_DATA to a folder of official downloads for the whole files)"
    return f"medcodes: servers as {servers.kind()}; tests over official files read {said}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> workers.ByMachine:
    return workers.ByMachine(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    workers.in_good_order(items)


def pytest_collection_finish() -> None:
    """Takes the thousands of tests, which stay, out of garbage collection: it would look through all of them now and
    then, and keep what is held to a time waiting for half a second."""
    gc.collect()
    gc.freeze()


def pytest_configure() -> None:
    os.environ.setdefault(workers.OWNER, str(os.getpid()))
    os.environ.update(machine.HASTE)


_SECRETS_SAID: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """What services log that run inside of a test."""
    _SECRETS_SAID.extend(f"{report.nodeid} logs {kind}" for kind in secrets_in_logs.in_text(report.capstderr))


@pytest.fixture(scope="session", autouse=True)
def no_secret_in_any_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fails the run if a log of anything that it has started holds a secret. The first fixture, and so the last to end:
    every machine has stopped by then. Each worker looks through the logs of what it has started itself."""
    yield
    folders = {tmp_path_factory.getbasetemp(), *(folder.parent for folder in machine.STARTED)}
    logs = sorted({log for folder in folders for log in secrets_in_logs.logs_in(folder)})
    for folder in filter(Path.is_dir, machine.STARTED):
        assert {"gateway.log"} <= {path.name for path in logs if folder in path.parents}, f"no logs in {folder}"
    assert _SECRETS_SAID + secrets_in_logs.in_files(logs) == []


@pytest.fixture(scope="session")
def official_data() -> Path:
    """The folder of official downloads; the sample set where MEDCODES_TEST_DATA is not set."""
    folder = os.environ.get("MEDCODES_TEST_DATA")
    if folder and not Path(folder).is_dir():
        pytest.fail(f"MEDCODES_TEST_DATA is {folder}, which is no folder")
    return Path(folder).resolve() if folder else SAMPLE_DIR


@pytest.fixture(scope="session")
def has_official_data() -> bool:
    """Whether whole official files are there, so that a test may count them."""
    return bool(os.environ.get("MEDCODES_TEST_DATA"))


@pytest.fixture(scope="session")
def sample_dir() -> Path:
    return SAMPLE_DIR


@pytest.fixture(scope="session")
def release_file(official_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of the official files beside the sample set, as `medcodes up --data` builds it."""
    roots = one_release.roots(SAMPLE_DIR, official_data)
    return workers.made_once(
        tmp_path_factory, "release", lambda folder: build_release(roots, folder, lambda step: None).database
    )


@pytest.fixture
async def nats_server(tmp_path: Path):
    async with servers.running(NatsServer, tmp_path / "nats") as server:
        yield server


@pytest.fixture
async def valkey_server(tmp_path: Path):
    async with servers.running(ValkeyServer, tmp_path / "valkey") as server:
        yield server


@pytest.fixture(scope="session")
def opensearch(tmp_path_factory: pytest.TempPathFactory) -> shared_opensearch.Shared:
    """An OpenSearch for all tests of the run, whichever worker they are in; each uses a prefix of its own."""
    return shared_opensearch.reached(tmp_path_factory)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for all tests that need one; each makes a database of its own in it."""
    server = Postgres()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def seed_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a machine that has built its first release from the sample set, indexed it, and stopped."""

    def make(folder: Path) -> Path:
        with machine.running(folder / "state") as first:
            first.until_search_answers()
        return folder / "state"

    return workers.made_once(tmp_path_factory, "seed", make)


@pytest.fixture(scope="session")
def sample_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of the sample set alone, without the bundled ICD-10-CM files: a second release of it, or an index in
    another engine, is there in a moment."""

    def make(folder: Path) -> Path:
        state = folder / "state"
        built = build_release([Root(SAMPLE_DIR, "sample set")], state / "catalog" / "releases", lambda step: None)
        State(state).set_imported(sources_fingerprint(None))
        with machine.running(state) as first:
            done = first.command("data", "publish", built.id)
            assert done.returncode == 0, done.stderr
            first.until_search_answers()
        return state

    return workers.made_once(tmp_path_factory, "sample", make)


@pytest.fixture(scope="session")
def medcodes(seed_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[machine.Machine]:
    """A running machine with default settings, shared: guests may view one code page, sections are locked."""
    folder = machine.copy_state(seed_state, tmp_path_factory.mktemp("medcodes") / "state")
    with machine.running(folder) as running:
        yield running


@pytest.fixture(scope="session")
def open_medcodes(seed_state: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[machine.Machine]:
    """A running machine that is open to guests: unlimited views, open sections."""
    folder = machine.copy_state(seed_state, tmp_path_factory.mktemp("open") / "state")
    with machine.running(folder, OPEN_SETTINGS) as running:
        yield running
