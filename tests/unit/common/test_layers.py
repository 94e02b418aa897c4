"""The domain of every service imports only the standard library: import-linter knows the packages by name."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOMAIN_FILES = sorted((ROOT / "services").glob("*/domain/**/*.py"))


@pytest.mark.parametrize("path", DOMAIN_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_domain_module_imports_only_the_standard_library_and_its_own_domain(path):
    service = path.relative_to(ROOT).parts[1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module]
        else:
            continue
        for name in names:
            assert name.partition(".")[0] in sys.stdlib_module_names or name.startswith(f"services.{service}.domain")


def test_there_are_domains():
    assert len(DOMAIN_FILES) > 10
