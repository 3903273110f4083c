// The loader's reader for a campaign file. Rust reads the file again and validates it.

import { Unavailable } from "./failure.js";

/**
 * The members of a campaign file that the loader reads, without validation.
 * @typedef {{ id?: unknown, lang?: unknown, languages?: unknown, at_risk?: unknown, opens?: any, closes?: any }} Said
 */
/**
 * The first paint, as an endpoint sends it: see `endpoint/src/first_paint.rs`.
 * @typedef {{ edition?: unknown, lang?: unknown, first?: any }} FirstPaint
 */

/**
 * The value of a JSON text; an empty object if it is invalid.
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
 * The parts of an answer: the campaign file's text, digest and parsed value, and the first paint. Our endpoint sends
 * the first paint after the file, separated by NUL; any other server sends the file alone.
 * @param {Uint8Array<ArrayBuffer>} all
 */
export const decode = (all) => {
  const end = all.indexOf(0);
  const bytes = end < 0 ? all : all.subarray(0, end);
  let text;
  try {
    // A truncated answer may end within a character, see below.
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch (error) {
    throw new Unavailable("faulty", /** @type {any} */ (error));
  }
  /** @type {Said} */
  const said = read(text);
  // Without Content-Length, browsers do not detect a truncated answer; it has more opening than closing braces.
  if (!said.id && text.split("{").length > text.split("}").length) {
    throw new Unavailable("network", "cut off");
  }
  // The page may have replaced `digest`. Its failure is thrown when awaited, not before as an uncaught error.
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
