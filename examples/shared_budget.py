"""A bulk job and prompt calls on one token: the prompt ones go first, and give up rather than keep people waiting.

MISSIVE_API_TOKEN=... python examples/shared_budget.py
"""

import asyncio

from missive_async import AsyncMissive, BudgetExceeded, Lane


async def read_everything(missive: AsyncMissive) -> int:
    """All conversations and how many messages they have, behind everybody else."""
    bulk = missive.with_options(lane=Lane.BULK)
    messages = 0
    async for conversation in bulk.conversations.list(all=True, prefetch=1):
        messages += len(await bulk.conversations.messages(conversation.id).collect())
    return messages


async def answer_people(missive: AsyncMissive, times: int) -> None:
    """A call every second, answered within a second or not at all."""
    prompt = missive.with_options(deadline=1.0)
    for _ in range(times):
        try:
            teams = await prompt.teams.list().collect()
            print(f"{len(teams)} teams; {missive.budget().windows[0].free} requests left this minute")
        except BudgetExceeded as error:
            print(f"busy, try again in {error.retry_after:.0f} s")
        await asyncio.sleep(1)


async def main() -> None:
    """Both at once."""
    async with AsyncMissive() as missive:
        messages, _ = await asyncio.gather(read_everything(missive), answer_people(missive, 5))
        print(f"{messages} messages")


if __name__ == "__main__":
    asyncio.run(main())
