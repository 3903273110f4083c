// Runs before each test file: `node --import ./tests/js/setup.mjs --test`. `cargo xtask test js` does so, and passes
// the loader's constants about markup (`src/markup.rs`) in a variable.

import { register } from "node:module";

register("./hooks.mjs", import.meta.url);

const { STANDWITH_CONSTANTS } = process.env;
if (!STANDWITH_CONSTANTS) throw Error("STANDWITH_CONSTANTS is not set: run `cargo xtask test js`");
Object.assign(globalThis, JSON.parse(STANDWITH_CONSTANTS), {
  __VERSION__: "0.0.0",
  __WASM__: "",
  __CATALOGUES__: "",
});
