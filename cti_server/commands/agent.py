"""`ieum agent`: opens the desktop where there is a display. The desktop decides everything else itself."""

import argparse
import os
import sys

HAS_DISPLAY_ALWAYS = ("win32", "darwin")
DISPLAYS = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")


def run(arguments: argparse.Namespace) -> int:
    if sys.platform not in HAS_DISPLAY_ALWAYS and not any(os.environ.get(name) for name in DISPLAYS):
        print("ieum agent: there is no display here (none of DISPLAY, WAYLAND_DISPLAY is set)", file=sys.stderr)
        return 1
    from agent_app.app import main

    given = ((option, getattr(arguments, option)) for option in ("server", "fingerprint", "user", "lang"))
    return main([part for option, value in given if value for part in (f"--{option}", value)])
