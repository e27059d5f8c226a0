"""What needs somebody's eyes tonight: found, valued, explained, owned, and followed over nights."""
