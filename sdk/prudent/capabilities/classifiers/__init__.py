"""Small classifiers of the user's own: a linear head on an encoder's vectors, measured before it is used."""
