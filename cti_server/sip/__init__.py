"""A SIP user agent without I/O (RFC 3261): bytes and a time go in, bytes, events and a deadline come out.

Start at `user_agent.UserAgent`. The server's embedded switch and the desktop's softphone are thin shells around the
same object: they own sockets and clocks, this package owns every rule of the protocol.

    shell                                      user agent
    datagram or stream bytes   -> receive(data, flow, now_us)
    a deadline has come        -> handle_deadline(now_us)
    an order of the embedder   -> place_call / answer / hang_up / register ...
    after each of the three:   <- outgoing(), next_event() until None, next_deadline()

What it decides: messages, transactions, dialogs, digest, registrations, session timers. What it does not: who may call
whom (`policy.Policy` is passed in), names in DNS, audio, and anything about agents or queues.
"""
