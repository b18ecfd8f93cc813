"""How often each event and each alert is on its topic, to who reads what is committed."""

from base64 import b64encode
from collections import Counter
from collections.abc import Sequence

import msgspec
from end_to_end.deployment import Deployment
from end_to_end.events import taken

from pipeline.events.codec import write
from pipeline.events.patients import PatientMerged
from pipeline.topics.catalog import declared

PARTITIONS = declared()["session-events"].partitions


def unequal(deployment: Deployment, lines: Sequence[bytes]) -> list[bytes]:
    """Give what session-events or rejected-events hold too little or too much of, once for each time."""
    wanted: Counter[bytes] = Counter()
    for line in lines:
        if (event := taken(line)) is None:
            wanted[b64encode(line)] += 1
        else:
            # Every partition number is told of a merge.
            wanted[write(event)] += PARTITIONS if isinstance(event, PatientMerged) else 1
    # Between partition numbers, and not from an EMR: what they owe of it is in the values.
    found = Counter(
        record.value for record in deployment.held("session-events") if b'"events.forwarded"' not in record.value
    )
    letters = [msgspec.json.decode(record.value) for record in deployment.held("rejected-events")]
    found += Counter(letter["value_base64"].encode() for letter in letters)
    return [*(wanted - found).elements(), *(found - wanted).elements()]


def told_again(deployment: Deployment) -> list[bytes]:
    """Give the alerts that were told more than once."""
    alerts = Counter(record.value for record in deployment.held("threshold-alerts", "claim-alerts"))
    assert alerts
    return [alert for alert, times in alerts.items() if times > 1]
