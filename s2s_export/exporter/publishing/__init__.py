"""Publishing an export all at once: whoever reads it sees the old one or the new one."""
