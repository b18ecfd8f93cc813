"""What ends a worker by itself, in words that say what to do; and what only ends the hold on a partition number."""


class EngineError(Exception):
    """The worker cannot go on, and no retry mends it; the text says what to do, and quotes no record."""


class StoreError(EngineError):
    """A store outside memory cannot be read or written: no record is to blame."""


class LostError(Exception):
    """A partition number is another worker's by now."""


_RIGHTS = {
    "GroupAuthorizationFailedError": "READ and DESCRIBE of the group that is named as the app's id",
    "TransactionalIdAuthorizationFailed": "WRITE and DESCRIBE of the transactional ids that begin with the app's id",
    "TopicAuthorizationFailedError": (
        "READ and DESCRIBE of the app's sources and changelogs, WRITE and DESCRIBE of its changelogs and outputs"
    ),
    "ClusterAuthorizationFailedError": "IDEMPOTENT_WRITE of the cluster, which Kafka before 2.8 asks of every producer",
}


def refused(error: Exception) -> EngineError | None:
    """Tell what to do where Kafka refuses a right, which it will go on doing; None where `error` is another one."""
    for kind in type(error).__mro__:
        if what := _RIGHTS.get(kind.__name__):
            return EngineError(f"Kafka refuses {error.args[0] if error.args else 'this app'}: allow its user {what}")
    return None
