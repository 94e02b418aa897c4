"""The OpenAPI document against the running API: schemathesis makes up requests, none may end in a 5xx."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_no_made_up_request_ends_in_a_server_error(open_medcodes, tmp_path):
    schemathesis = Path(sys.executable).parent / "schemathesis"
    done = subprocess.run(
        [
            schemathesis, "run", open_medcodes.url + "/api/openapi.json", "--checks", CHECKS, "--max-examples", "60",
            "--phases", "examples,coverage,fuzzing", "--seed", "27250", "--request-timeout", "60", "--no-color",
        ],
        cwd=tmp_path, capture_output=True, text=True, timeout=540, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    # Its summary counts phases, operations and, the largest number, generated requests.
    assert max(int(number) for number in re.findall(r"(\d+) passed", done.stdout)) > 200, done.stdout[-3000:]
