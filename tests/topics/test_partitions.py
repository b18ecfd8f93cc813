from aiokafka import TopicPartition

from pipeline.connection import consumer, partition_of, producer, started
from pipeline.settings import Settings
from pipeline.topics import admin
from pipeline.topics.catalog import declared, topic_name

BY_PATIENT = ("session-events", "billable-days", "threshold-totals", "threshold-alerts")


async def test_a_thousand_patients_are_each_in_one_partition_number_of_all_topics(settings: Settings) -> None:
    """Kafka's own default partitioner on the patient's id and ours on the number agree, so what follows each agrees."""
    titles = ("emr-events", *BY_PATIENT)
    await admin.apply(settings, {title: declared()[title] for title in titles})
    names = [topic_name(settings, title) for title in titles]
    patients = [f"Patient-{number}-é" for number in range(1000)]
    count = declared()["session-events"].partitions

    async with started(settings, producer(settings, linger_ms=20)) as sender:
        for patient in patients:
            await sender.send(names[0], key=patient.encode(), value=b"{}")
            for name in names[1:]:
                key = f"{patient}|2026".encode()
                await sender.send(name, key=key, value=b"{}", partition=partition_of(patient, count))
        await sender.flush()

    seen: dict[str, set[int]] = {patient: set() for patient in patients}
    records = 0
    async with started(settings, consumer(settings)) as reader:
        reader.assign([TopicPartition(name, number) for name in names for number in range(count)])
        while records < len(names) * len(patients):
            for place, batch in (await reader.getmany(timeout_ms=1000)).items():
                records += len(batch)
                for record in batch:
                    seen[record.key.decode().partition("|")[0]].add(place.partition)
    assert all(len(numbers) == 1 for numbers in seen.values())
    assert {number for numbers in seen.values() for number in numbers} == set(range(count))
