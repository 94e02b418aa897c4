"""A second release under load: no failed request, new facts within two seconds, and back the same way."""

from __future__ import annotations

import shutil
import threading
import time

import httpx
import pytest

from tests.conftest import OPEN_SETTINGS, SAMPLE_DIR
from tests.machine import AS_SHIPPED, Machine, copy_state, running

OLD, NEW = "A hip that has come out of its socket", "Changed wording for the second release"


class Load(threading.Thread):
    """Asks for pages without pause; keeps every status that was not 200."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(daemon=True)
        self._machine, self._over = machine, threading.Event()
        self.requests, self.failed = 0, []

    def run(self) -> None:
        paths = ["/codes/cpt/27250", "/api/v1/codes/cpt/27252", "/codes/icd10cm/S73005A", "/api/v1/search?q=hip"]
        with self._machine.client() as client:
            while not self._over.is_set():
                path = paths[self.requests % len(paths)]
                try:
                    status = client.get(path).status_code
                except httpx.HTTPError as error:
                    status = repr(error)
                self.requests += 1
                if status != 200:
                    self.failed.append((path, status))

    def stop(self) -> None:
        self._over.set()
        self.join(20)


@pytest.fixture
def machine(seed_state, tmp_path):
    with running(copy_state(seed_state, tmp_path / "state"), {**AS_SHIPPED, **OPEN_SETTINGS}) as machine:
        yield machine


@pytest.fixture
def changed_sample(tmp_path):
    """The sample set with other wording for one code, as another official file would bring it."""
    folder = tmp_path / "changed"
    shutil.copytree(SAMPLE_DIR, folder)
    wording = folder / "medcodes_plain_wording.tsv"
    lines = wording.read_text().splitlines()
    changed = ["\t".join([*line.split("\t")[:3], NEW]) if line.startswith("cpt\t27250\t") else line for line in lines]
    assert changed != lines
    wording.write_text("\n".join(changed) + "\n")
    return folder


def plain_text(machine: Machine) -> str:
    with machine.client() as client:
        return client.get("/api/v1/codes/cpt/27250").json()["common_language_description"]["text"]


def current(machine: Machine) -> str:
    with machine.client() as client:
        releases = client.get("/api/v1/releases").json()["items"]
    return next(release["id"] for release in releases if release["current"])


def seconds_until(condition) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < 20
        time.sleep(0.02)
    return time.monotonic() - began


@pytest.mark.alone
@pytest.mark.timeout(300)
def test_publish_and_rollback_under_load(machine, changed_sample):
    first, before = current(machine), plain_text(machine)
    built = machine.command("data", "import", "--no-sample", "--no-publish", str(changed_sample))
    assert built.returncode == 0, built.stderr
    second = built.stdout.split()[-1]

    load = Load(machine)
    load.start()
    try:
        published = machine.command("data", "publish", second)
        assert published.returncode == 0, published.stderr
        assert seconds_until(lambda: plain_text(machine) == NEW) < 2
        assert current(machine) == second
        rolled_back = machine.command("data", "rollback", first)
        assert rolled_back.returncode == 0, rolled_back.stderr
        assert seconds_until(lambda: plain_text(machine) == before) < 2
        assert current(machine) == first
        time.sleep(1)
    finally:
        load.stop()
    assert load.requests > 30
    assert load.failed == []


@pytest.mark.timeout(300)
def test_a_release_with_one_wrong_byte_is_refused_and_the_good_one_stays(machine, changed_sample):
    before = plain_text(machine)
    built = machine.command("data", "import", "--no-sample", "--no-publish", str(changed_sample))
    second = built.stdout.split()[-1]
    [file] = (machine.state_dir / "catalog").rglob(f"{second}*.sqlite")
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)

    published = machine.command("data", "publish", second)
    assert published.returncode != 0
    assert "digest" in (published.stdout + published.stderr).lower()
    assert plain_text(machine) == before
