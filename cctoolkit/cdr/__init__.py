"""Call records: what they are (`records`) and where they are kept (`store`)."""
