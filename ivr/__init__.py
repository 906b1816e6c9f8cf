"""Call flows: what a caller hears and may press before an agent speaks. Pure; only `loader.py` reads files."""
