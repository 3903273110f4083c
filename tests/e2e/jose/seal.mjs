// Seals a text to the public key of a campaign file with npm's jose, without any code of ours:
//   node seal.mjs JWK < PLAINTEXT > SEALED
import { readFileSync } from "node:fs";
import { CompactEncrypt, importJWK } from "jose";

const jwk = JSON.parse(readFileSync(process.argv[2], "utf8"));
const sealed = await new CompactEncrypt(readFileSync(0))
  .setProtectedHeader({ alg: "ECDH-ES", enc: "A256GCM", kid: jwk.kid })
  .encrypt(await importJWK(jwk, "ECDH-ES"));
process.stdout.write(sealed);
