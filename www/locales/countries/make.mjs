// Writes the names of the countries of `en.txt` in a language, in the order in which that language sorts them, from the CLDR data
// of Node and the names in `corrections.json`:  node www/locales/countries/make.mjs en km fr
import { readFileSync, writeFileSync } from "node:fs";

const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");
const codes = read("en.txt").match(/^../gm);
const corrections = JSON.parse(read("corrections.json"));

for (const lang of process.argv.slice(2)) {
  const names = new Intl.DisplayNames(lang, { type: "region", fallback: "none" });
  const { compare } = new Intl.Collator(lang);
  const lines = codes
    .map((code) => [code, corrections[lang]?.[code] ?? names.of(code)])
    .sort(([, a], [, b]) => compare(a, b))
    .map(([code, name]) => `${code} ${name}\n`);
  writeFileSync(new URL(`${lang}.txt`, import.meta.url), lines.join(""));
}
