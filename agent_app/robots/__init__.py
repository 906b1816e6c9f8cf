"""Robot people for the demo and the end-to-end tests: callers with phones, and agents with phones and desktops.

They use what people use (SIP, RTP, the wire, the softphone's process) and count what they saw themselves, never what
the server says of itself.
"""
