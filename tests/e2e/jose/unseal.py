"""Decrypts a sealed text with PyPI's jwcrypto and a private key, without any code of ours:
    python unseal.py JWK < SEALED > PLAINTEXT
"""

import sys

from jwcrypto import jwe, jwk

with open(sys.argv[1], encoding="utf-8") as file:
    key = jwk.JWK.from_json(file.read())
sealed = jwe.JWE(algs=["ECDH-ES", "A256GCM"])
sealed.deserialize(sys.stdin.read(), key=key)
sys.stdout.buffer.write(sealed.payload)
