"""Images: decoding, classifying, reading, measuring. One file for each step; nothing here knows HTTP."""
