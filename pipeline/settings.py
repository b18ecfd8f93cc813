"""Every setting and its default: environment variables `KXWATCH_*`, checked at start."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import Refused

PREFIX = "KXWATCH_"
MAX_RECORD_BYTES = 1_048_588
"""The broker's own default for a record with its overhead; `emr-events` takes what any Kafka takes."""


def default_home() -> Path:
    """Give the folder under the user's cache folder that the embedded broker and its data live in."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kxwatch"


class Settings(BaseSettings):
    """What an operator can set; one attribute an environment variable, the name in capitals behind `KXWATCH_`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    # Where things are.
    brokers: str = Field("", description="Kafka to use, host:port[,host:port]; empty: the embedded one")
    home: Path = Field(default_factory=default_home, description="folder of the embedded broker: jars, data, log")
    broker_port: int = Field(29092, ge=1, le=65535, description="port of the embedded broker; taken: a free one")
    directory: Path | None = Field(None, description="YAML file of sites; none: every site national, one TIN")
    payers: Path | None = Field(None, description="folder of a network's own payer profiles; none: the packaged ones")
    figures: Path | None = Field(
        None, description="folder of the network's own figures, which `fees import` writes; none: the packaged ones"
    )

    # The shared Kafka.
    app_id: str = Field(
        "kxwatch", pattern=r"^[a-zA-Z0-9._-]{1,100}$", description="consumer group and changelog prefix"
    )
    topic_prefix: str = Field("", pattern=r"^[a-zA-Z0-9._-]{0,100}$", description="put before every topic's name")
    replication_factor: int = Field(1, ge=1, le=32767, description="replicas of topics that `topics apply` creates")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="how clients connect: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "PLAIN", description="PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; with SASL"
    )
    sasl_username: str = Field("", description="with SASL")
    sasl_password: SecretStr = Field(SecretStr(""), description="with SASL")
    ssl_ca_file: Path | None = Field(None, description="PEM of the authority that signed the brokers' certificates")
    ssl_cert_file: Path | None = Field(None, description="PEM of this client's certificate (mTLS)")
    ssl_key_file: Path | None = Field(None, description="PEM of this client's key (mTLS)")
    ssl_key_password: SecretStr = Field(SecretStr(""), description="password of that key")
    ssl_check_hostname: bool = Field(True, description="whether a broker's certificate must name its host")

    # Identities.
    patient_key: SecretStr = Field(
        SecretStr(""), description="key of the HMAC that stands for a patient's id; empty: ids as sent"
    )
    id_namespace: Literal["none", "source"] = Field(
        "none", description="`source`: put the source before patient and therapist ids"
    )

    # The rules' parameters that a network may choose.
    max_segment_minutes: int = Field(240, ge=1, le=1440, description="a longer segment is refused; pauses count")
    evaluation_bands: Literal["cpt", "guide"] = Field(
        "cpt",
        description="performance deficits of a level of evaluation: CPT's, or the guide's (1-2, 3-5, 5+)",
    )
    telehealth_rule: Literal["law", "guide"] = Field(
        "law", description="until when telehealth is allowed: by the law, or as the guide says (not after 2024)"
    )
    max_event_bytes: int = Field(262_144, ge=1_024, le=1_000_000, description="a larger event is a dead letter")
    keep_days: int = Field(
        400,
        ge=1,
        le=36_500,
        description="a day that many days older than the newest leaves the tables; an event for it is too late",
    )

    # The worker.
    engine: Literal["exactly-once", "stock"] = Field(
        "exactly-once", description="exactly-once, or `stock`: Faust's own consumer and tables, at least once"
    )
    ticks: bool = Field(
        True, description="tell each partition when a day begins; `false` for a second application on the same topics"
    )
    instance: str = Field(
        "",
        pattern=r"^[a-zA-Z0-9._-]{0,100}$",
        description="this worker's own name, a pod's for example: a quick restart keeps its partitions; empty: none",
    )
    batch_events: int = Field(2_000, ge=1, le=10_000, description="most events in one batch of an agent")
    batch_seconds: float = Field(0.05, gt=0, le=5, description="longest time between a batch and its commit")
    metrics_host: str = Field("127.0.0.1", description="address that /metrics, /readyz and /livez listen on")
    metrics_port: int = Field(9464, ge=0, le=65535, description="port of these; 0: a free one")
    data_dir: Path | None = Field(None, description="folder of the worker's own files; none: under the home folder")
    state: Literal["memory", "rocksdb"] = Field(
        "memory", description="where tables are: memory, or `rocksdb`: in that folder, for more than memory holds"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug, info, warning or error")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (
            self.sasl_username and self.sasl_password.get_secret_value()
        ):
            needed = f"{PREFIX}SASL_USERNAME and {PREFIX}SASL_PASSWORD"
            raise ValueError(f"{PREFIX}SECURITY_PROTOCOL={self.security_protocol} needs {needed}")
        if (self.ssl_cert_file is None) != (self.ssl_key_file is None):
            raise ValueError(f"{PREFIX}SSL_CERT_FILE and {PREFIX}SSL_KEY_FILE go together: set both or neither")
        if self.state == "rocksdb" and self.engine == "stock":
            raise ValueError(f"{PREFIX}STATE=rocksdb needs {PREFIX}ENGINE=exactly-once")
        for name in ("ssl_ca_file", "ssl_cert_file", "ssl_key_file", "directory"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                raise ValueError(f"{PREFIX}{name.upper()} names no file")
        if self.payers is not None and not self.payers.is_dir():
            raise ValueError(f"{PREFIX}PAYERS names no folder")
        if self.figures is not None and not self.figures.is_dir():
            raise ValueError(f"{PREFIX}FIGURES names no folder")
        key = self.patient_key.get_secret_value()
        if key and len(key.encode()) < 16:  # noqa: PLR2004 -- a shorter key can be searched.
            raise ValueError(f"{PREFIX}PATIENT_KEY needs at least 16 bytes")
        return self

    @classmethod
    def load(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings from the environment.

        Errors: `Refused`, naming each variable that is unknown or wrong; never a variable's value.
        """
        environment = os.environ if environment is None else environment
        known = {PREFIX + name.upper() for name in cls.model_fields}
        given = {name for name in environment if name.upper().startswith(PREFIX)}
        if unknown := sorted(name for name in given if name.upper() not in known):
            raise Refused(f"unknown setting {', '.join(unknown)}: see `kxwatch settings` for those there are")
        try:
            return cls.model_validate_strings(
                {name.upper().removeprefix(PREFIX).lower(): environment[name] for name in given}
            )
        except ValidationError as error:
            raise Refused("; ".join(_line(problem["loc"], problem["msg"]) for problem in error.errors())) from None


def _line(location: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{PREFIX}{str(location[0]).upper()}: {text}" if location else text
