"""A stand-in for the ONEKEY firmware analysis platform.

It answers as far as the public documentation (docs.onekey.com) and the source of the official
Python client tell, and misbehaves on request, so that an upload agent can be tested without an
account. README.md in the folder above says which behaviour is documented and which is a guess.
"""
