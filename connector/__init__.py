"""The connector: pulls messages from JetStream, POSTs each to its function, publishes the reply, then acknowledges."""
