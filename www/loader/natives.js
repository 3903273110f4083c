// The browser's own globals for the bundle: a page's libraries may have replaced them in the window (`var URL`), or
// shadowed them with a global declaration (`const URL`, `class Request`). Those that can be reached from a real object
// are taken from there, the rest from the window, each once.

const { getPrototypeOf } = Object;
// Not read from the document itself: an element of the page may be named `constructor`.
export const Document = getPrototypeOf(getPrototypeOf(document)).constructor;
const { createElement, createEvent, createTextNode } = Document.prototype;
const prototype = getPrototypeOf(createElement.call(document, "b"));
export const HTMLElement = prototype.constructor;
// By the prototype: a polyfill's constructor does not inherit from it.
export const Element = getPrototypeOf(prototype).constructor;
export const Text = createTextNode.call(document, "").constructor;
export const Event = createEvent.call(document, "Event").constructor;
export const CustomEvent = createEvent.call(document, "CustomEvent").constructor;
export const {
  AbortSignal, TextDecoder, TextEncoder, WebAssembly, crypto, fetch,
  // By its other name, which pages do not replace.
  webkitURL: URL,
} = window;
