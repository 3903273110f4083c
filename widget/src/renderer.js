// The renderer: turns markup (src/markup.rs) into nodes of a shadow root; it does not depend on forms. The loader
// renders the first paint with it, which comes with the campaign file and is therefore untrusted; Rust renders all
// later markup. Markup can only create elements, attributes and texts.
//
// Browser extensions and scripts of the page insert nodes between or around ours. So every element has a list of the
// nodes that were made for it (`lastNodes`): those are compared with the markup, by index, wherever they are in the
// document, and all others are left alone.

/** The end of a text. */
const END = "\x7f";
/** The code of the first name. */
const FIRST = 48;
// A form's controls hide its own members of the same name. Their names have no capitals, so the members that this file
// uses on elements have a capital in their names.

/**
 * An element, with the members of all elements whose attributes are set.
 * @typedef {HTMLInputElement & Pick<HTMLImageElement, "referrerPolicy" | "crossOrigin"> & HasCountries} AnyElement
 * @typedef {Pick<HTMLSelectElement, "hasCountries" | "length">} HasCountries
 */

/**
 * Whether the element's `value` is set as a property. Everything else is an attribute, also for a checkbox or a radio.
 * @param {{ localName: string, type?: string }} element
 */
const isState = ({ localName, type }) =>
  /^(input|textarea|select)$/.test(localName) && !/bo|io/.test(/** @type {string} */ (type));

/**
 * Creates an element, even if an element of the page is named `createElement`.
 * @template {string} K
 * @param {K} name
 * @returns {K extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[K] : HTMLElement}
 */
export const create = (name) =>
  /** @type {any} */ (Document.prototype.createElement.call(document, name));

/**
 * An option of a list. Not by `new Option`, because older libraries replace it.
 * @param {string} text
 * @param {string} value
 */
const option = (text, value) => {
  const made = create("option");
  made.append(text);
  made.value = value;
  return made;
};

/**
 * The child of `parent` that is or contains this node; nothing if the node was removed.
 * @param {Node} parent
 * @param {Node | null | undefined} node
 */
const outermost = (parent, node) => {
  while (node && node.parentNode !== parent) node = node.parentNode;
  return node;
};

/** @param {ChildNode} node */
const remove = (node) => node.parentNode?.removeChild(node);

/**
 * What the loader adds: fetches the file with this name and hash, or without a hash the texts in this language, and calls
 * `done` with the result or with nothing.
 * @typedef {{ load?: (name: string, hash: string, done: (text?: string) => void) => void }} Loads
 */
/** @typedef {ReturnType<typeof renderer> & Loads} Renderer */

/**
 * @param {ShadowRoot} root
 * @param {string} base the base address of pictures
 * @param {string} list the names that markup uses, a space between them: tags, then attributes
 * @param {number} tags how many of them are tags
 * @param {Record<string, string>} addresses patterns for the values of attributes that hold an address
 *   (`ADDRESSES` in `src/markup.rs`)
 */
export const renderer = (root, base, list, tags, addresses) => {
  const names = list.split(" ");
  /** @type {string} */
  let markup;
  /** @type {number} */
  let at;
  /** @type {number} */
  let depth;
  /** @type {ChildNode[]} the nodes made for the root */
  let top = [];
  /** @type {[Node, ChildNode[], number][]} the place of each part: the arguments of `node` */
  let parts;

  /** The index in `names` of the next code. */
  const next = () => {
    const place = markup.charCodeAt(at) - FIRST;
    if (at >= markup.length) throw Error("no markup");
    return place;
  };

  const text = () => {
    const from = at;
    at = markup.indexOf(END, from);
    if (at < 0) throw Error("no markup");
    return markup.slice(from, at++);
  };

  /**
   * @param {AnyElement} element
   * @param {string} name
   * @param {string} [value] nothing to remove the attribute
   */
  const set = (element, name, value) => {
    if (name === "accent") {
      // Only a colour, because the browser would fetch an address in a style.
      element.style.setProperty("--campaign-accent", /^#\w+$/.test(/** @type {string} */ (value))
        ? /** @type {string} */ (value)
        : "");
    } else if (name === "checked") {
      element.checked = value !== undefined;
    } else if (name === "value" && isState(element)) {
      // Setting the same value again would move the cursor.
      if (element.value !== value) element.value = value ?? "";
    } else if (value === undefined) {
      element.removeAttribute(name);
    } else {
      if (name === "src") {
        if (element.localName !== "img") return;
        // The picture's server must receive neither the page's address nor cookies.
        element.referrerPolicy = "no-referrer";
        element.crossOrigin = "anonymous";
        try {
          value = new URL(value, base).href;
        } catch {
          // An invalid address does no harm unchanged.
        }
      }
      // A match at 0: the value fits its pattern, or the attribute has none.
      if (value.search(addresses[name]) === 0) element.setAttribute(name, value);
    }
  };

  /**
   * Updates an element to the markup. Attributes are compared with those of the last markup (`lastAttributes`), so
   * later input and additions of browser extensions are left alone.
   * @param {AnyElement} element
   */
  const fill = (element) => {
    const { lastMarkup: lastAttributes = {} } = element;
    /** @type {Record<string, string>} */
    const now = element.lastMarkup = {};
    let name;
    while ((name = names[next()]) && next() >= tags) {
      at++;
      now[name] = text();
    }
    const nodes = element.lastNodes ??= [];
    let count = 0;
    let countries;
    while (markup[at] !== "/") {
      if (markup[at] === "*") {
        at++;
        countries = text();
      } else {
        node(element, nodes, count++);
      }
    }
    at++;
    nodes.splice(count).forEach(remove);
    if (countries !== undefined) {
      element.hasCountries ??= false;
      // The chosen country replaces the one before.
      if (countries && !element.hasCountries) {
        element.length = count;
        element.append(option(countries, countries));
        // It would be lost with the option before.
        element.value = countries;
      }
    }
    for (name in lastAttributes) if (!(name in now)) set(element, name);
    // After the children, because a select accepts only a value among its options. A control with a new name is another
    // control, so all its attributes are set and nothing that was entered before remains.
    const isOther = now.name !== lastAttributes.name;
    for (name in now) if (isOther || now[name] !== lastAttributes[name]) set(element, name, now[name]);
  };

  /**
   * Renders the next node of the markup, at this index of the nodes made for `parent`.
   * @param {Node} parent
   * @param {ChildNode[]} nodes
   * @param {number} place
   */
  const node = (parent, nodes, place) => {
    if (markup[at] === "#") {
      /** @type {any} a digit or a later character; one that is no number becomes a named property */
      const part = markup[at + 1];
      parts[part] = [parent, nodes, place];
      at += 2;
    }
    const code = next();
    const name = code < tags ? names[code] : undefined;
    const here = nodes[place];
    /** @type {any} a node of the right kind: `here` if it fits, else a new one */
    let made = here;
    let changed = true;
    at++;
    if (name) {
      if (/** @type {HTMLElement | undefined} */ (here)?.localName !== name) made = create(name);
      // Our own markup is never this deep; browsers crash on some thousand nested elements.
      if (++depth > 64) throw Error("no markup");
      fill(made);
      depth--;
    } else {
      if (here?.nodeType !== 3) made = new Text();
      const data = markup[at - 1] === "'" ? text() : "";
      changed = made.data !== data;
      if (changed) made.data = data;
    }
    nodes[place] = made;
    if (outermost(parent, here)) {
      if (made !== here) /** @type {Node} */ (here.parentNode).replaceChild(made, here);
      return;
    }
    // After the nearest preceding node that is still in place.
    let before;
    while (place-- && !(before = outermost(parent, nodes[place])));
    const after = before ? before.nextSibling : parent.firstChild;
    // Translators replace a text by an element of this name, whose content is now outdated.
    if (made.data === undefined || after?.nodeName !== "FONT") parent.insertBefore(made, after);
    else if (changed) parent.replaceChild(made, after);
  };

  /** @param {string} text */
  const start = (text) => {
    markup = text;
    at = depth = 0;
  };

  return {
    /**
     * Renders a whole markup, unless it equals the last one.
     * @param {string} text
     */
    paint(text) {
      if (text === markup) return;
      start(text);
      parts = [];
      try {
        node(root, top, 0);
      } catch (error) {
        markup = "\0";
        top = [];
        throw error;
      }
    },
    /**
     * Renders a part, if it is on the screen.
     * @param {string} text
     */
    patch(text) {
      const part = parts[/** @type {any} */ (text[1])];
      if (!part) return;
      start(text);
      node(...part);
    },
    /** @param {string} id */
    focus(id) {
      const element = root.getElementById(id);
      // In a closed `details`, no element can be focused and no error be seen.
      for (const details of root.querySelectorAll("details")) {
        if (details.contains(element) || details.querySelector("[aria-invalid]")) details.open = true;
      }
      const { activeElement } = /** @type {Document} */ (root.host.getRootNode());
      // The focus stays if it is elsewhere on the page.
      if (!activeElement || activeElement.contains(root.host)) element?.focus();
    },
    /** Dispatches `input` on every control whose value differs from the markup, because some password managers
    fill controls without an event. */
    say() {
      for (const control of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[name]"))) {
        if (!control.lastMarkup) continue;
        const { value, checked } = control.lastMarkup;
        if (isState(control) ? control.value !== value : control.checked === (checked === undefined)) {
          control.dispatchEvent(new Event("input", { bubbles: true }));
        }
      }
    },
    /**
     * Fills lists of countries, once in each language.
     * @param {string} list codes and names, a line each
     */
    countries(list) {
      for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (
        root.querySelectorAll("select[name=country]")
      )) {
        const lang = /** @type {HTMLElement | null} */ (select.closest("[lang]"))?.lang;
        if (select.hasCountries === undefined || select.hasCountries === lang) continue;
        const all = list.trim().split("\n").map((line) => option(line.slice(3), line.slice(0, 2)));
        const { value } = select;
        select.length = 1;
        select.append(...all);
        select.value = value;
        select.hasCountries = lang;
      }
    },
  };
};
