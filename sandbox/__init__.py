"""Business Central, Dataverse and Entra ID emulated over HTTPS, for demo, tests and benchmarks.

One process, one SQLite file, one thread: a request is carried out as a whole before the next
begins. `schema` turns the two data files into tables, `store` keeps their rows, `odata` reads
queries, `dataverse` and `business_central` speak the two protocols and keep the rules of their
tables, `entra` hands out tokens, `control` steers it all, `ui` shows records in plain pages.
`world` holds the parts together and `server` carries requests to them: it checks the token,
strikes with faults, keeps limits and statistics, and calls `system.handle(call)`, which returns a
`Reply` (see `http`). A system also has `user_of(client_id, username)`, `reload()` after a reset,
and `partial_batch_after`, the number of batch parts after which it raises `ConnectionCut`.

Seeds call `plant(environment, table, rows)` of `dataverse.planting` and of
`business_central.planting`. Nothing here knows of the console.
"""
