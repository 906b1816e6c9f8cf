"""The connection to the server: a WebSocket client in its own thread, and the one bridge to the Qt thread."""
