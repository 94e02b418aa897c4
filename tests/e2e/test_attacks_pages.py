"""What ends up in pages, links, redirects and mails although a visitor has put it into a request."""

from __future__ import annotations

import html
import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin, urlsplit

import pytest

from tests.e2e.attackers import SCRIPT, from_network, mailed_token
from tests.e2e.people import CODES, PASSWORD, email, log_out, own, register, somebody, view

EVIL = "elsewhere.example"
CODE = CODES[0]


@pytest.fixture
def visitor(medcodes):
    with somebody(medcodes) as client:
        yield client


def protected(machine) -> list[str]:
    """Texts that only members see: what stands in the sections of the code."""
    with somebody(machine) as member:
        register(member)
        sections = view(member, CODE).json()["sections"].values()
    texts = {entry["text"] for section in sections for entry in section["entries"] if len(entry["text"] or "") > 25}
    assert texts
    return sorted(texts)


def test_a_guests_answer_never_holds_a_members_bytes(medcodes):
    """The same page by guests and members in turn and at once, JSON and HTML, until every cache is warm."""
    texts = protected(medcodes)

    def visit(number: int) -> tuple[bool, str, list[str], str]:
        is_member, as_json = bool(number % 2), number % 4 < 2
        with somebody(medcodes) as client:
            if is_member:
                register(client)
            answer = client.get(f"/api/v1/codes/icd10cm/{CODE}" if as_json else f"/codes/icd10cm/{CODE}")
            again = client.get(answer.url.path, headers={"If-None-Match": "*", "Cache-Control": "max-age=9999"})
        assert answer.status_code == again.status_code == 200
        seen = html.unescape(answer.json().__repr__() if as_json else re.sub(r"<[^>]+>", "", answer.text))
        return is_member, answer.headers["Cache-Control"], [text for text in texts if text in seen], answer.text

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(visit, range(24)))
    assert {control for _, control, _, _ in found} == {"private, no-cache"}
    for is_member, _, held, text in found:
        assert bool(held) == is_member
        if not is_member:
            assert "/account/" not in text
            assert "/logout" not in text


def test_what_is_about_an_account_is_kept_nowhere(visitor):
    register(visitor)
    for path in ("/account", "/account/security", "/account/shelf", "/api/v1/account", "/api/v1/account/export"):
        assert visitor.get(path).headers["Cache-Control"] == "private, no-store", path
    for path in ("/", "/search?q=hip", "/login"):
        assert visitor.get(path).headers["Cache-Control"].startswith("private"), path
    log_out(visitor)
    assert visitor.get("/account").headers["Cache-Control"].startswith("private")


HOSTS = [EVIL, f"{EVIL}:8000", f"127.0.0.1.{EVIL}", f"codes.example.org@{EVIL}", f'"><script>{EVIL}']
LINKED = ("/", "/login", "/register", "/codes", f"/codes/icd10cm/{CODE}", f"/codes/icd10cm/{CODES[1]}", "/account",
          "/search?q=hip", "/robots.txt", "/sitemap.xml", "/api/docs", "/api/openapi.json", "/nothing", "/livez",
          f"/codes/icd10cm/{CODE.lower()}", "/releases", "/forgot")  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("kind", ["medcodes", "guarded"])
def test_a_hostile_host_stands_in_no_answer(request, kind, host):
    machine = request.getfixturevalue(kind)
    said = {"Host": host, "X-Forwarded-Host": host, "Forwarded": f"host={EVIL}", "X-Original-URL": "/evil"}
    with somebody(machine, headers={**said, "Accept": "text/html", **from_network(1)}) as client:
        for path in LINKED:
            answer = client.get(path)
            assert EVIL not in answer.text, path
            assert EVIL not in str(answer.headers), path
        assert client.get("/dev/mail").status_code == 404


def test_links_in_mails_lead_to_this_server_whoever_asks(guarded):
    with somebody(guarded) as client:
        address = register(client)
        said = {"Host": EVIL, "X-Forwarded-Host": EVIL}
        assert client.post("/forgot", data={"email": address}, headers={**said, **own(client)}).status_code == 200
        mailed_token(client, address, "reset")
        mails = [mail for mail in client.get("/dev/mail").text.split("<article") if address in mail]
    links = {urlsplit(link).netloc for mail in mails for link in re.findall(r"https?://[^\s<\",]+", mail)}
    assert links == {"codes.example.org"}


NEXT = [
    f"https://{EVIL}/",
    f"//{EVIL}/",
    f"/\\{EVIL}/",
    f"\\\\{EVIL}/",
    f"/\t/{EVIL}/",
    f"\t//{EVIL}/",
    f" //{EVIL}/",
    f"/\r\n//{EVIL}/",
    f"///{EVIL}/",
    f"/%09/{EVIL}/",
    f"/.//{EVIL}/",
    f"/..//{EVIL}/",
    f"https:{EVIL}",
    f"@{EVIL}",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\u2028/x",
    "/account\r\nSet-Cookie: planted=1",
]


@pytest.mark.parametrize("back", NEXT)
def test_a_visitor_is_sent_nowhere_else(medcodes, visitor, back):
    address = register(visitor)
    headers = own(visitor)
    answers = [visitor.get(path, params={"next": back}) for path in ("/login", "/register")]
    saved = {"name": "codes", "next": back}
    answers.append(visitor.post(f"/codes/icd10cm/{CODE}/save", data=saved, headers=headers))
    log_out(visitor)
    page = visitor.get("/login", params={"next": back}).text
    assert f'value="{back}"' not in page or back.startswith(("/.", "/%"))
    answers.append(visitor.post("/login", data={"email": address, "password": PASSWORD, "next": back}, headers=headers))
    for answer in answers:
        assert answer.status_code == 303
        assert urlsplit(urljoin(medcodes.url, answer.headers["Location"])).netloc == urlsplit(medcodes.url).netloc
        assert answer.headers["Location"].startswith("/")
        assert not answer.headers["Location"].startswith(("//", "/\\"))
        assert "planted" not in answer.cookies


def test_a_page_that_needs_an_account_leads_back_to_itself_only(visitor):
    for path in ("/account/views?cursor=//x", "//account", "/account/views?x=%0d%0aSet-Cookie:planted=1"):
        answer = visitor.get(path, headers={"Accept": "text/html"})
        if answer.status_code == 303:
            assert answer.headers["Location"].startswith("/login?next=%2Faccount")
        assert "planted" not in answer.cookies


MARKUP = [
    SCRIPT,
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{7*7}}${7*7}",
    "</title></textarea><svg/onload=1>",
]


@pytest.mark.parametrize("markup", MARKUP)
def test_what_a_member_writes_is_shown_as_text(medcodes, markup):
    with somebody(medcodes, headers={"User-Agent": markup}) as member:
        register(member)
        headers = own(member)
        made = member.post("/api/v1/account/lists", json={"name": markup}, headers=headers).json()
        assert made["name"] == markup
        path = f"icd10cm/{CODE}"
        saved = member.put(f"/api/v1/account/lists/{made['id']}/codes/{path}", headers=headers)
        assert saved.status_code == 204
        note = member.put(f"/api/v1/account/notes/{path}", json={"text": markup}, headers=headers)
        assert note.status_code == 204
        key = member.post("/api/v1/api-keys", json={"name": markup, "scopes": ["codes"]}, headers=headers)
        assert key.status_code == 201
        searched = member.get("/search", params={"q": markup})
        _until(lambda: member.get("/api/v1/account/history").json()["searches"])
        pages = {path: member.get(path) for path in ("/account/shelf", "/account/history", "/account/api-keys",
                 "/account/security", "/account", f"/codes/icd10cm/{CODE}")}  # fmt: skip
        documents = [member.get(f"/api/v1/account/{name}") for name in ("lists", "notes", "history", "sessions")]
    for where, page in {**pages, "/search": searched}.items():
        assert page.status_code == 200, where
        assert not _is_markup(page.text, markup), where
        assert "unsafe" not in page.headers["Content-Security-Policy"]
    for where in ("/account/shelf", "/account/history", "/account/api-keys", "/account/security"):
        assert markup in html.unescape(pages[where].text), where
    for document in documents:
        assert document.headers["Content-Type"] == "application/json"
        assert document.headers["X-Content-Type-Options"] == "nosniff"
        assert markup in str(document.json()).replace("\\'", "'")


def _is_markup(page: str, markup: str) -> bool:
    return any(mark in page for mark in (SCRIPT, "<img src=x", "<svg/onload", "value=\"\"><", "49")
               if mark in markup or (mark == "49" and "7*7" in markup and "{{49}}" in page))  # fmt: skip


def _until(found, seconds: float = 60) -> None:
    began = time.monotonic()
    while not found():
        assert time.monotonic() - began < seconds
        time.sleep(0.1)


@pytest.mark.parametrize("markup", MARKUP)
def test_what_a_visitor_sends_is_shown_as_text(visitor, markup):
    asks = [
        ("/search", {"q": markup}),
        ("/login", {"next": "/" + markup}),
        ("/account", {"done": markup}),
        ("/verify", {"token": markup}),
        ("/reset", {"token": markup}),
        (f"/codes/icd10cm/{markup}", {}),
        (f"/codes/{markup}/x", {}),
        (f"/codes/icd10cm/{CODE}", {"on": markup}),
        ("/codes/icd10cm", {"parent": markup}),
        (f"/{markup}", {}),
        (f"/problems/{markup}", {}),
        (f"/deletions/{markup}", {}),
    ]
    for path, query in asks:
        for accept in ("text/html", "application/json"):
            answer = visitor.get(path, params=query, headers={"Accept": accept, "Referer": markup})
            assert answer.status_code < 500, path
            if answer.headers.get("Content-Type", "").startswith("text/html"):
                assert not _is_markup(answer.text, markup), path
    form = {"email": markup, "password": markup, "next": markup}
    for path in ("/login", "/register", "/forgot"):
        answer = visitor.post(path, data=form)
        assert answer.status_code in (401, 422), path
        assert not _is_markup(answer.text, markup), path
        assert answer.text.count('type="password"') == answer.text.count(' type="password"')
        assert 'type="password" value' not in answer.text


INJECTED = "\r\nBcc: somebody@example.net"


@pytest.mark.parametrize("broken", ["\r\n", "\n", "\r", "%0d%0a", "\x00", "\u2028", "\x0b"])
def test_an_e_mail_address_adds_no_header_to_a_mail(medcodes, visitor, broken):
    name, _, domain = email().partition("@")
    for address in (f"{name}@{domain}{broken}Bcc: x@example.net", f"{name}{broken}Bcc: x@example.net@{domain}",
                    f'"{name}{broken}Bcc: x"@{domain}', f"{name}@{domain}, x@example.net"):  # fmt: skip
        for path in ("/api/v1/accounts", "/forgot"):
            body = {"email": address, "password": PASSWORD}
            sent = {"data": body} if path == "/forgot" else {"json": body}
            assert visitor.post(path, **sent).status_code == 422, (path, address)
    mails = list((medcodes.state_dir / "accounts" / "mail").glob("*.eml"))
    assert not [mail for mail in mails if b"Bcc" in mail.read_bytes() or b"example.net" in mail.read_bytes()]


@pytest.mark.parametrize("field", ["name of a list", "name of a key", "note", "code", "request id"])
def test_no_answer_gets_a_header_from_what_was_sent(visitor, field):
    register(visitor)
    headers, injected = own(visitor), "a\r\nX-Planted: 1"
    if field == "name of a list":
        answer = visitor.post("/api/v1/account/lists", json={"name": injected}, headers=headers)
    elif field == "name of a key":
        answer = visitor.post("/api/v1/api-keys", json={"name": injected, "scopes": ["codes"]}, headers=headers)
    elif field == "note":
        answer = visitor.put("/api/v1/account/notes/icd10cm/S73005A", json={"text": "\x00" + injected}, headers=headers)
    elif field == "code":
        answer = visitor.get("/codes/icd10cm/S73005A%0d%0aX-Planted:%201")
    else:
        answer = visitor.get("/api/v1/meter", headers={"X-Request-Id": "a%0d%0aX-Planted: 1"})
    assert "X-Planted" not in answer.headers
    assert answer.status_code == (200 if field == "request id" else 422)
