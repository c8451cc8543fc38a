"""The contracts between rooms: messages, statuses, object keys, and the shapes of analysis and average.

`messages` and `keys` are what travels; `analysis` and `average` are what clients read, made of the `figures` and
`findings` they share; `limits` is the one table the verdicts are judged against, and `catalogue` the words of every
finding. Every other room may import these; they import nothing of ours.
"""
