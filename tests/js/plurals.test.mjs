// The browser's own plural rules, tested with the vectors of the endpoint's rules.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { plural } from "standwith-browser";

const vectors = JSON.parse(await readFile(new URL("../vectors/plurals.json", import.meta.url), "utf8"));

for (const { lang, categories } of vectors) {
  test(`Intl.PluralRules agrees with the vectors for ${lang}`, () => {
    for (const [category, numbers] of Object.entries(categories)) {
      for (const number of numbers) assert.equal(plural(lang, number), category, `${number}`);
    }
  });
}

test("a malformed language tag takes the rules of English", () => {
  assert.deepEqual([plural("no language", 0), plural("no language", 1)], ["other", "one"]);
});
