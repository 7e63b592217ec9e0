"""Answers that add things up: what was spent, and what machines cost."""
