"""A few current figures for programs that ask again and again. Must load quickly; nothing of whole reports is here."""
