"""Problems as answers: a page for people, a document for programs."""

from __future__ import annotations

from urllib.parse import quote

import structlog
from fastapi.exceptions import RequestValidationError
from markupsafe import Markup, escape
from starlette.exceptions import HTTPException

from services.common.errors import ServiceError

from . import meters, problems
from .answers import HTML, PRIVATE, Answer, Header
from .members import plans
from .members.member import Member
from .members.plans import Plans
from .problems import Problem
from .rendering.navigation import GUEST, navigation
from .rendering.splice import Gap, Marks, Spliced
from .rendering.templates import Templates
from .visitors.visitor import Visitor

PAGES = (
    "codes", "index", "search", "releases", "privacy", "register", "login", "logout", "account", "forgot", "reset",
    "verify", "deletions", "dev", "assistant", "problems", "",
)  # fmt: skip
REGISTER = Markup(
    '<p><a class="button" href="/register?next={}">Register free {}</a> <a href="/login?next={}">Log in</a></p>'
)

log = structlog.get_logger(__name__)


class ProblemAnswers:
    def __init__(self, templates: Templates, marks: Marks, plans: Plans) -> None:
        self._templates, self._marks, self._plans = templates, marks, plans
        self._wall: Spliced | None = None

    def answer(self, error: Exception, path: str, visitor: Visitor) -> Answer:
        """The answer to any error; one that nobody foresaw is logged and says nothing of what it was."""
        problem = _problem(error)
        headers = [(name.lower().encode(), value.encode()) for name, value in problem.headers.items()]
        if not any(name == b"cache-control" for name, _ in headers):
            headers.append(PRIVATE)
        is_page = _wants_page(path, visitor.accept, problem)
        if is_page and problem.status == 401 and not visitor.is_bearer:
            return _to_login(visitor, path, headers)
        if problem.status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="medcodes"'))
        if is_page:
            return Answer(problem.status, HTML, self._page(problem, path, visitor), headers)
        return Answer(problem.status, problems.CONTENT_TYPE, problem.body(), headers)

    def _page(self, problem: Problem, path: str, visitor: Visitor) -> bytes:
        nav = navigation(visitor)
        if problem.type.name == "views-exhausted":
            return (
                self._wall_of_member(problem, path, visitor.member, nav)
                if visitor.member
                else self._wall_page(problem, path)
            )
        system = path.split("/")[2] if path.startswith("/codes/") else ""
        near = problem.extra.get("near", [])
        return self._templates.render("problem.html", problem=problem, near=near, system=system, nav=nav)

    def _wall_page(self, problem: Problem, path: str) -> bytes:
        """The wall shows nothing but the code that was asked for; it is rendered once."""
        if self._wall is None:
            marks = {gap.value: self._marks[gap] for gap in (Gap.METER, Gap.CODE, Gap.OFFER)}
            self._wall = self._marks.cut(self._templates.render("wall.html", nav=GUEST, **marks))
        meter = problem.extra["meter"]
        line = meters.guest_line(meter["limit"], meter["remaining"], self._plans.offer)
        back = quote(path, safe="/")
        offer = REGISTER.format(back, self._plans.offer or "", back)
        gaps = {Gap.METER: line, Gap.CODE: escape(_asked_code(path)), Gap.OFFER: offer}
        return self._wall.fill({gap: text.encode() for gap, text in gaps.items()})

    def _wall_of_member(self, problem: Problem, path: str, member: Member, nav: Markup) -> bytes:
        meter = problem.extra["meter"]
        return self._templates.render(
            "wall_member.html",
            code=_asked_code(path),
            meter=meters.member_line(meter["remaining"], member.plan.window, member.plan.window_days),
            plan=member.plan,
            gives=plans.in_words(member.plan),
            limit=meter["limit"],
            nav=nav,
        )


def _to_login(visitor: Visitor, path: str, headers: list[Header]) -> Answer:
    """A person who is not logged in is asked to, and comes back afterwards; the address of a form has no page."""
    came_by = visitor.scope["method"] in ("GET", "HEAD")
    query = visitor.scope["query_string"].decode("latin-1")
    back = f"{path}?{query}" if query and came_by else path if came_by else "/account"
    headers.append((b"location", f"/login?next={quote(back, safe='')}".encode()))
    return Answer(303, HTML, b"", headers)


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
    """Pages answer with pages unless only JSON is asked for; what is below no page, and other methods than a page has,
    only where HTML is."""
    if path.startswith("/api/"):
        return path == "/api/docs"
    if b"text/html" in accept:
        return True
    if b"json" in accept or problem.type.name == "method-not-allowed":
        return False
    return path.split("/")[1] in PAGES
