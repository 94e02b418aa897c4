"""`make check` looks the pinned packages up among the published advisories (`python -m tests.audit`).

Fails on a finding. Where no source of advisories can be reached it says so and does not fail: on a machine without a
way out nothing else could be checked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

REQUIREMENTS = "requirements/runtime.txt"
COMMAND = ["pip-audit", "--disable-pip", "--require-hashes", "-r", REQUIREMENTS, "--vulnerability-service", "osv",
           "--timeout", "10", "--progress-spinner", "off", "--format", "json"]  # fmt: skip
# What pip-audit's last words are where it could not reach its source.
AWAY = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "SSLError", "ServiceError", "HTTPError")


class Verdict(NamedTuple):
    """`code` is the exit code of this command."""

    code: int
    said: str


def verdict(output: str, errors: str) -> Verdict:
    """What pip-audit's output (JSON, or nothing where it broke down) and its errors mean."""
    try:
        dependencies = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = errors.strip().rpartition("\n")[2]
        if any(name in last for name in AWAY):
            return Verdict(0, "pip-audit: no source of advisories can be reached from here; NOTHING WAS CHECKED")
        return Verdict(1, f"pip-audit broke down: {last or 'it said nothing'}")
    found = [
        f"{each['name']} {each['version']}: {one['id']} (fixed in {', '.join(one['fix_versions']) or 'no version yet'})"
        for each in dependencies
        for one in each.get("vulns", ())
    ]
    if found:
        return Verdict(1, "\n".join(["pip-audit: known vulnerabilities:", *found]))
    skipped = [each["name"] for each in dependencies if each.get("skip_reason")]
    unknown = f"; NOT CHECKED: {', '.join(skipped)}" if skipped else ""
    return Verdict(0, f"pip-audit: {len(dependencies) - len(skipped)} packages without known vulnerabilities{unknown}")


def main() -> int:
    program = Path(sys.executable).with_name(COMMAND[0])
    done = subprocess.run([str(program), *COMMAND[1:]], capture_output=True, text=True, timeout=600, check=False)
    found = verdict(done.stdout, done.stderr)
    print(found.said)
    return found.code


if __name__ == "__main__":
    sys.exit(main())
