"""The look-up of advisories fails on findings, and says so where it could not look."""

from __future__ import annotations

import json

from tests.audit import verdict

SOUND = {"name": "typer", "version": "1.0", "vulns": []}
SKIPPED = {"name": "uvloop", "skip_reason": "not found"}
FOUND = {"name": "lxml", "version": "1.0", "vulns": [{"id": "X-2026-1", "fix_versions": ["1.1"]}]}


def report(*dependencies) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


def test_nothing_found():
    found = verdict(report(SOUND), "")
    assert found.code == 0
    assert "1 packages" in found.said
    assert "NOT CHECKED" not in found.said


def test_a_finding_fails_whatever_else_was_skipped():
    found = verdict(report(SOUND, SKIPPED, FOUND), "Found 1 known vulnerability in 1 package")
    assert found.code == 1
    assert "lxml 1.0: X-2026-1 (fixed in 1.1)" in found.said


def test_what_was_skipped_is_said():
    assert "NOT CHECKED: uvloop" in verdict(report(SOUND, SKIPPED), "").said


def test_a_source_that_is_away_fails_nothing_but_is_said():
    found = verdict("", "Traceback ...\nrequests.exceptions.ConnectionError: Max retries exceeded")
    assert found.code == 0
    assert "NOTHING WAS CHECKED" in found.said


def test_a_command_that_breaks_down_fails():
    assert verdict("", "ERROR:pip_audit._cli:invalid requirements input: runtime.txt").code == 1
    assert verdict("", "").code == 1
