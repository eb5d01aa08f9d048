"""The words of documents, one table a language; every table has the same keys."""
