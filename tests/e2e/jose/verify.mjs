// Verifies the action and the receipt of one exported line with npm's jose, without any code of ours:
//   node verify.mjs JWKS < LINE
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, importJWK } from "jose";

const { action, receipt } = JSON.parse(readFileSync(0, "utf8"));
const jwks = JSON.parse(readFileSync(process.argv[2], "utf8"));

const check = (holds, what) => {
  if (!holds) throw Error(what);
};
const algorithms = ["ES256"];

// The action is signed by the key that it carries.
const header = decodeProtectedHeader(action);
check(header.typ === "action+jws", "typ of the action");
check(Object.keys(header.jwk).sort().join() === "crv,kty,x,y", "members of jwk");
const { payload } = await compactVerify(action, await importJWK(header.jwk, "ES256"), { algorithms });
const claims = JSON.parse(Buffer.from(payload));

// The receipt is signed by the endpoint, and is for this very action.
const verified = await compactVerify(receipt, createLocalJWKSet(jwks), { algorithms });
check(verified.protectedHeader.typ === "receipt+jws", "typ of the receipt");
const stated = JSON.parse(Buffer.from(verified.payload));
const digest = createHash("sha256").update(payload).digest("base64url");
check(stated.action_digest === digest, "action_digest");
check(stated.jti === claims.jti && stated.campaign === claims.campaign, "jti or campaign");

console.log(JSON.stringify(claims));
