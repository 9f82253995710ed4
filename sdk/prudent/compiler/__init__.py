"""Weight files to compiled decoders: `compile.compile_decoder`. Importing the package loads nothing."""
