"""The desktops' door: a WebSocket server inside the core process.

::

    server.py     listens; one connection from Hello to close
    sessions.py   who is signed in where; tokens.py: what proves it after a reconnect
    push.py       what goes out to one client, bounded
    watchers.py   facts from published events to the clients that they concern
    translate.py  the only place where wire meets core
    cards.py      a card's sections to the agent who is about to get the call
    asks.py       reads;  gauges.py  figures that change all the time;  rights.py  who may ask for what
"""
