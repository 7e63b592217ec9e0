"""What the services ask of the outside: one Protocol per outside system.

Every method may raise `Unavailable` or `Throttled` (passing) and `Refused` (final) of `bot/errors.py`,
and nothing else of the vendor's. Frozen dataclasses come back, never a vendor's dict.
"""
