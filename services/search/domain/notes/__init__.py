"""What a clinical note says: its sections, its sentences, what they mention, and what of it is coded.

Nothing in here keeps a text: every value holds places in the text (characters, end not included), and who asks has the
text itself. The tables that a reader of notes needs lie in services/search/notes.
"""
