"""Memory of conversations, within a budget of tokens, and of facts, with where they came from."""

from prudent_agents.memory.conversation import ConversationMemory
from prudent_agents.memory.long_term import Fact, LongTermMemory, Recalled

__all__ = ["ConversationMemory", "Fact", "LongTermMemory", "Recalled"]
