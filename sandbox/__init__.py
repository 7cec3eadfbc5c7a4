"""Business Central, Dataverse and Entra ID emulated over HTTPS, for demo, tests and benchmarks.

One process, one SQLite file. `schema` turns the two data files into tables, `store` keeps their rows,
`odata` reads queries, `dataverse` and `business_central` speak the two protocols and keep the rules of
their tables, `entra` hands out tokens, `control` steers it all. It knows nothing of the console.
"""
