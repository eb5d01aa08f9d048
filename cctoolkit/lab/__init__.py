"""A private real Asterisk 22 on loopback: nodes, and the street (carrier and phones) that calls them."""
