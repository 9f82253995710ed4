"""Words for who people are, by protected attribute, and where a text has them."""
