"""The plans' file: TOML, checked when the service starts."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.common.errors import InvalidArgument

from ..domain.plans import Plan, Plans, Window

DEFAULT = Path(__file__).parent.parent / "plans.toml"
RESERVED = ("guest", "other")
"""What views are counted by beside the names of plans."""
WINDOWS = {"none": Window.NONE, "calendar_month": Window.CALENDAR_MONTH, "rolling_days": Window.ROLLING_DAYS}


class PlansFileError(InvalidArgument):
    """What is wrong with the plans' file, in one sentence."""


class PlanEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
    title: Annotated[str, Field(min_length=1, max_length=80)]
    views: Annotated[int, Field(ge=0, le=1_000_000)] | Literal["unlimited"]
    window: Literal["none", "calendar_month", "rolling_days"] = "none"
    days: Annotated[int, Field(ge=1, le=3660)] | None = None

    @model_validator(mode="after")
    def _days_belong_to_rolling_windows(self) -> PlanEntry:
        if (self.window == "rolling_days") != (self.days is not None):
            raise ValueError("`days` goes with the window rolling_days, and only with it")
        return self

    @model_validator(mode="after")
    def _name_is_free(self) -> PlanEntry:
        if self.name in RESERVED:
            raise ValueError(f"a plan cannot be named {self.name}: it is what others are counted as")
        return self

    def plan(self) -> Plan:
        views = None if self.views == "unlimited" else self.views
        return Plan(self.name, self.title, views, WINDOWS[self.window], self.days or 0)


class PlansFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    plan: Annotated[list[PlanEntry], Field(min_length=1)]

    @model_validator(mode="after")
    def _names_differ(self) -> PlansFile:
        names = [each.name for each in self.plan]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"there are two plans named {', '.join(sorted(twice))}")
        return self


def load_plans(path: Path | None) -> Plans:
    """Raises `PlansFileError` with one sentence that names the file and the place in it."""
    path = path or DEFAULT
    try:
        found = PlansFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise PlansFileError(f"The plans' file {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlansFileError(f"The plans' file {path} is not TOML: {error}.") from None
    except ValidationError as error:
        raise PlansFileError(f"The plans' file {path} is wrong: {_first_problem(error)}.") from None
    return Plans([each.plan() for each in found.plan])


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    steps = [each for each in problem["loc"] if each not in ("int", "constrained-int", "literal['unlimited']")]
    place = " ".join(f"number {each + 1}" if isinstance(each, int) else str(each) for each in steps)
    return f"{place}: {problem['msg']}" if place else problem["msg"]
