"""A purpose-made fake of AWS: thousands of trials on hundreds of machines, none of which runs anything.

What becomes of a trial follows from its number (`grid.py`), when from the clock and a seed (`machines.py`); so any
answer can be computed at the moment that somebody asks. AWS's limits are enforced, and every call is counted.
"""
