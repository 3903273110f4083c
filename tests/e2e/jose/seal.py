"""Seals a text to the public key of a campaign file with PyPI's jwcrypto, without any code of ours:
    python seal.py JWK < PLAINTEXT > SEALED
"""

import sys

from jwcrypto import jwe, jwk

with open(sys.argv[1], encoding="utf-8") as file:
    key = jwk.JWK.from_json(file.read())
header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key["kid"]}
sealed = jwe.JWE(sys.stdin.buffer.read(), recipient=key, protected=header)
print(sealed.serialize(compact=True), end="")
