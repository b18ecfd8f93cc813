"""The main job, to be watched: a simulated network on a real Kafka, from events to alerts, and the proof at the end."""
