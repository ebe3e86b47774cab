"""A report for every team, last month, as lines for a data frame.

MISSIVE_API_TOKEN=... python examples/monthly_reports.py
"""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from missive_async import AsyncMissive, ReportRequest


async def main() -> None:
    """Asks for all reports at once; they come as they finish."""
    end = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    start = (end - timedelta(days=1)).replace(day=1)
    async with AsyncMissive() as missive:
        teams = [team for team in await missive.teams.list().collect() if team.organization]
        requests = {
            team.id: ReportRequest(organization=str(team.organization), start=start, end=end, teams=[team.id])
            for team in teams
        }
        async with aclosing(missive.analytics.run_reports(requests.values())) as finished:
            async for one in finished:
                if one.error is not None:
                    print(f"failed: {one.error}")
                    continue
                for row in one.result().rows():
                    print({"team": one.request.teams, **row})


if __name__ == "__main__":
    asyncio.run(main())
