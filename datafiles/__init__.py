"""Text files that people edit (flows, prompts, scripts): read safely, shaped into types, with every problem named."""
