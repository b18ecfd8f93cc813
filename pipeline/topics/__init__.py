"""The topics as code: read from `topics/`, compared with a Kafka, made there."""
