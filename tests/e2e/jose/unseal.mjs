// Decrypts a sealed text with npm's jose and a private key, without any code of ours:
//   node unseal.mjs JWK < SEALED > PLAINTEXT
import { readFileSync } from "node:fs";
import { compactDecrypt, importJWK } from "jose";

const jwk = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { plaintext } = await compactDecrypt(readFileSync(0), await importJWK(jwk, "ECDH-ES"), {
  keyManagementAlgorithms: ["ECDH-ES"],
  contentEncryptionAlgorithms: ["A256GCM"],
});
process.stdout.write(plaintext);
