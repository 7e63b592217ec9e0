"""Every message that the bot can send, with sample values: `python -m bot.chat.catalogue`.

`rendered.py` calls the functions that make messages, with the jobs and sweeps of `samples.py`. `written.py` reads the
sentences that stand in the source: errors, answers and the doctor's findings.
"""
