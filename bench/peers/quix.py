"""Quix Streams: a stateful function over a stream, exactly once; run by the Python of its own environment."""

import json
import sys

from quixstreams import Application, State

job = json.loads(sys.argv[1])
settings = {} if sys.argv[2] == "default" else {"commit_interval": int(sys.argv[2]) / 1_000}
app = Application(
    broker_address=job["brokers"],
    consumer_group=job["group"],
    auto_offset_reset="earliest",
    state_dir=job["state"],
    processing_guarantee="exactly-once",
    loglevel="WARNING",
    **settings,
)


def counted(event: dict, state: State) -> dict:
    """Count one event of the key."""
    count, total = state.get("counted", default=(0, 0))
    count, total = count + 1, total + event["amount"]
    state.set("counted", (count, total))
    return {"k": event["k"], "count": count, "total": total}


numbers = app.topic(job["input"], key_deserializer="bytes", value_deserializer="json")
output = app.topic(job["output"], key_serializer="bytes", value_serializer="json")
app.dataframe(numbers).apply(counted, stateful=True).to_topic(output)

if __name__ == "__main__":
    app.run()
