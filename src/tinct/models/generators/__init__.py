"""Pictures from prompts: the port, its engines, and what an operator brought for them. No weights come with Tinct."""
