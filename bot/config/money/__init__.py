"""Sections about money."""
