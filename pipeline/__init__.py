"""Therapy session events in; billable units, running totals and threshold alerts out."""
