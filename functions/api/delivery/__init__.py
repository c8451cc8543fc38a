"""Delivery of messages: the publisher, the requests for analyses and averages, and the contents of the stream."""
