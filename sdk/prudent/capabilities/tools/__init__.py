"""Tool calls by small models: what is asked of the model is a choice or a value, never a syntax."""
