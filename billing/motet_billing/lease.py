"""The heartbeat: holds of a living gateway keep their lease."""

import asyncio
import logging
from collections.abc import Collection

from motet_billing import sql
from motet_billing.link import Link, is_away

log = logging.getLogger(__name__)


async def keep(link: Link, live: Collection[str], *, lease_s: float) -> None:
    """Renew the leases of the request ids in `live`, which changes meanwhile; runs for ever.

    On a connection of its own, so that a long batch delays no lease.
    """
    beat = lease_s / 3
    while True:
        await asyncio.sleep(beat)
        beat = lease_s / 3
        if not live:
            continue
        try:
            conn = await link.get()
            query = sql.renew(list(live), lease_s=lease_s)
            await conn.execute(query.text, query.params)
        except Exception as error:
            log.warning("leases of %d holds not renewed: %s", len(live), error)
            await link.drop()
            if is_away(error):
                beat = min(1.0, beat)
