"""Figures of a network's own: CMS's files read in their own layouts, kept as dated files in a folder."""
