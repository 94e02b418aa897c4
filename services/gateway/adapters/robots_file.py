"""The table of robots: TOML, checked when the gateway starts."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from services.common.errors import InvalidArgument

from ..robots.robot import LinkPreview, Robot, SearchCrawler

DEFAULT = Path(__file__).parent.parent / "robots" / "robots.toml"

Agent = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{2,59}$")]
# Two labels at least: `com` would let in whoever has a domain there.
Host = Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$", max_length=200)]


class RobotsFileError(InvalidArgument):
    """What is wrong with the table of robots, in one sentence."""


class SearchCrawlerEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    agent: Agent
    hosts: list[Host] = []
    networks: list[str] = []

    @field_validator("networks")
    @classmethod
    def _are_networks(cls, value: list[str]) -> list[str]:
        for each in value:
            ip_network(each)
        return value

    @model_validator(mode="after")
    def _can_be_verified(self) -> SearchCrawlerEntry:
        if not self.hosts and not self.networks:
            raise ValueError("`hosts` or `networks` must say how it is known")
        return self

    def robot(self) -> SearchCrawler:
        return SearchCrawler(self.agent, tuple(self.hosts), tuple(ip_network(each) for each in self.networks))


class LinkPreviewEntry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    agent: Agent

    def robot(self) -> LinkPreview:
        return LinkPreview(self.agent)


class RobotsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    search_crawler: list[SearchCrawlerEntry] = []
    link_preview: list[LinkPreviewEntry] = []

    @model_validator(mode="after")
    def _names_differ(self) -> RobotsFile:
        names = [each.agent.lower() for each in self.search_crawler] + [
            each.agent.lower() for each in self.link_preview
        ]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"there are two robots named {', '.join(sorted(twice))}")
        return self


def load_robots(path: Path | None) -> list[Robot]:
    """Raises `RobotsFileError` with one sentence that names the file and the place in it."""
    path = path or DEFAULT
    try:
        found = RobotsFile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise RobotsFileError(f"The table of robots {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RobotsFileError(f"The table of robots {path} is not TOML: {error}.") from None
    except ValidationError as error:
        raise RobotsFileError(f"The table of robots {path} is wrong: {_first_problem(error)}.") from None
    return [*(each.robot() for each in found.search_crawler), *(each.robot() for each in found.link_preview)]


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    place = " ".join(f"number {each + 1}" if isinstance(each, int) else str(each) for each in problem["loc"])
    return f"{place}: {problem['msg']}" if place else problem["msg"]
