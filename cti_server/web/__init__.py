"""The web process: checks passwords and PINs for the core process, and serves reads over HTTP.

::

    credentials.py         the rules: who is right, who is locked
    credentials_server.py  a local socket for the core process; credentials_client.py: its other end
    pins.py                PIN hashes, apart from everything else
    app.py                 the HTTP routes;  rules.py  who may call which;  sign_in.py  sessions of browsers
    audio.py               recordings, by range;  metrics.py  figures for Prometheus
"""
