"""Knowledge from documents: search by words and meaning, exact places, access labels, citations."""

from prudent_agents.knowledge.base import KnowledgeBase
from prudent_agents.knowledge.citations import Citation, Citations, check_citations
from prudent_agents.knowledge.results import Document, Passage, Update

__all__ = ["Citation", "Citations", "Document", "KnowledgeBase", "Passage", "Update", "check_citations"]
