"""The composition root: the only place that names concrete adapters. It joins them and decides nothing else.

::

    serving.serve(data)   the warden: checks, prepares the data folder, then keeps these processes running
      media-N             cti_server.switch.embedded.media_worker
      core                core_running.py, core_process.py: SIP, the engine with its Centre, the desktops' gateway
      web                 web_process.py: projector, credentials, HTTP
"""
