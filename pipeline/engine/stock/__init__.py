"""The same agents on stock Faust, at least once: the way back, should a private name that the engine uses go."""
