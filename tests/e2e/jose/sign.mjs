// Signs claims as an action with npm's jose and a fresh key, without any code of ours:
//   node sign.mjs < CLAIMS > ACTION
import { readFileSync } from "node:fs";
import { CompactSign, exportJWK, generateKeyPair } from "jose";

const { privateKey, publicKey } = await generateKeyPair("ES256");
const { kty, crv, x, y } = await exportJWK(publicKey);
const action = await new CompactSign(readFileSync(0))
  .setProtectedHeader({ alg: "ES256", typ: "action+jws", jwk: { kty, crv, x, y } })
  .sign(privateKey);
process.stdout.write(action);
