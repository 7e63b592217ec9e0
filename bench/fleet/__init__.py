"""A purpose-made fake of AWS: thousands of trials on hundreds of machines, none of which runs anything.

How a trial ends follows from its number (`grid.py`), and when it runs from the clock and a seed (`machines.py`). So
every answer can be computed when it is asked for. AWS's limits are enforced, and every call is counted.
"""
