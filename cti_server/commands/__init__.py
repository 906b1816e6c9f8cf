"""One module a subcommand of `ieum`, each with `run(arguments) -> int`, its exit status.

A module here parses nothing (that is `cti_server.cli`) and decides nothing about calls: it puts the parts together that
its command needs, and prints. Imported only when its command is given, so that `--help` needs none of the libraries.
"""
