"""The other rules of accounts: tokens, e-mails, throttling, sessions, the shelf."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.accounts.domain import mails, people, shelf, tokens
from services.accounts.domain.client import Client
from services.accounts.domain.throttling import Limit, Tries, seconds_to_wait
from services.accounts.email_addresses import parsed_email


def test_tokens_are_long_random_and_tell_their_kind():
    made = {tokens.new_session_token() for _ in range(100)} | {tokens.new_link_token() for _ in range(100)}
    assert len(made) == 200
    assert all(len(each) == 4 + 43 and each[:4] in ("mcs_", "mcl_") for each in made)
    key, prefix = tokens.new_api_key()
    assert key.startswith(prefix + "_") and len(prefix) == 4 + 8 and len(key) <= tokens.MAX_LENGTH
    assert tokens.hashed(key) != tokens.hashed(key + " ") and len(tokens.hashed(key)) == 32


@pytest.mark.parametrize(
    ("given_email", "key"),
    [
        ("A.B@Example.ORG", "a.b@example.org"),
        (" one@example.org ", "one@example.org"),
        ("x@BÜCHER.example", "x@xn--bcher-kva.example"),
    ],
)
def test_emails_that_are_the_same_have_one_key(given_email, key):
    assert parsed_email(given_email)[1] == key


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "one",
        "one@",
        "@example.org",
        "a@b@example.org",
        "a\0@example.org",
        "a\n@example.org",
        "x" * 250 + "@example.org",
        "one@localhost",
    ],
)
def test_what_is_no_email(wrong):
    """What is said goes on after "The e-mail address", and has no full stop of its own."""
    with pytest.raises(ValueError, match=r"^(is not valid: [a-z].*|must have at most 254 characters)(?<!\.)$"):
        parsed_email(wrong)


@given(st.integers(0, 10), st.integers(1, 20), st.integers(1, 10**7))
def test_waiting_begins_with_the_first_try_above_the_limit(most, made, left_ms):
    wait = seconds_to_wait(Limit("x", most, 0), Tries(made, 1000 + left_ms), 1000)
    assert (wait > 0) == (0 < most < made)
    assert wait == 0 or (wait - 1) * 1000 < left_ms <= wait * 1000


def test_a_session_ends_at_its_end_or_unused():
    session = people.Session("i", "a", 0, last_used_at_ms=50, expires_at_ms=100, user_agent="")
    assert session.ends_at_ms(20) == 70
    assert session.ends_at_ms(200) == 100


def test_a_browsers_name_is_cut_and_cleaned():
    assert Client("", "Brow\nser\x1b[0m" + "x" * 500).shown_agent == ("Browser[0m" + "x" * 500)[:200]


def test_api_keys_need_a_name_scopes_and_a_time():
    assert people.api_key_faults("a script", ("codes",), 0) == {}
    assert people.api_key_faults(" ", ("admin",), 3651).keys() == {"name", "scopes", "expires_in_days"}
    assert "scopes" in people.api_key_faults("a", (), 1)


def test_mails_hold_their_link_on_one_line():
    mail = mails.password_reset("one@example.org", "https://codes.example.org/", "mcl_a-b_c")
    assert "https://codes.example.org/reset?token=mcl_a-b_c" in mail.text.splitlines()
    assert "https://x.example/verify?token=t" in mails.verification("a@example.org", "https://x.example", "t").text


@pytest.mark.parametrize(
    "key", [("CPT", "1"), ("cpt", "2.1"), ("", "1"), ("cpt", ""), ("cpt", "1\0"), ("c" * 17, "1"), ("cpt", "1" * 17)]
)
def test_malformed_codes(key):
    assert shelf.code_faults(shelf.CodeKey(*key))


@given(st.text(max_size=500))
@example("hip\r\x1b\rfracture")
def test_a_kept_query_is_short_and_the_same_when_kept_again(text):
    kept = shelf.query(text)
    assert len(kept) <= shelf.MAX_QUERY
    assert shelf.query(kept) == kept
    assert "\0" not in kept


def test_list_names():
    assert shelf.list_name("  hip \t fractures ") == "hip fractures"
    assert shelf.list_name_faults("") and shelf.list_name_faults("x" * 81) and shelf.list_name_faults("a\u202eb")
    assert not shelf.list_name_faults("hip fractures")
