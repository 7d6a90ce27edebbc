"""Control of translations: prefixes, words never said, words copied. Torch-free; numpy only."""
