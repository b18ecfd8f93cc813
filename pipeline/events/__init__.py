"""The messages in and out, one module a family; the codec."""
