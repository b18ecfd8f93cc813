"""Plain Faust, as its manual shows it: an agent, a table, an output an event, at least once, its own settings."""

import sys
from collections.abc import AsyncIterator
from typing import Any

import faust

from bench.peers.job import told

JOB = told(sys.argv[1])
app = faust.App(
    JOB.group,
    broker=f"kafka://{JOB.brokers}",
    datadir=JOB.state,
    topic_partitions=JOB.partitions,
    web_enabled=False,
)
numbers = app.topic(JOB.input, key_type=str, value_serializer="json")
counts = app.Table("counts", default=lambda: [0, 0], partitions=JOB.partitions)
output = app.topic(JOB.output, key_type=str, value_serializer="json")


@app.agent(numbers)
async def counted(stream: AsyncIterator[dict[str, Any]]) -> None:
    """Count each event."""
    async for event in stream:
        key = event["k"]
        count, total = counts[key]
        count, total = count + 1, total + event["amount"]
        counts[key] = [count, total]
        await output.send(key=key, value={"k": key, "count": count, "total": total})


if __name__ == "__main__":
    sys.argv[1:] = ["worker", "--loglevel=warn", "--without-web"]
    app.main()
