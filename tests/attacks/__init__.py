"""What an attacker does, in one sentence each, and what must happen."""
