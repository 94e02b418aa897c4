"""`medcodes up` as its users meet it: starting, stopping, and one clear sentence for what can go wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest

from services.standalone.ports import free_port
from tests.machine import ROOT, Machine, copy_state, running


def up(state_dir, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services", "up", "--state-dir", str(state_dir), *arguments],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def on_a_port() -> tuple[str, str]:
    return "--http-port", str(free_port())


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 1, done.stderr
    [sentence] = [line for line in done.stderr.splitlines() if line.strip()]
    assert "Traceback" not in done.stderr
    return sentence


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_child(sample_state, tmp_path, name):
    machine = Machine(copy_state(sample_state, tmp_path / "state"))
    machine.start()
    children = psutil.Process(machine.pid).children(recursive=True)
    assert len(children) >= 4
    os.kill(machine.pid, name)
    assert machine.stop() == 0
    assert [child.pid for child in children if child.is_running()] == []


def test_a_signal_while_the_first_release_is_built_stops_everything(tmp_path):
    state = tmp_path / "state"
    process = subprocess.Popen(
        [sys.executable, "-m", "services", "up", "--state-dir", str(state), *on_a_port()],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _until((state / "catalog" / "releases" / ".draft" / "staging.sqlite").exists)
    children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    assert process.wait(60) == 0
    assert [child.pid for child in children if child.is_running()] == []


def test_a_port_in_use(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = one_sentence(up(tmp_path / "state", "--http-port", str(port)))
    assert f"Port {port} on 127.0.0.1 is in use" in sentence
    assert "--http-port" in sentence


def test_a_second_instance_on_the_same_state(medcodes):
    sentence = one_sentence(up(medcodes.state_dir, *on_a_port()))
    assert f"already running at {medcodes.url}" in sentence


def test_a_folder_of_downloads_that_is_none(tmp_path):
    sentence = one_sentence(up(tmp_path / "state", *on_a_port(), "--data", str(tmp_path / "nothing")))
    assert "is not a folder" in sentence


def test_a_full_disk(tmp_path):
    sentence = one_sentence(up(tmp_path / "state", *on_a_port(), MEDCODES_MIN_FREE_MIB="99999999"))
    assert "is full" in sentence


def test_a_damaged_state_folder(tmp_path):
    state = tmp_path / "state"
    state.mkdir()
    (state / "state.json").write_text("\x00\x00\x00")
    assert "damaged" in one_sentence(up(state, *on_a_port()))


def test_a_setting_that_is_none(tmp_path):
    done = up(tmp_path / "state", MEDCODES_HTTP_PORT="eight thousand")
    assert done.returncode == 2
    assert "MEDCODES_HTTP_PORT: " in done.stderr
    assert "Traceback" not in done.stderr


def test_what_dies_is_started_again(sample_state, tmp_path):
    with running(copy_state(sample_state, tmp_path / "state"), arguments=("--processes",)) as machine:
        for name in ("catalog", "gateway", "nats", "valkey"):
            before = machine.pids()[name]
            machine.kill(name)
            _until(lambda name=name, before=before: machine.pids()[name] != before)
        with machine.client() as client:
            _until(lambda: _status(client, "/readyz") == 200)
            # Ready is who was ready once: metering may still compare the store that was killed last with the ledger.
            _until(lambda: _status(client, "/codes/cpt/27250") == 200)


def test_servers_left_behind_by_a_killed_instance_are_ended(sample_state, tmp_path):
    state = copy_state(sample_state, tmp_path / "state")
    first = Machine(state)
    first.start()
    children = psutil.Process(first.pid).children(recursive=True)
    os.kill(first.pid, signal.SIGKILL)
    psutil.Process(first.pid).wait(30)
    try:
        with running(state) as second, second.client() as client:
            assert client.get("/codes/cpt/27250").status_code == 200
            assert not [child for child in children if child.is_running() and child.status() != "zombie"]
            assert "left behind" in second.said()
    finally:
        for child in children:
            if child.is_running():
                child.kill()


def _status(client, path: str) -> int:
    try:
        return client.get(path).status_code
    except Exception:
        return 0


def _until(condition, seconds: float = 90) -> None:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.05)
