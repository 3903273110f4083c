// Writes the countries' names in a language, in the order in which that language sorts them, from
// the CLDR data inside Node:  node endpoint/countries/make.mjs en km fr
import { readFileSync, writeFileSync } from "node:fs";

const source = readFileSync(new URL("../../src/country.rs", import.meta.url), "utf8");
const codes = source.match(/"([A-Z\\\s]+)"/)[1].replace(/[^A-Z]/g, "").match(/../g);

for (const lang of process.argv.slice(2)) {
  const names = new Intl.DisplayNames(lang, { type: "region", fallback: "none" });
  const { compare } = new Intl.Collator(lang);
  const lines = codes
    .map((code) => [code, names.of(code)])
    .sort(([, a], [, b]) => compare(a, b))
    .map(([code, name]) => `${code} ${name}\n`);
  writeFileSync(new URL(`${lang}.txt`, import.meta.url), lines.join(""));
}
