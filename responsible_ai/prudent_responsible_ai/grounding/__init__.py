"""What a sentence claims, and what passages say of it: words, facts, passages, and a judge over them."""
