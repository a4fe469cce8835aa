"""Promise 1 under fire: real processes, real servers, faults from a seed, and what must hold afterwards.

`python -m tests.chaos` runs the campaigns and prints their table; `test_chaos.py` runs a short one.
"""
