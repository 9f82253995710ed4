"""The wire format, one file per capability; `operation` states each call once. Knows no behaviour."""
