"""Modules of anybody's: their check, what the export adds to them, and the public function."""
