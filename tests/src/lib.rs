//! A whole cell for a test: its own folder, nats-server and port, and the hands to use it.
