// A page to test in, and markup to render.

import { Window } from "happy-dom";

/** The globals of a browser's window that the widget uses by their bare names. */
const GLOBALS = [
  "CSSStyleSheet", "CustomEvent", "Document", "Element", "Event", "HTMLElement", "IntersectionObserver", "MutationObserver", "Node",
  "Text", "addEventListener", "customElements", "document", "location", "navigator", "removeEventListener", "requestAnimationFrame",
];

/** Opens an empty page, and discards the previous one. */
export const open = (url = "https://partner.invalid/page?utm_source=mail") => {
  const window = new Window({ url });
  const set = (name, value) => Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  for (const name of GLOBALS) {
    const value = window[name];
    set(name, typeof value === "function" && !value.prototype ? value.bind(window) : value);
  }
  set("window", window);
  set("top", window);
  // biome-ignore lint/complexity/useArrowFunction: it is called with `new`
  set("Option", function (text, value) {
    const option = window.document.createElement("option");
    option.value = value;
    option.text = text;
    return option;
  });
  // happy-dom can't shorten a list of options.
  Object.defineProperty(window.HTMLSelectElement.prototype, "length", {
    get() {
      return this.options.length;
    },
    set(length) {
      for (const option of [...this.options].slice(length)) option.remove();
    },
  });
  // Nor does it know the base address of a document.
  Object.defineProperty(window.Node.prototype, "baseURI", { get: () => window.location.href });
  return window;
};

/** A shadow root on the page. */
export const root = () => {
  const host = document.createElement("div");
  document.body.append(host);
  return host.attachShadow({ mode: "open" });
};

const END = "\x7f";
const names = __NAMES__.split(" ");
const code = (name, from, to) => {
  const place = names.slice(from, to).indexOf(name);
  if (place < 0) throw Error(`no name ${name}`);
  return String.fromCharCode(48 + from + place);
};

/** Markup of a text. */
export const text = (text) => `'${text}${END}`;

/** Markup of an element; children are markup. */
export const element = (tag, attributes = {}, ...children) => {
  const set = Object.entries(attributes).map(([name, value]) => code(name, __TAGS__) + value + END);
  return `${code(tag, 0, __TAGS__)}${set.join("")}${children.join("")}/`;
};

/** Markup of a region; its number is a digit. */
export const region = (number, markup) => `#${number}${markup}`;

/** Markup of all countries, with one selected. */
export const countries = (chosen) => `*${chosen}${END}`;

/** Resolves when all pending work that needs no timer is done. */
export const settled = async () => {
  for (let n = 0; n < 20; n++) await new Promise((resolve) => setImmediate(resolve));
};
