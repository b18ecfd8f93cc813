"""The commands, one module each: they read the settings, call the rest, and print."""
