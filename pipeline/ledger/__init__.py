"""Facts to days, days to years: pure folds from a state and an event to a state and its effects."""
