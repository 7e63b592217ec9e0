"""Sections of config.toml about money: what is spent, and what ends spending."""
