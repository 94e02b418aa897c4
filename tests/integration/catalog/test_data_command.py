"""`medcodes data` as a user runs it, with a real NATS server."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from services.catalog.adapters.release_folder import ReleaseFolder, sha256_of
from services.catalog.adapters.schema import FORMAT
from services.common import endpoints
from tests.unit.catalog.build import official_files as files


@pytest.fixture
def state(nats_server, tmp_path: Path) -> Path:
    """A state folder whose endpoints.json says where NATS is, as `medcodes up` leaves it."""
    state = tmp_path / "state"
    state.mkdir()
    endpoints.save(state, {"nats": endpoints.Endpoint(url=nats_server.url, pid=nats_server.pid)})
    return state


def environment(state: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name != "MEDCODES_NATS_URL"}
    return {**inherited, "MEDCODES_STATE_DIR": str(state), "COLUMNS": "200"}


async def data(state: Path, *arguments: str) -> tuple[int, str, str]:
    process = await start(state, *arguments)
    out, err = await asyncio.wait_for(process.communicate(), 120)
    return process.returncode or 0, out.decode(), err.decode()


async def start(state: Path, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services", "data", *arguments,
        env=environment(state), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def test_import_publish_list_verify_fetch_and_rollback(state, tmp_path):
    files.mue(tmp_path / "downloads", [("27250", "1")])
    first = files.build(state / "catalog" / "releases", tmp_path / "downloads").id
    code, out, err = await data(state, "publish", first)
    assert (code, out.split()[-1]) == (0, first), err

    files.mue(tmp_path / "downloads", [("27250", "2")])
    code, out, err = await data(state, "import", "--no-publish", str(tmp_path / "downloads"))
    assert code == 0, err
    second = out.split()[-1]
    assert "built release" in out
    code, out, err = await data(state, "list")
    assert ["current" in line for line in out.splitlines() if f" {second[:12]} " in line] == [False]

    code, out, err = await data(state, "verify", second[:8])
    assert (code, "is whole" in out) == (0, True), err
    code, out, err = await data(state, "publish", second[:8])
    assert (code, out.split()[-1]) == (0, second), err
    code, out, err = await data(state, "list")
    lines = {line.split()[1]: line for line in out.splitlines() if line.startswith("│")}
    assert "current" in lines[second[:12]]
    assert "kept" in lines[first[:12]]

    code, out, err = await data(state, "rollback", first[:8])
    assert (code, out.split()[-1]) == (0, first), err
    code, out, err = await data(state, "rollback", "ffff")
    assert (code, "No release begins with 'ffff'" in err) == (1, True)

    ReleaseFolder(state / "catalog" / "releases").remove(first)
    code, out, err = await data(state, "fetch")
    assert code == 0, err
    assert (await data(state, "verify", first))[0] == 0

    damaged = state / "catalog" / "releases" / f"{second}.sqlite"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    for command in ("verify", "publish"):
        code, out, err = await data(state, command, second)
        assert code == 1
        assert "digest" in err
        assert "Traceback" not in err


async def test_over_a_release_of_an_earlier_format_a_new_one_is_published_without_its_changes(state, tmp_path):
    files.mue(tmp_path / "downloads", [("27250", "1")])
    earlier = files.build(state / "catalog" / "releases", tmp_path / "downloads")
    with closing(sqlite3.connect(earlier.database)) as connection:
        connection.execute(f"PRAGMA user_version = {FORMAT - 1}")
    database = earlier.database
    manifest = replace(earlier.manifest, sha256=sha256_of(database), size=database.stat().st_size)
    database.with_suffix(".json").write_text(manifest.to_json())
    code, _, err = await data(state, "publish", earlier.id[:8])
    assert code == 0, err

    files.mue(tmp_path / "downloads", [("27250", "2")])
    later = files.build(state / "catalog" / "releases", tmp_path / "downloads")
    code, out, err = await data(state, "publish", later.id)
    assert (code, "cannot be told" in err, "Traceback" in err) == (0, True, False), err
    assert out.split()[-1] == later.id != earlier.id


async def test_a_broken_file_is_one_sentence_with_file_and_line(state, tmp_path):
    files.written(tmp_path / "downloads" / "my_cpt_descriptors.txt", "27250\tfine\n" + "no\tcode\tat\tall\n" * 200)
    code, _, err = await data(state, "import", str(tmp_path / "downloads"))
    assert code == 1
    assert "my_cpt_descriptors.txt, line " in err
    assert "Traceback" not in err
    assert [path.name for path in (state / "catalog" / "releases").iterdir()] == [".lock"]


async def test_sigterm_ends_a_build_and_leaves_nothing(state):
    process = await start(state, "import")
    releases = state / "catalog" / "releases"
    while not (releases / ".draft" / "staging.sqlite").exists():
        assert process.returncode is None
        await asyncio.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode != 0
    assert [path.name for path in releases.iterdir()] == [".lock"]


async def test_without_nats_one_sentence_says_so(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir()
    endpoints.save(folder, {"nats": endpoints.Endpoint(url="nats://127.0.0.1:1", pid=1)})
    files.mue(tmp_path / "downloads", [("27250", "1")])
    built = files.build(folder / "catalog" / "releases", tmp_path / "downloads")
    code, _, err = await data(folder, "publish", built.id)
    assert code == 1
    assert "NATS at nats://127.0.0.1:1 does not answer" in err
    assert "Traceback" not in err
    code, out, err = await data(folder, "list")
    assert (code, built.id[:12] in out) == (0, True), err
