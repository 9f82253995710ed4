"""Texts of models in reports and verdicts, as far as somebody reads them. Knows neither."""


def cut(text: str, most: int) -> str:
    """The text, and of a longer one so many characters."""
    return text if len(text) <= most else f"{text[:most]} …"
