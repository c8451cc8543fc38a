"""Delivery of messages: the publisher, the requests, and what is still in the stream."""
