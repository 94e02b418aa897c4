"""Members: who is logged in, and what of them the gateway remembers, shows and records."""
