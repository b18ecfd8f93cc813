from pipeline.broker.handshake import cluster_at


def test_the_shared_broker_answers_as_kafka(kafka: str) -> None:
    assert cluster_at(int(kafka.rpartition(":")[2])) is not None
