"""The customer of a call: who it is, the sections of the card, and the record views.

The main system owns customers and orders; it is read through connectors with limits and a cache.
Nothing here writes to it.
"""
