"""Reports on a period: what was billed and what was not, what was found, and what payers refused."""
