// What the loader reads of a campaign file. Rust reads it anew, and validates it.

import { Unavailable } from "./failure.js";

/**
 * What the loader reads of a campaign file, as it stands there: nothing of it is validated.
 * @typedef {{ id?: unknown, lang?: unknown, languages?: unknown, at_risk?: unknown, opens?: any, closes?: any }} Said
 */
/**
 * The first paint, as an endpoint sends it: see `endpoint/src/first_paint.rs`.
 * @typedef {{ edition?: unknown, lang?: unknown, first?: any }} FirstPaint
 */

/**
 * What a text in JSON says, as far as it can be read.
 * @param {string} text
 */
const read = (text) => {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
};

/**
 * The parts of an answer: the campaign file, as bytes, as text and as far as it can be read, and the first paint. An
 * endpoint of ours sends that after the file, and NUL between them; any other server the file alone.
 * @param {Uint8Array<ArrayBuffer>} all
 */
export const decode = (all) => {
  const end = all.indexOf(0);
  const bytes = end < 0 ? all : all.subarray(0, end);
  let text;
  try {
    // It may end within a character, see below.
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch (error) {
    throw new Unavailable("faulty", /** @type {any} */ (error));
  }
  /** @type {Said} */
  const said = read(text);
  // Without Content-Length no browser notices that an answer breaks off: more braces open than close.
  if (!said.id && text.split("{").length > text.split("}").length) {
    throw new Unavailable("network", "cut off");
  }
  // Whatever a page has made of it, a failure comes when it is awaited, and not as an uncaught error before.
  const digest = (async () => crypto.subtle.digest("SHA-256", bytes))();
  digest.catch(() => {});
  return {
    text,
    digest,
    said,
    /** @type {FirstPaint} */
    firstPaint: end < 0 ? {} : read(new TextDecoder().decode(all.subarray(end + 1))),
  };
};

/**
 * The first paint in a language, while the campaign takes messages.
 * @param {FirstPaint} firstPaint
 * @param {Said} said
 * @param {string} lang
 */
export const firstOf = (firstPaint, { opens, closes }, lang) => {
  const now = Date.now();
  const open = !(now < Date.parse(opens) || now >= Date.parse(closes));
  return open && firstPaint.edition === __EDITION__ && firstPaint.lang === lang && firstPaint.first;
};
