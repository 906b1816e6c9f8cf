"""``ieum-phone``: the softphone's own process. Composes driver, sound and the link to the window.

Exit status: 0 after Quit or a signal, 1 when it could not start, 2 for bad use.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from agent_app.softphone.audio import AudioDevice, FileAudio, NullAudio, SoundCard
from agent_app.softphone.driver import Driver
from agent_app.softphone.messages import Configure
from agent_app.softphone.native_driver import NativeDriver
from agent_app.softphone.phone import Phone
from agent_app.softphone.window_link import WindowLink

FORGOTTEN_S = 600.0
LOOK_EVERY_S = 15.0


def arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ieum-phone", description="The softphone of an Ieum desktop.")
    parser.add_argument("--rendezvous", type=Path, required=True, help="file that tells the window how to attach")
    parser.add_argument("--driver", choices=("native", "pyvoip"), default="native", help="who speaks SIP and RTP")
    parser.add_argument(
        "--audio",
        default="card",
        metavar="card|none|files",
        choices=("card", "none", "files"),
        help="sound card, no sound, or the files of --speak and --keep",
    )
    parser.add_argument("--speak", type=Path, help="WAV (8 kHz, 16-bit, mono) that is spoken in calls")
    parser.add_argument("--keep", type=Path, help="WAV in which what is heard is kept")
    parser.add_argument("--answer", action="store_true", help="answer every call by itself")
    parser.add_argument("--account", metavar="USER:PASSWORD@HOST:PORT", help="register at once, without a window")
    return parser.parse_args(argv)


def device(options: argparse.Namespace) -> AudioDevice:
    if options.audio == "none":
        return NullAudio()
    if options.audio == "files":
        return FileAudio(speak=options.speak, keep=options.keep)
    return SoundCard()


def driver(options: argparse.Namespace, phone: Phone, sound: AudioDevice) -> Driver:
    if options.driver == "pyvoip":
        from agent_app.softphone.pyvoip_driver import PyVoipDriver

        return PyVoipDriver(phone, sound)
    return NativeDriver(phone, sound)


def account(text: str) -> Configure:
    """``USER:PASSWORD@HOST:PORT``. Raises ValueError."""
    login, _, where = text.rpartition("@")
    user, _, password = login.partition(":")
    host, _, port = where.rpartition(":")
    if not (user and host and port.isdigit()):
        raise ValueError(f"--account: not USER:PASSWORD@HOST:PORT: {where or text}")
    return Configure(
        host=host, port=int(port), transport="udp", extension=user.partition(".")[0], user=user, password=password
    )


async def run(options: argparse.Namespace) -> None:
    """Until Quit or a signal."""
    done = asyncio.Event()
    sound = device(options)
    phone = Phone(
        lambda user: driver(options, user, sound),
        sound,
        publish=lambda status: link.publish(status),
        quit_now=done.set,
        answer_by_itself=options.answer,
    )
    link = WindowLink(options.rendezvous, obey=phone.obey)
    await link.open()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, done.set)
    if options.account:
        phone.obey(account(options.account))
    watch = asyncio.create_task(_end_when_forgotten(link, phone, done)) if not options.account else None
    try:
        await done.wait()
    finally:
        if watch is not None:
            watch.cancel()
        await link.close()
        await phone.close()


async def _end_when_forgotten(link: WindowLink, phone: Phone, done: asyncio.Event) -> None:
    """A window that crashed comes back soon; after so long without one, and without a call, nobody will."""
    alone_s = 0.0
    while alone_s < FORGOTTEN_S:
        await asyncio.sleep(LOOK_EVERY_S)
        alone_s = 0.0 if link.has_window or phone.is_in_call else alone_s + LOOK_EVERY_S
    done.set()


def main(argv: Sequence[str] | None = None) -> int:
    options = arguments(argv)
    try:
        if options.account:
            account(options.account)
    except ValueError as error:
        print(f"ieum-phone: {error}", file=sys.stderr)
        return 2
    try:
        asyncio.run(run(options))
    except OSError as error:
        print(f"ieum-phone: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
