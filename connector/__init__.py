"""The connector: takes messages from JetStream, POSTs each to its function, publishes the answer, then acks."""
