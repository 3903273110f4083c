// The loader's choice of a language, tested with the core's vectors.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { nearest } from "../../www/loader/language.js";

const vectors = JSON.parse(await readFile(new URL("../vectors/languages.json", import.meta.url), "utf8"));

for (const { wanted, available, chosen } of vectors) {
  test(`chooses ${chosen} for ${wanted.join() || "nobody"} among ${available.join()}`, () => {
    assert.equal(nearest(wanted, available) ?? available[0], chosen);
  });
}
