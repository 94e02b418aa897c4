"""`make test`: every test against real servers, several at a time; then, one after the other, those that must be alone
on the machine because they hold it to a time. What follows is passed on to pytest both times.

MEDCODES_TEST_WORKERS says how many at a time; without it one more than there are processors, and six at most, because
the tests wait for servers more than they work.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from tests.workers import OWNER, SHARED_DIR

MOST_WORKERS = 6


def main() -> None:
    # By file, so that what a module starts is started once, and in the order of `workers.in_good_order`.
    together = ["-n", str(workers()), "--dist", "loadfile", "--no-loadscope-reorder"]
    with tempfile.TemporaryDirectory(prefix="medcodes-tests-") as shared:
        os.environ[SHARED_DIR] = shared
        os.environ[OWNER] = str(os.getpid())
        codes = {run("not alone", *together), run("alone")}
    if len(codes) > 1:
        codes -= {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    code = max(codes, default=0)
    print("-- FAILED, see above --" if code else "-- all tests passed --", flush=True)
    raise SystemExit(code)


def workers() -> int:
    return int(os.environ.get("MEDCODES_TEST_WORKERS") or min((os.cpu_count() or 1) + 1, MOST_WORKERS))


def run(marked: str, *arguments: str) -> int:
    """The exit code of pytest. An interruption ends everything."""
    print(f"-- tests that are {marked} --", flush=True)
    code = subprocess.run([sys.executable, "-m", "pytest", "-m", marked, *arguments, *sys.argv[1:]]).returncode
    if code == pytest.ExitCode.INTERRUPTED or code < 0:
        raise SystemExit(pytest.ExitCode.INTERRUPTED)
    return code


if __name__ == "__main__":
    main()
