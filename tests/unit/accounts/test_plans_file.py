"""The plans' file: what is in it, and one sentence for what is wrong with it."""

from __future__ import annotations

import pytest

from services.accounts.adapters.plans_file import PlansFileError, load_plans
from services.accounts.domain.plans import Plan, Window


def test_the_plans_that_come_with_medcodes():
    plans = load_plans(None)
    assert plans.first == Plan("registered", "Free account", 5)
    assert plans.named("professional") == Plan("professional", "Professional", 200, Window.CALENDAR_MONTH)
    assert plans.named("unlimited").views is None


def test_a_plan_that_is_no_longer_there_is_the_first_one():
    plans = load_plans(None)
    assert plans.named("gone") == plans.first
    assert "gone" not in plans


def test_rolling_days(tmp_path):
    path = tmp_path / "plans.toml"
    path.write_text('[[plan]]\nname="a"\ntitle="A"\nviews=1\nwindow="rolling_days"\ndays=7\n')
    assert load_plans(path).first == Plan("a", "A", 1, Window.ROLLING_DAYS, 7)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "plan: Field required"),
        ("plan = 3", "plan: "),
        ("[[plan]", "is not TOML"),
        ('[[plan]]\nname="A"\ntitle="A"\nviews=1', "plan number 1 name: "),
        ('[[plan]]\nname="a"\ntitle="A"\nviews="many"', "plan number 1 views"),
        ('[[plan]]\nname="a"\ntitle="A"\nviews=-1', "plan number 1 views"),
        ('[[plan]]\nname="a"\ntitle="A"\nviews=1\nwindow="rolling_days"', "`days` goes with"),
        ('[[plan]]\nname="a"\ntitle="A"\nviews=1\ndays=3', "`days` goes with"),
        ('[[plan]]\nname="a"\ntitle="A"\nviews=1\nviws=3', "plan number 1 viws"),
        ('[[plan]]\nname="guest"\ntitle="A"\nviews=1', "cannot be named guest"),
        ('[[plan]]\nname="a"\ntitle="A"\nviews=1\n' * 2, "two plans named a"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_the_place(tmp_path, text, said):
    path = tmp_path / "plans.toml"
    path.write_text(text)
    with pytest.raises(PlansFileError) as error:
        load_plans(path)
    assert said in error.value.message
    assert str(path) in error.value.message
    assert "\n" not in error.value.message


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PlansFileError, match="cannot be read"):
        load_plans(tmp_path / "none.toml")
