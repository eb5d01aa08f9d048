"""Test calls: place one through `cct-test` and watch where it goes."""
