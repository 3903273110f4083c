// Browser functions for Rust: requests, events, languages, leaving the page. Even if the page has replaced the
// browser's own, `done` is called exactly once: with the result, or with nothing.

/**
 * @template T
 * @typedef {(value?: T) => void} Done called once; with nothing after a failure
 */

/** Timeout of a request, in milliseconds. */
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
    // A failure: `done` gets nothing.
  }
  done(value);
};

/**
 * Signal that aborts a request after so many milliseconds, if the browser supports it.
 * @param {number} time
 */
export const timeout = (time) => AbortSignal?.timeout?.(time);

/** @param {ArrayBuffer | Uint8Array} buffer */
export const base64url = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** Maximum length of an endpoint's answer, in bytes. */
const LONGEST_ANSWER = 1 << 16;

/**
 * The bytes of an answer. Throws if there are more than `most`.
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
 * @param {RequestInit} init not a `Request`: a page may have replaced it, and WebKit collects a request with its signal
 *   while it is answered
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
 * Calls `done` with the value of a promise: `[value]`.
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
    // The browser does not know the language.
    return number === 1 ? "one" : "other";
  }
};

/**
 * A number in the language's format. English and Khmer without `Intl`, whose first number takes a slow
 * phone 55 ms, and whose Khmer differs between engines.
 * @param {string} lang
 * @param {number} number
 */
export const digits = (lang, number) => {
  try {
    if (!/^(en|km)\b/.test(lang)) return new Intl.NumberFormat(lang).format(number);
  } catch {
    // The browser does not know the language.
  }
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
};

/**
 * A property of the document itself. In `document.body`, an element of the page with that name (`<img name=body>`)
 * would hide it.
 * @template {keyof Document} K
 * @param {K} name
 * @returns {Document[K]}
 */
export const own = (name) => Reflect.get(Document.prototype, name, document);

/**
 * Replaces the page by another, without a history entry. The page disappears at once, even if the next one loads
 * slowly; the next one gets no referrer.
 * @param {string} url
 */
export const leave = (url) => {
  const meta = /** @type {HTMLMetaElement} */ (own("createElement").call(document, "meta"));
  meta.name = "referrer";
  meta.content = "no-referrer";
  own("head")?.append(meta);
  own("documentElement")?.remove();
  // A frame may be forbidden to navigate the page around it, and not every browser throws then: it also leaves itself.
  const frames = top === window ? [window] : [/** @type {Window} */ (top), window];
  for (const frame of frames) {
    try {
      frame.location.replace(url);
    } catch {
      // This frame can't be navigated.
    }
  }
};

/**
 * An address, resolved against another; empty if it is invalid.
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
 * Dispatches an event that crosses shadow roots. Returns whether it was not cancelled.
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
    // A page that breaks its own events gets no event and can't cancel one.
    return true;
  }
};
