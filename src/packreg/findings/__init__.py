"""How findings change from one report to the next: new, fixed, how many over time, and what another version
of a pack would change. Pure.

May import `reports` and the packages below it. Findings of two runs are the same if their kind, pack, policy
and resource are equal. An error on a resource never makes its findings look fixed.
"""
