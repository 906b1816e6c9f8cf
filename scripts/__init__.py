"""Branching call scripts: what an agent says next, and what the screen shows. Pure; only `loader.py` reads files."""
