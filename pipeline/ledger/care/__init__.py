"""Care: what is known of it, what somebody must act on, and who is told."""
