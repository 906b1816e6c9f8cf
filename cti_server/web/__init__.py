"""The web process: checks passwords and PINs for the core process, and serves reads over HTTP.

::

    credentials.py  the rules: who is right, who is locked;  credentials_service.py  one check at a time
    pins.py         PIN hashes, apart from everything else
    past_service.py questions about the past, few at a time (answered in `cti_server.past`)
    link_server.py  a local socket where the core process asks all of these; link_client.py: its other end
    app.py          the HTTP routes;  rules.py  who may call which;  sign_in.py  sessions of browsers
    audio.py        recordings, by range;  metrics.py  figures for Prometheus
"""
