"""Widgets: they draw what the view-models decided, and hand the person's actions back. No logic of the call centre."""
