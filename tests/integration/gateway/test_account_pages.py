"""Pages and forms of accounts: what is kept of a form, where it leads, and that no other site can send it."""

from __future__ import annotations

import html
import re

import pytest

from services.gateway.visitors.receipts import COOKIE as RECEIPTS_COOKIE
from tests.accounts_service import reason, running

PAGE = "/codes/cpt/27250"
EMAIL, PASSWORD = "one@example.org", "quiet river stone"
ONE = {"email": EMAIL, "password": PASSWORD}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ACCOUNT_PAGES = ["/account", "/account/views", "/account/shelf", "/account/history", "/account/security",
                 "/account/api-keys", "/account/delete"]  # fmt: skip


def text(answer) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


@pytest.fixture
async def accounts(nats_server, tmp_path):
    async with running(tmp_path, nats_server.url, login_failures_per_email=2, mails_per_email=2) as accounts:
        yield accounts


@pytest.fixture
async def gateway(gateway, accounts):
    """Gateways in front of the real accounts."""

    async def start(**settings):
        return await gateway(accounts_address=accounts.address, **settings)

    return start


@pytest.fixture
async def visitor(gateway):
    return (await gateway())()


@pytest.fixture
async def member(visitor):
    assert (await visitor.post("/register", data=ONE)).status_code == 303
    return visitor


async def test_registering_sets_the_session_and_leads_on(visitor):
    answer = await visitor.post("/register", data={**ONE, "next": "/codes/cpt/27252?on=2025-11-01"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/codes/cpt/27252?on=2025-11-01")
    cookie = answer.headers["Set-Cookie"]
    assert re.search(r"medcodes_session=mcs_\S+; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax$", cookie)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert EMAIL in text(await visitor.get("/account"))


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "x", ""])
async def test_nobody_is_sent_away_after_logging_in(member, back):
    await member.post("/logout")
    answer = await member.post("/login", data={**ONE, "next": back})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/account")
    answer = await member.get("/login", params={"next": back})
    assert answer.headers["Location"] == "/account"


@pytest.mark.parametrize(
    ("path", "form", "status", "said"),
    [
        ("/register", {"email": EMAIL, "password": "sh0rt"}, 422, "The password must have at least 10 characters."),
        ("/register", {"email": "nonsense", "password": PASSWORD}, 422, "The e-mail address is not valid: "),
        ("/register", {"email": ""}, 422, "The e-mail address is not valid: "),
        ("/login", {"email": EMAIL, "password": "wrong password"}, 401, "the password do not belong together."),
    ],
)
async def test_what_is_wrong_is_said_and_the_password_is_not_shown_again(visitor, path, form, status, said):
    answer = await visitor.post(path, data=form)
    assert answer.status_code == status
    assert said in text(answer)
    assert f'value="{form.get("email", "")}"' in answer.text
    assert form.get("password", "<none>") not in answer.text
    assert "medcodes_session" not in visitor.cookies
    assert answer.headers["Cache-Control"] == "private, no-store"


async def test_an_e_mail_that_has_an_account(member, gateway):
    other = (await gateway())()
    answer = await other.post("/register", data=ONE)
    assert answer.status_code == 409
    assert "This e-mail address has an account already." in text(answer)


async def test_too_many_tries_say_when_to_come_again(member, gateway):
    other = (await gateway())()
    wrong = {**ONE, "password": "wrong password"}
    assert [(await other.post("/login", data=wrong)).status_code for _ in range(3)] == [401, 401, 429]
    answer = await other.post("/login", data=ONE)
    assert answer.status_code == 429
    assert "Too many" in text(answer)
    asked = [await other.post("/forgot", data={"email": EMAIL}) for _ in range(3)]
    assert [each.status_code for each in asked] == [200, 200, 429]
    for refused in (answer, asked[-1], await other.post("/api/v1/sessions", json=ONE)):
        assert 0 < int(refused.headers["Retry-After"]) <= 3600


async def test_what_was_typed_is_shown_as_text(visitor):
    hostile = '"><script>alert(1)</script>'
    for path in ("/login", "/register"):
        answer = await visitor.post(path, data={"email": hostile, "password": "x", "next": "/" + hostile})
        assert "<script>alert" not in answer.text


@pytest.mark.parametrize("path", ACCOUNT_PAGES)
async def test_pages_of_an_account_are_for_whoever_is_logged_in_and_kept_nowhere(member, gateway, path):
    answer = await member.get(path)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert (await member.head(path)).content == b""
    other = (await gateway())()
    answer = await other.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/login?next={path.replace('/', '%2F')}")
    assert EMAIL not in answer.text


async def test_logging_out_leaves_nothing_in_the_browser(member, accounts):
    await member.get(PAGE)
    assert {"medcodes_session", RECEIPTS_COOKIE} <= set(member.cookies)
    token = member.cookies["medcodes_session"]
    answer = await member.post("/logout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?done=out")
    assert not {"medcodes_session", RECEIPTS_COOKIE} & set(member.cookies)
    assert await reason(accounts.resolve(token)) == "BAD_TOKEN"
    answer = await member.get("/account", headers={"Cookie": f"medcodes_session={token}", "Accept": "text/html"})
    assert answer.status_code == 303


async def test_logging_in_always_gives_a_new_token_and_ends_the_one_before(member, accounts):
    planted = member.cookies["medcodes_session"]
    answer = await member.post("/login", data=ONE)
    assert answer.status_code == 303
    assert member.cookies["medcodes_session"] != planted
    assert await reason(accounts.resolve(planted)) == "BAD_TOKEN"


CHANGES = [
    ("POST", "/login"), ("POST", "/register"), ("POST", "/logout"), ("POST", "/account/password"),
    ("POST", "/account/api-keys"), ("POST", "/account/delete"), ("POST", "/codes/cpt/27250/save"),
    ("POST", "/codes/cpt/27250/note"), ("POST", "/account/history/clear"), ("POST", "/account/sessions/others/end"),
    ("DELETE", "/api/v1/account"), ("POST", "/api/v1/api-keys"), ("DELETE", "/api/v1/sessions/current"),
    ("PUT", "/api/v1/account/notes/cpt/27250"), ("POST", "/api/v1/sessions"), ("POST", "/verify"), ("POST", "/reset"),
]  # fmt: skip


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": ""},
    ],
    ids=str,
)
async def test_no_other_site_can_change_anything(member, headers):
    for method, path in CHANGES:
        answer = await member.request(method, path, headers={**FORM, **headers}, content="password=x&text=x")
        assert answer.status_code == 403, path
        assert "came from elsewhere" in answer.text
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/login", "/register", "/codes/cpt/27250/note", "/account/api-keys"])
@pytest.mark.parametrize("media_type", ["text/plain", "multipart/form-data; boundary=x", "application/json", ""])
async def test_forms_have_one_form(member, path, media_type):
    answer = await member.post(path, content=b"email=x", headers={"Content-Type": media_type})
    assert answer.status_code == 415
    answer = await member.post(path, content=b"email=%ff", headers=FORM)
    assert answer.status_code == 400
    answer = await member.post(path, content=b"&".join(b"a%d=1" % n for n in range(60)), headers=FORM)
    assert answer.status_code == 400


@pytest.mark.parametrize("media_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
async def test_the_api_reads_json_only(visitor, media_type):
    body = b'{"email": "one@example.org", "password": "quiet river stone"}'
    answer = await visitor.post("/api/v1/accounts", content=body, headers={"Content-Type": media_type})
    assert answer.status_code == 415
    assert answer.json()["type"] == "/problems/unsupported-media-type"


@pytest.mark.parametrize(("path", "subject"), [("/verify", "Confirm"), ("/reset", "new password")])
async def test_a_mailed_link_is_used_by_pressing_only(visitor, accounts, path, subject):
    await visitor.post("/register", data=ONE)
    await visitor.post("/forgot", data={"email": EMAIL})
    token = await accounts.token(subject)
    for _ in range(2):  # as programs do that look at what is in mails
        page = await visitor.get(path, params={"token": token})
        assert page.status_code == 200
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["Cache-Control"] == "private, no-store"
    form = {"token": token, "new_password": "another quiet river"}
    assert (await visitor.post(path, data=form)).status_code == 303
    again = await visitor.post(path, data=form)
    assert again.status_code == 422
    assert "This link has been used, has expired, or is not complete." in text(again)
    assert again.headers["Referrer-Policy"] == "no-referrer"


async def test_a_forgotten_password_is_answered_the_same_for_everybody(member, gateway):
    visitor = (await gateway())()
    first, second = [await visitor.post("/forgot", data={"email": who}) for who in (EMAIL, "two@example.org")]
    assert first.status_code == second.status_code == 200
    assert first.text.replace(EMAIL, "") == second.text.replace("two@example.org", "")


async def test_an_api_key_is_shown_once(member):
    page = await member.post("/account/api-keys", data={"name": "<b>", "scope-codes": "1", "expires_in_days": "30"})
    assert page.status_code == 200
    key = re.search(r"mck_[\w-]{20,}", page.text)[0]
    assert "<b></strong>" not in page.text
    assert key not in (await member.get("/account/api-keys")).text
    refused = await member.post("/account/api-keys", data={"name": "none", "expires_in_days": "30"})
    assert refused.status_code == 422
    refused = await member.post("/account/api-keys", data={"name": "x", "scope-codes": "1", "expires_in_days": "-1"})
    assert refused.status_code == 422


async def test_saving_and_noting_lead_back_to_the_code(member):
    assert (await member.post("/api/v1/account/lists", json={"name": "Hips & knees"})).status_code == 201
    answer = await member.post(PAGE + "/save", data={"list_id": ""})
    assert (answer.status_code, answer.headers["Location"]) == (303, PAGE + "#shelf")
    note = "<script>alert('note')</script>\r\nsecond line"
    answer = await member.post("/codes/cpt/ 272.50/note", data={"text": note})
    assert answer.headers["Location"] == PAGE + "#shelf"
    page = await member.get(PAGE)
    assert "Hips &amp; knees" in page.text
    assert "&lt;script&gt;alert(&#39;note&#39;)" in page.text
    [kept] = (await member.get("/api/v1/account/notes")).json()["items"]
    assert kept["text"] == note.replace("\r", "")
    assert "alert" not in (await member.get("/api/v1/codes/cpt/27250")).text
    assert (await member.post(PAGE + "/note", data={"text": "x" * 4001})).status_code == 422
    assert (await member.post(PAGE + "/note", data={"text": "a\0b"})).status_code == 422


async def test_deleting_needs_the_password_and_the_word(member):
    for form, said in (
        ({"password": PASSWORD, "confirmation": ""}, "Type “delete” to confirm."),
        ({"password": "wrong", "confirmation": "delete"}, "This is not the password."),
    ):
        answer = await member.post("/account/delete", data=form)
        assert answer.status_code == 422
        assert said in text(answer)
        assert "medcodes_session" in member.cookies
    answer = await member.post("/account/delete", data={"password": PASSWORD, "confirmation": "Delete"})
    assert answer.status_code == 303
    assert "medcodes_session" not in member.cookies
    assert re.fullmatch(r"/deletions/[\w-]+", answer.headers["Location"])
    assert "is being deleted" in text(await member.get(answer.headers["Location"]))
    assert (await member.get("/deletions/other")).status_code == 404


async def test_mails_are_shown_only_where_that_is_asked_for(gateway, tmp_path):
    folder = tmp_path / "accounts" / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "1.eml").write_text(
        "To: one@example.org\nSubject: =?utf-8?q?Verify_=3Cb=3E?=\nContent-Type: text/plain; charset=utf-8\n\n"
        "https://codes.example.org/verify?token=abc&x=<script> http://evil.example/other\n"
    )
    (tmp_path / "secret.eml").write_text("Subject: secret\n\nsecret")
    closed = (await gateway())()
    assert (await closed.get("/dev/mail")).status_code == 404
    assert (await closed.get("/dev/mail/1.eml")).status_code == 404
    shown = (await gateway(dev_mail=True))()
    page = await shown.get("/dev/mail")
    assert page.status_code == 200
    assert '<a href="/verify?token=abc&amp;x=">https://codes.example.org/verify?token=abc&amp;x=</a>' in page.text
    assert "http://evil.example/other" in page.text
    assert 'href="http://evil' not in page.text
    assert "<script>" not in page.text.replace('<script src="/static/', "")
    assert "Verify &lt;b&gt;" in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert (await shown.get("/dev/mail/1.eml")).status_code == 200
    for name in ("..%2F..%2Fsecret.eml", "2.eml", "1.eml%00"):
        assert (await shown.get(f"/dev/mail/{name}")).status_code == 404


async def test_metered_pages_say_so_to_search_engines_and_members_pages_do_not(visitor):
    data = '<script type="application/ld+json">{"@context":"https://schema.org","@type":"WebPage","isAccessibleForFree":false'
    assert data in (await visitor.get(PAGE)).text
    await visitor.post("/register", data=ONE)
    assert "isAccessibleForFree" not in (await visitor.get(PAGE)).text
