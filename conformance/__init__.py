"""The rules' cases, for any system to run: what is said, what must come of it, and the page that says so."""
