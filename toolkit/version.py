"""The version, in the one place that the packaging and the signatures read it from."""

VERSION = "0.1.0"
