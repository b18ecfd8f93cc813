"""The Faust app: create_app(settings), its tables, one module an agent. No rule in it."""
