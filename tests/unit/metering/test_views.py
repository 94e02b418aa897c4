"""The rules of what a view is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.metering.domain.views import (
    GUEST_LIFETIME_SECONDS,
    Allowance,
    Grant,
    Guest,
    Subject,
    SubjectKind,
    Terms,
    ViewRequest,
    Window,
    ends_at,
    faults,
    newest_first,
    remaining,
    seconds_until_next_day,
    subject_key,
    terms,
    well_formed,
)
from services.metering.settings import MeteringSettings

GOOD = ViewRequest(Subject(SubjectKind.GUEST, "x" * 16, 1), "icd10cm", "S73005A", "a.B-_9")
words = st.one_of(st.from_regex(r"[A-Za-z0-9._-]{0,70}", fullmatch=True), st.text(max_size=20))
seconds = st.integers(-(2**63), 2**63 - 1)
views = st.one_of(st.none(), st.integers(0, 10), st.integers(0, 2**32 - 1))
allowances = st.builds(Allowance, views, st.integers(0, 3), st.integers(0, 2**32 - 1))
subjects = st.builds(
    Subject,
    st.sampled_from([0, 1, 2, 3]),
    words,
    seconds,
    st.one_of(st.none(), allowances),
    st.one_of(st.none(), st.builds(Guest, words, seconds)),
    words,
)
requests = st.builds(
    ViewRequest,
    subjects,
    words,
    words,
    words,
)


@given(requests)
def test_request_is_well_formed_if_it_has_no_fault(request_):
    assert well_formed(request_) == (not list(faults(request_)))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("system", ["", "CPT", "cpt:", "c\n", "a" * 17, "cpt\n99213"]),
        ("code", ["", "s73", "S73.005A", "1|2", "1\n", "1" * 17, "٣"]),
        ("request_id", ["", "a b", "a|b", "a\n", "x" * 65]),
    ],
)
def test_no_separator_and_no_overlong_word_passes(field, values):
    assert well_formed(GOOD)
    for value in values:
        request = GOOD._replace(**{field: value})
        assert not well_formed(request)
        assert [name for name, _ in faults(request)] == [field]


MEMBER = Subject(SubjectKind.ACCOUNT, "y" * 16, allowance=Allowance(5))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"kind": 3}, "subject.kind"),
        ({"id": "y"}, "subject.id"),
        ({"allowance": None}, "subject.allowance"),
        ({"allowance": Allowance(2**31)}, "subject.allowance.views"),
        ({"allowance": Allowance(5, 3)}, "subject.allowance.window"),
        ({"allowance": Allowance(5, Window.ROLLING_DAYS, 0)}, "subject.allowance.window_days"),
        ({"allowance": Allowance(5, Window.ROLLING_DAYS, 3661)}, "subject.allowance.window_days"),
        ({"registered_from": Guest("g|" * 8, 1)}, "subject.registered_from.id"),
        ({"registered_from": Guest("g" * 16, 0)}, "subject.registered_from.issued_at"),
        ({"network": "a|b"}, "subject.network"),
        ({"network": "a" * 65}, "subject.network"),
    ],
)
def test_accounts_that_are_not_well_formed(changed, field):
    good = GOOD._replace(subject=MEMBER)
    assert well_formed(good)
    bad = good._replace(subject=MEMBER._replace(**changed))
    assert not well_formed(bad)
    assert [name for name, _ in faults(bad)] == [field]


def test_terms_of_an_account_name_its_guest_and_when_that_ends():
    assert terms(GOOD.subject) is None
    assert terms(MEMBER) == Terms(Window.NONE, 0, "", 0)
    registered = MEMBER._replace(allowance=Allowance(5, Window.ROLLING_DAYS, 30), registered_from=Guest("x" * 16, 1000))
    assert terms(registered) == Terms(2, 30, "g." + "x" * 16, 1000 + 90 * 86400)


@given(st.integers(0, 4_000_000_000_000))
def test_networks_are_counted_anew_at_midnight(now_ms):
    left = seconds_until_next_day(now_ms)
    assert 1 <= left <= 86400
    assert (now_ms // 1000 + left) % 86400 == 0


def test_guest_ends_90_days_after_its_cookie_was_issued_and_an_account_never():
    assert ends_at(Subject(SubjectKind.GUEST, "x", 1000)) == 1000 + GUEST_LIFETIME_SECONDS == 1000 + 90 * 86400
    assert ends_at(Subject(SubjectKind.ACCOUNT, "x", 1000)) == 0


def test_guest_and_account_of_one_id_are_two_subjects():
    assert subject_key(Subject(SubjectKind.GUEST, "x", 1)) != subject_key(Subject(SubjectKind.ACCOUNT, "x", 1))


@given(st.integers(0, 10), st.integers(0, 20))
def test_remaining_is_never_negative(limit, used):
    assert remaining(limit, used) == max(0, limit - used)
    assert remaining(None, used) is None


def test_newest_first():
    grants = [Grant("cpt", code, time, "r") for code, time in (("1", 5), ("2", 7), ("3", 5))]
    assert [grant.code for grant in newest_first(grants)] == ["2", "3", "1"]


@pytest.mark.parametrize(("value", "limit"), [("unlimited", None), ("0", 0), ("6", 6)])
def test_guest_views_setting(monkeypatch, value, limit):
    monkeypatch.setenv("MEDCODES_GUEST_VIEWS", value)
    assert MeteringSettings().guest_limit == limit


@pytest.mark.parametrize("value", ["-1", "many", "", "1.5", "10000000"])
def test_guest_views_that_are_no_allowance(monkeypatch, value):
    monkeypatch.setenv("MEDCODES_GUEST_VIEWS", value)
    with pytest.raises(ValueError, match="guest_views"):
        MeteringSettings()
