"""Verifies the action and the receipt of one exported line with PyPI's joserfc, without any code of ours:
    python verify.py JWKS < LINE
"""

import base64
import hashlib
import json
import sys

from joserfc import jws
from joserfc.jwk import ECKey, KeySet

line = json.load(sys.stdin)
with open(sys.argv[1], encoding="utf-8") as file:
    jwks = KeySet.import_key_set(json.load(file))


def check(holds, what):
    if not holds:
        sys.exit(what)


# The registry knows every header parameter that action and receipt use.
registry = jws.JWSRegistry(algorithms=["ES256"])

# The action is signed by the key that it carries.
header = jws.extract_compact(line["action"].encode()).protected
check(header["typ"] == "action+jws", "typ of the action")
check(sorted(header["jwk"]) == ["crv", "kty", "x", "y"], "members of jwk")
key = ECKey.import_key(header["jwk"])
payload = jws.deserialize_compact(line["action"], key, registry=registry).payload
claims = json.loads(payload)

# The receipt is signed by the endpoint, and is for this very action.
receipt = jws.deserialize_compact(line["receipt"], jwks, registry=registry)
check(receipt.protected["typ"] == "receipt+jws", "typ of the receipt")
stated = json.loads(receipt.payload)
digest = base64.urlsafe_b64encode(hashlib.sha256(payload).digest()).rstrip(b"=").decode()
check(stated["action_digest"] == digest, "action_digest")
check((stated["jti"], stated["campaign"]) == (claims["jti"], claims["campaign"]), "jti or campaign")

json.dump(claims, sys.stdout)
