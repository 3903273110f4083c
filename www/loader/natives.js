// The browser's own globals, as the bundle uses them: a page's libraries may have put others in their place, in the window
// (`var URL`) or beside it (`const URL`, `class Request`), where they hide the window's. Those that a real object leads to
// are taken from there, the rest from the window, all of them once.

const { getPrototypeOf } = Object;
// An element of the page may be named `constructor`: never asked of the document itself.
export const Document = getPrototypeOf(getPrototypeOf(document)).constructor;
const { createElement, createEvent, createTextNode } = Document.prototype;
export const HTMLElement = createElement.call(document, "b").constructor;
export const Element = getPrototypeOf(HTMLElement);
export const Text = createTextNode.call(document, "").constructor;
export const Event = createEvent.call(document, "Event").constructor;
export const CustomEvent = createEvent.call(document, "CustomEvent").constructor;
export const {
  AbortSignal, TextDecoder, TextEncoder, WebAssembly, crypto, fetch,
  // By its other name, which no page takes.
  webkitURL: URL,
} = window;
