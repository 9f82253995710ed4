"""Decoder graphs: typed values, a builder that finds shape errors early, one file for each operator."""
