"""A request that is sent again, because its answer was lost, takes another view."""

from __future__ import annotations

from services import cli
from tests.faults.broken.patched import patch

GUEST = "      return GRANTED, took, used, tonumber(string.sub(found[1], 1, bar - 1)), limit, ends\n"
GUEST_CHARGED_AGAIN = """
      local again = field .. '.again'
      if took == 1 and redis.call('HSETNX', key, again, batch.time .. '|' .. request) == 1 then
        batch.entries[#batch.entries + 1] =
          subject .. '|' .. again .. '|' .. batch.time .. '|' .. request .. '|' .. expires
        used = used + 1
      end
"""
ACCOUNT = "      return GRANTED, by == request and 1 or 0, account.used, time, account_limit(account, limit), ends\n"
ACCOUNT_CHARGED_AGAIN = """
      local again = field .. '.again'
      if by == request and redis.call('HEXISTS', key, again) == 0 then
        note(batch, subject, again, batch.time, request, ends, KIND_GRANTED)
        give(account, again, batch.time, request, ends, false)
        account.used = account.used + 1
      end
"""

if __name__ == "__main__":
    patch((GUEST, GUEST_CHARGED_AGAIN + GUEST), (ACCOUNT, ACCOUNT_CHARGED_AGAIN + ACCOUNT))
    cli.main()
