"""Texts about jobs, wherever they are shown: tables with one row for each member of an enum, and notes.

The layout of cards and results is in `bot/chat/cards/`, answers to commands in `bot/chat/`. Run
`python -m bot.chat.catalogue` to see them all.
"""
