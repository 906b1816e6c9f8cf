"""The one loop: inputs in, events durable, then visible, then done. See `loop.py`."""

from cti_server.engine.clock import EngineClock
from cti_server.engine.loop import Engine

__all__ = ["Engine", "EngineClock"]
