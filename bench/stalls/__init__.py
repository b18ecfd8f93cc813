"""How long a partition is without progress when workers come and go."""
