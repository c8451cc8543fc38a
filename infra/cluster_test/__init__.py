"""`python -m infra.cluster_test`, or `make cluster-test`: prove on a real cluster what the documents promise.

It runs against the cluster of kubectl's current context and prints one table: part, what, measured, verdict. Each part
is a module of `infra.cluster_test.parts`: it reads from the cluster, decides in pure functions, and yields rows.
"""
