"""Spot prices: what people ask about them, and jobs that wait for one."""
