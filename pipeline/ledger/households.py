"""Who lives on as whom: patients that were merged, and the survivor that each of them is known under."""

from collections.abc import Callable, Iterable, Iterator, MutableMapping

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from pipeline.events.codec import write
from pipeline.events.fields import instant
from pipeline.events.patients import PatientMerged
from pipeline.ledger.segments import Result
from pipeline.ledger.tables import Facts

_decode = msgspec.json.Decoder(PatientMerged).decode


class Residence(Struct, frozen=True, array_like=True, gc=False):
    """A patient in a merge: where it is known, its newest merge as sorted JSON, and who was merged into it.

    `guest` tells one whose events another number has passed on to this one.
    """

    home: str
    merge: bytes | None = None
    guests: list[str] = []
    guest: bool = False


class Households:
    """The merges that one partition number knows, which are all of them; one whom no merge names lives alone.

    The survivor of a patient is a function of the newest merge of each: chains are followed, and in a circle the
    oldest merge falls away. So all numbers come to the same, in whatever order they hear of merges. `here` tells
    whether this number is a patient's own; `moved` is where patients were known before the batch who now are elsewhere.
    """

    def __init__(self, table: MutableMapping[str, bytes], here: Callable[[str], bool] = lambda _: True) -> None:
        self._residences = Facts(table, Residence)
        self.here = here
        self._before: dict[str, str] = {}

    def __iter__(self) -> Iterator[str]:
        """Give all whom a merge names, as far as is written."""
        return iter(self._residences)

    def alone(self, patient_id: str) -> bool:
        """Tell whether no merge names a patient; of nearly every one."""
        return self._residences.get(patient_id) is None

    def home(self, patient_id: str) -> str:
        """Give the patient as whom a patient is known."""
        found = self._residences.get(patient_id)
        return patient_id if found is None else found.home

    def members(self, home: str) -> list[str]:
        """Give all who are known as one patient, that one among them; none for one who is known as another."""
        return sorted(self._kin(home)) if self.home(home) == home else []

    def outputs(self, patient_id: str) -> list[str]:
        """Give the patients whose values a fact of a patient may change, as far as this number sends them."""
        home = self.home(patient_id)
        if home == patient_id:
            return [patient_id] if self.alone(patient_id) or self.here(patient_id) else []
        return [one for one in (patient_id, home) if self.here(one)]

    def welcome(self, guests: Iterable[str]) -> None:
        """Note that other numbers pass on patients' events to this one, perhaps before it hears of the merge."""
        for patient_id in guests:
            found = self._residences.get(patient_id) or Residence(patient_id)
            if not found.guest:
                self._put(patient_id, replace(found, guest=True))

    def away(self, patient_id: str) -> str | None:
        """Give the survivor of a patient whose own number this is, where that is not the survivor's; else None."""
        if self.alone(patient_id):
            return None
        home = self.home(patient_id)
        return home if self.here(patient_id) and not self.here(home) else None

    def were(self, home: str) -> set[str]:
        """Give all who were known as one patient before the batch, or are now."""
        moved = self.moved
        return {*self.members(home), *[one for one, was in moved.items() if was == home]}

    @property
    def moved(self) -> dict[str, str]:
        """Where those were known before the batch whom its merges have moved."""
        return {one: home for one, home in self._before.items() if self.home(one) != home}

    def concerned(self, event: PatientMerged) -> set[str]:
        """Give all patients who are known as one with either side of a merge, as things stand."""
        return self._kin(event.patient_id) | self._kin(event.into_patient_id)

    def take(self, event: PatientMerged) -> Result:
        """Replace an older merge of a patient by a newer one."""
        patient_id, into = event.patient_id, event.into_patient_id
        found = self._residences.get(patient_id) or Residence(patient_id)
        told = write(event)
        if found.merge is not None:
            was = _decode(found.merge)
            if _order(event, told) <= _order(was, found.merge):
                return "duplicate" if told == found.merge else "superseded"
            self._part(patient_id, was.into_patient_id)
        concerned = self.concerned(event)
        if found.merge is not None:
            concerned |= self._kin(_decode(found.merge).into_patient_id)
        self._put(patient_id, replace(self._residences.get(patient_id) or found, merge=told))
        if into != patient_id:
            host = self._residences.get(into) or Residence(into)
            self._put(into, replace(host, guests=sorted({*host.guests, patient_id})))
        for one in concerned:
            self._settle(one)
        return "applied"

    def flush(self) -> None:
        """Write what changed, and begin the next batch."""
        self._before.clear()
        self._residences.flush()

    def _part(self, patient_id: str, host_id: str) -> None:
        host = self._residences.get(host_id)
        if host is not None and patient_id != host_id:
            self._put(host_id, replace(host, guests=[one for one in host.guests if one != patient_id]))

    def _put(self, patient_id: str, residence: Residence) -> None:
        self._residences.put(patient_id, residence)

    def _settle(self, patient_id: str) -> None:
        """Find where a patient is known now."""
        found = self._residences.get(patient_id) or Residence(patient_id)
        home = self._survivor(patient_id)
        self._before.setdefault(patient_id, found.home)
        now = replace(found, home=home)
        self._residences.put(patient_id, None if now == Residence(patient_id) else now)

    def _survivor(self, patient_id: str) -> str:
        path = [patient_id]
        while (into := self._into(path[-1])) is not None:
            if into in path:
                return min(path[path.index(into) :], key=self._age)
            path.append(into)
        return path[-1]

    def _into(self, patient_id: str) -> str | None:
        found = self._residences.get(patient_id)
        into = None if found is None or found.merge is None else _decode(found.merge).into_patient_id
        return None if into == patient_id else into

    def _age(self, patient_id: str) -> tuple[object, ...]:
        found = self._residences.get(patient_id)
        told = b"" if found is None or found.merge is None else found.merge
        return _order(_decode(told), told)

    def _kin(self, patient_id: str) -> set[str]:
        """Give all who are tied to a patient by merges, either way."""
        found, new = {patient_id}, [patient_id]
        while new:
            one = new.pop()
            residence = self._residences.get(one)
            tied = [] if residence is None else [*residence.guests]
            into = self._into(one)
            for other in tied if into is None else [*tied, into]:
                if other not in found:
                    found.add(other)
                    new.append(other)
        return found


def _order(event: PatientMerged, told: bytes) -> tuple[int, tuple[object, str], str, bytes]:
    return event.revision, instant(event.occurred_at), event.event_id, told


def keys_of(facts: Iterable[str], patients: Iterable[str]) -> dict[str, list[str]]:
    """Give what follows each of some patients in the keys of a table: one walk, for merges are rare."""
    found: dict[str, list[str]] = {patient_id: [] for patient_id in patients}
    if found:
        for key in facts:
            patient_id, _, rest = key.partition("|")
            if patient_id in found:
                found[patient_id].append(rest)
    return {patient_id: sorted(rests) for patient_id, rests in found.items()}
