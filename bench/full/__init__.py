"""The full job, from emr-events to threshold-alerts, by the engine and by stock Faust with the same rules."""
