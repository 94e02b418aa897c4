"""The state folder: one holder, one clear sentence for everything that can be wrong with it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import pytest

from services.common import endpoints
from services.standalone.state import State, StateError, fingerprint


def test_a_second_holder_is_told_where_the_first_one_is(tmp_path):
    first = State(tmp_path)
    first.hold()
    endpoints.save(tmp_path, {"gateway": {"url": "http://127.0.0.1:8123", "pid": os.getpid()}})
    with pytest.raises(StateError, match=r"already running at http://127\.0\.0\.1:8123"):
        State(tmp_path).hold()
    first.release()
    second = State(tmp_path)
    second.hold()
    second.release()


def test_a_holder_that_was_killed_holds_nothing(tmp_path):
    script = f"""
        import os, signal
        from pathlib import Path
        from services.standalone.state import State
        State(Path({str(tmp_path)!r})).hold()
        os.kill(os.getpid(), signal.SIGKILL)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False)
    state = State(tmp_path)
    state.hold()
    state.release()


def test_a_file_in_place_of_the_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(StateError, match="is a file"):
        State(path).hold()


def test_too_little_space(tmp_path):
    with pytest.raises(StateError, match=r"is full: .* MiB are free and 99999999 are needed"):
        State(tmp_path, min_free_mib=99_999_999).hold()


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"format": 2}', '{"other": 1}', "\x00\x01"])
def test_a_damaged_folder_is_not_touched(tmp_path, content):
    (tmp_path / "state.json").write_text(content)
    with pytest.raises(StateError, match="damaged or was written by another version"):
        State(tmp_path).hold()
    assert (tmp_path / "state.json").read_text() == content


def test_a_damaged_endpoints_file_is_as_if_there_were_none(tmp_path):
    (tmp_path / "endpoints.json").write_text('{"nats": 3, "valkey": {"url": "x"')
    assert endpoints.load(tmp_path) == {}
    assert State(tmp_path).end_leftovers() == 0


def test_a_process_that_is_not_ours_is_never_ended(tmp_path):
    endpoints.save(tmp_path, {"nats": {"url": "nats://127.0.0.1:1", "pid": os.getpid()}})
    assert State(tmp_path).end_leftovers() == 0


def test_the_fingerprint_changes_with_every_file(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    seen = {fingerprint([tmp_path])}
    (tmp_path / "b.txt").write_text("b")
    seen.add(fingerprint([tmp_path]))
    (tmp_path / "b.txt").write_text("bb")
    seen.add(fingerprint([tmp_path]))
    (tmp_path / "a.txt").unlink()
    seen.add(fingerprint([tmp_path]))
    seen.add(fingerprint([tmp_path], ["another version"]))
    assert len(seen) == 5
    assert fingerprint([tmp_path]) in seen
