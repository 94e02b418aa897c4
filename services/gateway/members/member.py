"""Members: who is logged in, by session or API key, and what metering has to know of them."""

from __future__ import annotations

from dataclasses import dataclass

from medcodes.accounts.v1 import accounts_pb2
from medcodes.metering.v1 import metering_pb2

from ..problems import Problem

SCOPES = ("codes", "search", "shelf")
"""What an API key may be allowed to do."""


@dataclass(frozen=True, slots=True)
class Member:
    """An account, as one of its credentials has shown it. `subject` is ready to be sent with every view.

    `receipts_for` is the subject as receipts name it; `terms` tells plans apart, so that a meter of other terms is
    known to be out of date.
    """

    account_id: str
    plan: accounts_pb2.Plan
    session_id: str
    api_key_id: str
    scopes: frozenset[str]
    expires_at_ms: int
    email_verified: bool
    subject: metering_pb2.Subject
    receipts_for: bytes
    terms: bytes

    @property
    def credential_id(self) -> str:
        return self.session_id or self.api_key_id

    def check_scope(self, scope: str) -> None:
        """Raises a Problem where an API key may not do this; sessions may do everything."""
        if self.api_key_id and scope not in self.scopes:
            raise Problem("scope-missing", f"This API key has not the scope `{scope}`.")

    def check_session(self) -> None:
        """Raises a Problem for API keys: what concerns the account itself is for whoever knows its password."""
        if self.api_key_id:
            raise Problem("scope-missing", "API keys cannot do this; it needs a session.")


def member(principal: accounts_pb2.Principal) -> Member:
    plan = principal.plan
    return Member(
        account_id=principal.account_id,
        plan=plan,
        session_id=principal.session_id,
        api_key_id=principal.api_key_id,
        scopes=frozenset(principal.scopes),
        expires_at_ms=principal.expires_at_ms,
        email_verified=principal.email_verified,
        subject=_subject(principal),
        receipts_for=b"a." + principal.account_id.encode(),
        terms=b"%x.%x.%x" % (plan.views + 1 if plan.HasField("views") else 0, plan.window, plan.window_days),
    )


def _subject(principal: accounts_pb2.Principal) -> metering_pb2.Subject:
    plan = principal.plan
    subject = metering_pb2.Subject(
        kind=metering_pb2.SUBJECT_KIND_ACCOUNT,
        id=principal.account_id,
        # Both contracts number the windows alike.
        allowance=metering_pb2.Allowance(window=plan.window, window_days=plan.window_days),  # type: ignore[arg-type]
    )
    if plan.HasField("views"):
        subject.allowance.views = plan.views
    if principal.HasField("registered_from"):
        guest = principal.registered_from
        subject.registered_from.CopyFrom(metering_pb2.Guest(id=guest.id, issued_at=guest.issued_at))
    return subject
