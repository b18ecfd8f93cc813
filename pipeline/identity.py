"""What stands for a patient outside the EMR: a keyed token, and ids that are one network's."""

import hmac
import re
from functools import lru_cache
from urllib.parse import quote

import msgspec

from pipeline.events.base import Event
from pipeline.events.patients import DayTicked, PatientMerged
from pipeline.events.rejected import Rejected
from pipeline.settings import Settings

TOKEN_CHARACTERS = 32
"""128 bits of the HMAC: two of a billion patients share a token once in 10^20 networks."""
MOST_CHARACTERS = 128
"""What the contract allows an id."""

_UNFIT = re.compile(r"[|%:\x00-\x1f\x7f-\x9f]")


class Identity:
    """The ids that the intake passes on, by KXWATCH_PATIENT_KEY and KXWATCH_ID_NAMESPACE.

    Tokens are kept for the newest 100,000 patients.
    """

    def __init__(self, settings: Settings) -> None:
        self._key = settings.patient_key.get_secret_value().encode()
        self._namespaced = settings.id_namespace == "source"
        self._unchanged = not (self._key or self._namespaced)
        self._replaced = lru_cache(maxsize=100_000)(self.token)

    def token(self, patient_id: str, source: str = "") -> str:
        """Give what stands for a patient's id; `source` counts where ids are unique within their source alone.

        With a key: the first 32 hexadecimal digits of the HMAC-SHA256 of the id.

        Errors: `Rejected` where source and id together are longer than an id may be.
        """
        name = self.named(patient_id, source)
        return hmac.digest(self._key, name.encode(), "sha256").hex()[:TOKEN_CHARACTERS] if self._key else name

    def named(self, identifier: str, source: str) -> str:
        """Give an id with its source before it where that is set; `|`, `%`, `:` and control characters escaped.

        Errors: `Rejected` where both together are longer than an id may be.
        """
        if not self._namespaced:
            return identifier
        name = f"{_UNFIT.sub(lambda character: quote(character[0], safe=''), source)}:{identifier}"
        if len(name) > MOST_CHARACTERS:
            detail = f"source and id together have more than {MOST_CHARACTERS} characters: shorten the source"
            raise Rejected("wrong_field", detail, "source")
        return name

    def replace(self, event: Event) -> Event:
        """Give the event with the ids that are passed on in place of those that were sent.

        Errors: `Rejected` where an id with its source is too long; the event is named.
        """
        if self._unchanged or isinstance(event, DayTicked):
            return event
        try:
            changes = {"patient_id": self._replaced(event.patient_id, event.source)}
            if isinstance(event, PatientMerged):
                changes["into_patient_id"] = self._replaced(event.into_patient_id, event.source)
            therapist: str | None = getattr(event, "therapist_id", None)
            if self._namespaced and therapist is not None:
                changes["therapist_id"] = self.named(therapist, event.source)
        except Rejected as refusal:
            raise Rejected(
                refusal.reason, refusal.detail, refusal.field, event_id=event.event_id, source=event.source
            ) from None
        return msgspec.structs.replace(event, **changes)
