"""Problems as answers: a page for people, a document for programs."""

from __future__ import annotations

import structlog
from fastapi.exceptions import RequestValidationError
from markupsafe import escape
from starlette.exceptions import HTTPException

from services.common.errors import ServiceError

from . import meters, problems
from .answers import HTML, PRIVATE, Answer
from .problems import Problem
from .rendering.splice import Gap, Marks, Spliced
from .rendering.templates import Templates

PAGES = ("codes", "search", "releases", "privacy", "register", "login", "account", "assistant", "problems", "")

log = structlog.get_logger(__name__)


class ProblemAnswers:
    def __init__(self, templates: Templates, marks: Marks, registered_views: int) -> None:
        self._templates, self._marks, self._registered_views = templates, marks, registered_views
        self._wall: Spliced | None = None

    def answer(self, error: Exception, path: str, accept: bytes) -> Answer:
        """The answer to any error; one that nobody foresaw is logged and says nothing of what it was."""
        problem = _problem(error)
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        if not any(name == b"cache-control" for name, _ in headers):
            headers.append(PRIVATE)
        if problem.status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="medcodes"'))
        if _wants_page(path, accept, problem):
            return Answer(problem.status, HTML, self._page(problem, path), headers)
        return Answer(problem.status, problems.CONTENT_TYPE, problem.body(), headers)

    def _page(self, problem: Problem, path: str) -> bytes:
        if problem.type.name == "views-exhausted":
            return self._wall_page(problem, path)
        system = path.split("/")[2] if path.startswith("/codes/") else ""
        near = problem.extra.get("near", [])
        return self._templates.render("problem.html", problem=problem, near=near, system=system)

    def _wall_page(self, problem: Problem, path: str) -> bytes:
        """The wall shows nothing but the code that was asked for; it is rendered once."""
        if self._wall is None:
            gaps = {gap.value: self._marks[gap] for gap in (Gap.METER, Gap.CODE)}
            self._wall = self._marks.cut(
                self._templates.render("wall.html", registered_views=self._registered_views, **gaps)
            )
        meter = problem.extra["meter"]
        line = meters.limited_line(meter["limit"], meter["remaining"], self._registered_views)
        return self._wall.fill({Gap.METER: line.encode(), Gap.CODE: escape(_asked_code(path)).encode()})


def _asked_code(path: str) -> str:
    """The code as it stands in the address."""
    return path.split("/")[3].strip().upper()


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, ServiceError):
        return problems.from_service(error)
    if isinstance(error, HTTPException):
        return problems.from_http(error)
    if isinstance(error, RequestValidationError):
        return problems.from_validation(error)
    log.error("request failed", exc_info=error)
    return Problem("internal-error", "The request could not be answered.")


def _wants_page(path: str, accept: bytes, problem: Problem) -> bool:
    """Pages answer with pages unless only JSON is asked for; addresses where there is nothing, only where HTML is."""
    if path.startswith("/api/"):
        return path == "/api/docs"
    if b"text/html" in accept:
        return True
    if b"json" in accept or problem.type.name in ("not-found", "method-not-allowed"):
        return False
    return path.split("/")[1] in PAGES
