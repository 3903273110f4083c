"""Signs claims as an action with PyPI's joserfc and a fresh key, without any code of ours:
    python sign.py < CLAIMS > ACTION
"""

import sys

from joserfc import jws
from joserfc.jwk import ECKey

key = ECKey.generate_key("P-256")
jwk = key.as_dict(private=False)
jwk = {member: jwk[member] for member in ("kty", "crv", "x", "y")}
header = {"alg": "ES256", "typ": "action+jws", "jwk": jwk}
print(jws.serialize_compact(header, sys.stdin.buffer.read(), key), end="")
