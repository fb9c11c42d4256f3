"""What became of findings from one report to the next: new, fixed, how many over time, what a version
changes. Pure.

May import `reports` and the rooms below it. Findings of two runs are the same if kind, pack, policy and
resource are; an error on a resource never makes its findings look fixed.
"""
