"""The launcher behind `make run` and `make test`.

It starts embedded PostgreSQL and Valkey where no URL names others, keeps every process alive under supervisor,
and takes all of it down again. The launcher imports nothing of Django: it must be able to explain a broken set-up.
"""
