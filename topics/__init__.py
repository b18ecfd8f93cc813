"""The topics as data: a YAML file a topic, the schemas of their messages, examples good and bad."""
