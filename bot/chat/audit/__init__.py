"""Every interaction leaves one entry in the audit, and costs the person who asked part of their share."""
