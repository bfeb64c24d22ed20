"""The experiment panel: the model as text and as a form, draws, seeding, environment."""
