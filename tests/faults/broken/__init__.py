"""Metering, broken on purpose: each module runs the service with one fault that the suite must find.

`python -m tests.faults.broken.NAME serve metering` takes the same settings as the real one.
"""

from __future__ import annotations

VARIANTS = ("check_and_grant_apart", "answer_before_write", "retry_charged", "merge_twice", "trim_before_publishing")
