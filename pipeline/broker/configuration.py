"""What the embedded broker is told: `server.properties` and the flags of its Java."""

from pipeline.broker.release import Release
from pipeline.settings import MAX_RECORD_BYTES

MEBIBYTE = 1024 * 1024

JAVA_FLAGS = (
    "-Xms256m",
    "-Xmx768m",
    # One node with little load: the quick compiler and the serial collector start sooner and hold less memory.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    # A broker without memory must end, so that its owner sees it, and not go on in halves.
    "-XX:+ExitOnOutOfMemoryError",
    # Nothing of ours outside the home folder; the other such file is the temporary folder's.
    "-XX:-UsePerfData",
    # Compression libraries are native; Java warns of each one that is not allowed.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)

SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": 1,
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # Relative to the home folder, where the broker is started: a path with a comma or an accent would not survive here.
    "log.dirs": "data",
    # A topic that nobody declared is a mistake, and would have the wrong partitions.
    "auto.create.topics.enable": "false",
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    # A laptop may be closed for weeks; the default forgets a group after seven days.
    "offsets.retention.minutes": 90 * 24 * 60,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1_000,
    # A dead letter holds the bytes of what it rejects in base64, and its reason: half as much again.
    "message.max.bytes": MAX_RECORD_BYTES * 3 // 2,
    "replica.fetch.max.bytes": 2 * MEBIBYTE,
    "replica.fetch.response.max.bytes": 10 * MEBIBYTE,
    # A small disk: short segments, so that deletion and compaction free space soon, and small index files for each.
    "log.segment.bytes": 16 * MEBIBYTE,
    "log.index.size.max.bytes": MEBIBYTE // 4,
    "log.segment.delete.delay.ms": 10_000,
    "log.retention.check.interval.ms": 60_000,
    "log.cleaner.dedupe.buffer.size": 16 * MEBIBYTE,
    "log.cleaner.backoff.ms": 5_000,
    "metadata.log.segment.bytes": 8 * MEBIBYTE,
    "metadata.max.retention.bytes": 16 * MEBIBYTE,
    "metadata.log.max.record.bytes.between.snapshots": 4 * MEBIBYTE,
    # One user: fewer threads than a broker for hundreds of clients.
    "num.network.threads": 2,
    "num.io.threads": 4,
    "num.replica.fetchers": 1,
    "background.threads": 2,
    "num.recovery.threads.per.data.dir": 2,
    "auto.leader.rebalance.enable": "false",
}


def server_properties(release: Release, port: int, controller_port: int) -> str:
    """Give the text of `server.properties` for one node that listens on loopback alone."""
    listener, controller = f"PLAINTEXT://127.0.0.1:{port}", f"CONTROLLER://127.0.0.1:{controller_port}"
    quorum, before = release.quorum
    addresses = {
        "listeners": f"{listener},{controller}",
        "advertised.listeners": listener,
        quorum: f"{before}127.0.0.1:{controller_port}",
    }
    return "".join(f"{name}={value}\n" for name, value in (addresses | SETTINGS).items())
