"""What runs inside a pack's own process, so that packreg can ask it without a server: one host per runtime.

Nothing here is imported by packreg. `python_host.py` runs under the pack's own interpreter, which may be an
older one, before the pack, with the standard library and the pack's SDK; `frames` describes what both sides
say.
"""
