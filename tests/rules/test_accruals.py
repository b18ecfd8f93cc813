"""An accrual as it is kept: what has been stored by an earlier release must still be read."""

import msgspec

from pipeline.rules.accruals import Accrual


def test_an_accrual_is_kept_as_a_list_in_a_fixed_order() -> None:
    kept = b'["OT",24100,"2025-03-01","other_providers",[1,"2025-03-01T00:00:00Z","e-1","e30="]]'
    accrual = Accrual("OT", 24_100, "2025-03-01", "other_providers", (1, "2025-03-01T00:00:00Z", "e-1", b"{}"))
    assert msgspec.json.encode(accrual) == kept
    assert msgspec.json.decode(kept, type=Accrual) == accrual
