"""Text: normalizers, tokenizers, vocabularies. Both worlds import it; standard library only."""
