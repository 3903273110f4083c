// What only the browser can do, for Rust: requests, events, languages, leaving the page. Whatever a page has put in the
// place of these, `done` hears of it once: with what came, or with nothing.

/**
 * @template T
 * @typedef {(value?: T) => void} Done what is called once, with nothing after a failure
 */

/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000;

/**
 * @template T
 * @param {() => Promise<T | undefined>} work
 * @param {Done<T>} done
 */
const settle = async (work, done) => {
  let value;
  try {
    value = await work();
  } catch {
    // Nothing came.
  }
  done(value);
};

/**
 * What ends a request after so many milliseconds, where the browser can.
 * @param {number} time
 */
export const timeout = (time) => AbortSignal?.timeout?.(time);

/** @param {ArrayBuffer | Uint8Array} buffer */
export const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** The longest answer of an endpoint that is read, in bytes. */
const LONGEST_ANSWER = 1 << 16;

/**
 * The bytes of an answer; an error where there are more than `most`.
 * @param {Response} response
 * @param {number} most
 */
export const bytesOf = async (response, most) => {
  const chunks = [];
  let size = 0;
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  for (let part; !(part = await reader.read()).done;) {
    size += part.value.length;
    if (size > most) {
      reader.cancel();
      throw RangeError("too large");
    }
    chunks.push(part.value);
  }
  const all = new Uint8Array(size);
  size = 0;
  for (const chunk of chunks) {
    all.set(chunk, size);
    size += chunk.length;
  }
  return all;
};

/**
 * Sends a request: `[status, body, Retry-After]`.
 * @param {string} url
 * @param {RequestInit} init not as a `Request`: a page may have one of its own, and WebKit collects a request while it is
 *   answered, and its signal along with it
 * @param {Done<[number, string, string]>} done
 */
export const send = (url, init, done) => settle(async () => {
  const response = await fetch(url, { ...init, signal: timeout(PATIENCE) });
  const body = new TextDecoder().decode(await bytesOf(response, LONGEST_ANSWER));
  return /** @type {[number, string, string]} */ (
    [response.status, body, response.headers.get("Retry-After") ?? ""]
  );
}, done);

/**
 * Says what comes of a promise: `[value]`.
 * @param {unknown} promise
 * @param {Done<[unknown]>} done
 */
export const when = (promise, done) => settle(async () => /** @type {[unknown]} */ ([await promise]), done);

/**
 * The plural category of a number.
 * @param {string} lang
 * @param {number} number
 */
export const plural = (lang, number) => {
  try {
    return new Intl.PluralRules(lang).select(number);
  } catch {
    // No language that the browser knows.
    return number === 1 ? "one" : "other";
  }
};

/**
 * A number as the language writes it. English and Khmer without `Intl`, whose first number costs a slow
 * phone 55 ms, and whose Khmer differs from engine to engine.
 * @param {string} lang
 * @param {number} number
 */
export const digits = (lang, number) => {
  try {
    if (!/^(en|km)\b/.test(lang)) return new Intl.NumberFormat(lang).format(number);
  } catch {
    // No language that the browser knows.
  }
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
};

/**
 * A property that the document has by itself. Elements of the page that are named like one (`<img name=body>`)
 * stand in its place in `document.body`.
 * @template {keyof Document} K
 * @param {K} name
 * @returns {Document[K]}
 */
export const own = (name) => Reflect.get(Document.prototype, name, document);

/**
 * Leaves the page for an address, so that no way leads back: it is gone at once, however long the next one
 * takes, which does not hear whence anybody comes.
 * @param {string} url
 */
export const leave = (url) => {
  const meta = /** @type {HTMLMetaElement} */ (own("createElement").call(document, "meta"));
  meta.name = "referrer";
  meta.content = "no-referrer";
  own("head")?.append(meta);
  own("documentElement")?.remove();
  // A frame may not be allowed to lead the page around it away, and not every browser says so: then it leaves alone.
  const frames = top === window ? [window] : [/** @type {Window} */ (top), window];
  for (const frame of frames) {
    try {
      frame.location.replace(url);
    } catch {
      // Not that one.
    }
  }
};

/**
 * An address, resolved against another; nothing where there is none.
 * @param {string} url
 * @param {string} base
 */
export const resolve = (url, base) => {
  try {
    return new URL(url, base).href;
  } catch {
    return "";
  }
};

/**
 * Dispatches an event that crosses every shadow; whether nobody cancelled it.
 * @param {Element} host
 * @param {string} type
 * @param {unknown} detail
 * @param {boolean} cancelable
 */
export const dispatch = (host, type, detail, cancelable) => {
  try {
    return host.dispatchEvent(
      new CustomEvent(type, { bubbles: true, composed: true, cancelable, detail }),
    );
  } catch {
    // A page that breaks its own events hears of nothing, and stops nothing.
    return true;
  }
};
