"""The compact way in which a case writes its events, and the whole events that it stands for."""

from collections import defaultdict
from datetime import date as Date  # noqa: N812 - A field of these rows is named date.
from datetime import datetime, timedelta
from typing import Any

PATIENT = "p-anchor"
OFFSET = "-05:00"
DAY_STARTS = "09:00:00"

SHORT = {
    "id": "segment_id",
    "patient": "patient_id",
    "site": "site_id",
    "payer": "payer_id",
    "therapist": "therapist_id",
    "pause": "paused_seconds",
    "started": "started_at",
    "stopped": "stopped_at",
}
ELEMENTS = [
    *("services_provided", "medical_necessity", "functional_goals", "treatment_time"),
    *("patient_response", "progress", "plan_of_care"),
]
OWN_KEYS = {"minutes", "seconds", "start", "date"}


def plain(value: Any) -> Any:
    """Turn what YAML read as dates into the text that a message holds."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, Date) else value


class Expansion:
    """Expands the rows of one case; the rows of a date follow each other on the clock unless they say a start."""

    def __init__(self, date: str) -> None:
        self.date = date
        self.events: list[dict] = []
        self.clock: dict[tuple[str, str], datetime] = {}
        self.named: dict[str, int] = defaultdict(int)

    def add(self, kind: str, row: Any) -> None:
        getattr(self, f"add_{kind}")(row)

    def name(self, prefix: str) -> str:
        self.named[prefix] += 1
        return f"{prefix}-{self.named[prefix]:03d}"

    def event(self, event_type: str, date: str, fields: dict) -> None:
        sequence = len(self.events)
        at = datetime.fromisoformat(f"{date}T20:00:00+00:00") + timedelta(seconds=sequence)
        base = {
            "event_id": f"e-{sequence:04d}",
            "event_type": event_type,
            "occurred_at": at.isoformat().replace("+00:00", "Z"),
            "patient_id": PATIENT,
            "site_id": "site-a",
            "source": "conformance",
        }
        self.events.append(base | fields)

    def treatment(self, row: dict) -> tuple[str, dict]:
        date = row.get("date", self.date)
        fields = {"revision": 1, "therapist_id": "t-1", "payer_id": "medicare-b", "discipline": "OT"}
        fields |= {SHORT.get(key, key): value for key, value in row.items() if key not in OWN_KEYS}
        fields.setdefault("segment_id", self.name("s"))
        if "code" in fields:
            fields["code"] = str(fields["code"])
        return date, fields

    def times(self, row: dict, date: str, fields: dict) -> None:
        place = fields.get("patient_id", PATIENT), date
        if "started_at" not in fields:
            follows = self.clock.get(place, datetime.fromisoformat(f"{date}T{DAY_STARTS}{OFFSET}"))
            start = datetime.fromisoformat(f"{date}T{row['start']}{OFFSET}") if "start" in row else follows
            fields["started_at"] = start.isoformat()
        start = datetime.fromisoformat(fields["started_at"])
        counted = timedelta(minutes=row.get("minutes", 0), seconds=row.get("seconds", 0))
        stop = start + counted + timedelta(seconds=fields.get("paused_seconds") or 0)
        fields.setdefault("stopped_at", stop.isoformat())
        self.clock[place] = datetime.fromisoformat(fields["stopped_at"])

    def add_segments(self, rows: list[dict]) -> None:
        for row in rows:
            self.whole("segment.recorded", row)

    def add_amend(self, row: dict) -> None:
        self.whole("segment.amended", row)

    def whole(self, event_type: str, row: dict) -> None:
        date, fields = self.treatment(row)
        self.times(row, date, fields)
        self.event(event_type, date, fields)

    def add_started(self, row: dict) -> None:
        date, fields = self.treatment(row)
        self.times(row, date, fields)
        del fields["stopped_at"]
        self.event("segment.started", date, fields)

    def add_stopped(self, row: dict) -> None:
        self.later_half("segment.stopped", row)

    def add_void(self, row: dict) -> None:
        self.later_half("segment.voided", row)

    def later_half(self, event_type: str, row: dict) -> None:
        fields = {SHORT.get(key, key): value for key, value in row.items() if key not in {"at", "date"}}
        date = row.get("date", self.date)
        if "at" in row:
            fields["stopped_at"] = f"{date}T{row['at']}{OFFSET}"
        self.event(event_type, date, {"revision": 2} | fields)

    def add_service(self, row: dict) -> None:
        date, fields = self.treatment(row)
        self.event("service.recorded", date, fields | {"service_date": date, "minutes": row["minutes"]})

    def add_visits(self, row: dict) -> None:
        """The same segments on `count` dates, `every` so many days from `first` on."""
        first = Date.fromisoformat(row["first"])
        for visit in range(row["count"]):
            date = (first + timedelta(days=visit * row.get("every", 1))).isoformat()
            self.add_segments([segment | {"date": date} for segment in row["segments"]])

    def add_accrual(self, row: dict) -> None:
        fields = {"revision": 1, "year": int(row["as_of"][:4]), "bucket": "OT", "basis": "other_providers"} | row
        fields.setdefault("accrual_id", self.name("a"))
        self.event("accrual.reported", row["as_of"], fields)

    def add_coverage(self, row: dict) -> None:
        date = row.get("date", self.date)
        fields = {"revision": 1, "payer_id": "medicare-b"}
        fields |= {"effective_from": f"{date[:4]}-01-01", "effective_through": f"{date[:4]}-12-31"}
        fields |= {SHORT.get(key, key): value for key, value in row.items() if key != "date"}
        fields.setdefault("coverage_id", self.name("v"))
        self.event("coverage.reported", date, fields)

    def add_attest(self, row: dict) -> None:
        fields = {"revision": 1, "bucket": "OT", "therapist_id": "t-1"} | row
        fields.setdefault("attestation_id", self.name("n"))
        self.event("necessity.attested", row["from"], fields)

    def add_claim(self, row: dict) -> None:
        date = row.get("service_date", self.date)
        fields = {
            "revision": 1,
            "payer_id": "medicare-b",
            "service_date": date,
            "submitted_at": f"{date}T23:00:00Z",
            "lines": [],
        }
        fields |= row
        fields.setdefault("claim_id", self.name("c"))
        self.event("claim.submitted", date, fields)

    def add_note(self, row: dict) -> None:
        date = row.get("date", self.date)
        fields = {"service_date": date, "discipline": "OT", "therapist_id": "t-1", "progress_report": False}
        fields["elements"] = [name for name in ELEMENTS if name not in row.get("without", ())]
        fields |= {SHORT.get(key, key): value for key, value in row.items() if key not in {"date", "without"}}
        self.event("visit.documented", date, fields)

    def add_plan(self, row: dict) -> None:
        fields = {"revision": 1, "discipline": "OT", "certified_from": row["from"], "certified_through": row["through"]}
        fields |= {key: value for key, value in row.items() if key not in {"from", "through"}}
        fields.setdefault("plan_id", self.name("p"))
        self.event("plan.certified", row["from"], fields)

    def add_appointment(self, row: dict) -> None:
        starts_at = f"{row['date']}T{row.get('start', DAY_STARTS)}{OFFSET}"
        fields = {"revision": 1, "discipline": "OT", "starts_at": starts_at}
        fields |= {key: value for key, value in row.items() if key not in {"date", "start", "planned", "cancelled"}}
        planned = row.get("planned", {})
        fields["planned"] = [{"code": str(code), "minutes": minutes} for code, minutes in planned.items()]
        fields.setdefault("appointment_id", f"on-{row['date']}")
        self.event("visit.cancelled" if row.get("cancelled") else "visit.scheduled", row["date"], fields)

    def add_tick(self, date: str) -> None:
        """A day begins."""
        self.event("day.ticked", date, {"date": date})

    def add_remittance(self, row: dict) -> None:
        date = row.get("date", self.date)
        fields = {"revision": 1, "payer_id": "medicare-b", "service_date": date, "modifiers": ["GO"], "units": 1}
        fields |= {"paid_cents": 0, "adjudicated_on": "2025-04-01", "adjustments": []}
        fields |= {SHORT.get(key, key): value for key, value in row.items() if key not in {"id", "date"}}
        fields |= {"code": str(fields["code"]), "remittance_id": row.get("id") or self.name("r")}
        self.event("remittance.posted", date, fields)

    def add_other(self, row: dict) -> None:
        """Any other event: its `event_type` and its fields as they are."""
        self.event(row["event_type"], row.get("date", self.date), row)
