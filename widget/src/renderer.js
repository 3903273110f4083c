// The renderer: turns markup (src/markup.rs) into nodes of a shadow root, and knows nothing of forms. The loader
// paints the first markup with it, from the campaign file and so from anyone's hand; Rust all later ones. Elements,
// attributes and texts, and no other way in.
//
// Browser extensions and scripts of the page put nodes of their own between these, or around them. So every element
// has a list of the nodes that were made for it (`lastNodes`): those are compared with the markup, place by place,
// wherever they stand, and all others are left alone.

/** What ends a text. */
const END = "\x7f";
/** The code of the first name. */
const FIRST = 48;
// A form's members are its controls, by names without capitals, before anything else: what is called
// on elements here has a capital in its name.

/**
 * An element, with the members of the one that an attribute is about.
 * @typedef {HTMLInputElement & Pick<HTMLImageElement, "referrerPolicy" | "crossOrigin"> & HasCountries} AnyElement
 * @typedef {Pick<HTMLSelectElement, "hasCountries" | "length">} HasCountries
 */

/**
 * What a control holds is a property; everything else is an attribute, also of a checkbox or a radio.
 * @param {{ localName: string, type?: string }} element
 */
const isState = ({ localName, type }) =>
  /^(input|textarea|select)$/.test(localName) && !/bo|io/.test(/** @type {string} */ (type));

/**
 * Makes an element, also where one of the page is named like the function.
 * @template {string} K
 * @param {K} name
 * @returns {K extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[K] : HTMLElement}
 */
export const create = (name) =>
  /** @type {any} */ (Document.prototype.createElement.call(document, name));

/**
 * An option of a list. Not `new Option`: older libraries have one of their own.
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
 * The child of `parent` that is this node or has it inside; nothing if it was taken out.
 * @param {Node} parent
 * @param {Node | null | undefined} node
 */
const outermost = (parent, node) => {
  while (node && node.parentNode !== parent) node = node.parentNode;
  return node;
};

/** @param {ChildNode} node */
const remove = (node) => node.parentNode?.removeChild(node);

/** @typedef {(texts?: string) => void} Done what is called with a file that was fetched, or with nothing */
/**
 * What the loader adds fetches the texts in a language, and a file with names of countries by its name and hash.
 * @typedef {{
 *   load?: (lang: string, done: Done) => void,
 *   loadCountries?: (name: string, hash: string, done: Done) => void,
 * }} Loads
 */
/** @typedef {ReturnType<typeof renderer> & Loads} Renderer */

/**
 * @param {ShadowRoot} root
 * @param {string} base what addresses of pictures are relative to
 * @param {string} list the names that markup uses, a space between them: tags, then attributes
 * @param {number} tags how many of them are tags
 * @param {Record<string, string>} addresses what the value of an attribute that holds an address must fit
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
  /** @type {ChildNode[]} what stands in the root */
  let top = [];
  /** @type {[Node, ChildNode[], number][]} where each part is: what `node` takes */
  let parts;

  /** The place in `names` of what comes next. */
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
      // A colour and nothing else: what an address in a style leads to would be fetched.
      element.style.setProperty("--campaign-accent", /^#\w+$/.test(/** @type {string} */ (value))
        ? /** @type {string} */ (value)
        : "");
    } else if (name === "checked") {
      element.checked = value !== undefined;
    } else if (name === "value" && isState(element)) {
      // Setting what stands there already would move the cursor.
      if (element.value !== value) element.value = value ?? "";
    } else if (value === undefined) {
      element.removeAttribute(name);
    } else {
      if (name === "src") {
        if (element.localName !== "img") return;
        // Whoever has the picture hears neither of the page nor of a cookie.
        element.referrerPolicy = "no-referrer";
        element.crossOrigin = "anonymous";
        try {
          value = new URL(value, base).href;
        } catch {
          // An address that is none leads nowhere as it is.
        }
      }
      // At 0 is found what fits, and every value of an attribute for which there is no pattern.
      if (value.search(addresses[name]) === 0) element.setAttribute(name, value);
    }
  };

  /**
   * Makes an element what the markup says of it. `lastAttributes` is what the last markup said: what a person
   * entered since, and what a browser's extension added, is not ours.
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
      // The one that is chosen, in the place of the one that was.
      if (countries && !element.hasCountries) {
        element.length = count;
        element.append(option(countries, countries));
      }
    }
    for (name in lastAttributes) if (!(name in now)) set(element, name);
    // After the children: a select takes only a value that it has. A control that has become another one, with a new
    // name, holds nothing of what was entered before.
    const isOther = now.name !== lastAttributes.name;
    for (name in now) if (isOther || now[name] !== lastAttributes[name]) set(element, name, now[name]);
  };

  /**
   * Paints what comes next, in this place of the nodes that were made for `parent`.
   * @param {Node} parent
   * @param {ChildNode[]} nodes
   * @param {number} place
   */
  const node = (parent, nodes, place) => {
    if (markup[at] === "#") {
      /** @type {any} a digit, or a sign that comes after: no number, so a property of its own */
      const part = markup[at + 1];
      parts[part] = [parent, nodes, place];
      at += 2;
    }
    const code = next();
    const name = code < tags ? names[code] : undefined;
    const here = nodes[place];
    /** @type {any} a node of the right kind, `here` if it is one */
    let made = here;
    let changed = true;
    at++;
    if (name) {
      if (/** @type {HTMLElement | undefined} */ (here)?.localName !== name) made = create(name);
      // As deep as no markup of ours is: browsers break down over some thousand elements inside one another.
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
    // After the nearest one before it that is there.
    let before;
    while (place-- && !(before = outermost(parent, nodes[place])));
    const after = before ? before.nextSibling : parent.firstChild;
    // Translators put an element of this name in the place of a text, which is no longer what it says.
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
     * Paints all of it; what stands there already, not again.
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
     * Paints a part that is on the screen.
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
      // What is in a closed `details` takes no focus.
      const details = element?.closest("details");
      if (details) details.open = true;
      const { activeElement } = /** @type {Document} */ (root.host.getRootNode());
      // Whoever is busy elsewhere on the page by now stays there.
      if (!activeElement || activeElement.contains(root.host)) element?.focus();
    },
    /** Has every control say what it holds, where that is not what the markup says: some password managers
        fill them without a word. */
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
     * @param {string} codes two letters each
     * @param {string} list a JSON list of codes with names, in the order of their language. If it is empty,
     *   because it could not be loaded yet, the browser names the codes, which takes a slow phone 0.1 s
     */
    countries(codes, list) {
      for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (
        root.querySelectorAll("select[name=country]")
      )) {
        const lang = /** @type {HTMLElement | null} */ (select.closest("[lang]"))?.lang;
        if (select.hasCountries === undefined || select.hasCountries === lang) continue;
        /** @param {string} code */
        let name = (code) => code;
        /** @type {Intl.Collator["compare"] | undefined} */
        let compare;
        try {
          const names = new Intl.DisplayNames(lang, { type: "region" });
          name = (code) => names.of(code) ?? code;
          ({ compare } = new Intl.Collator(lang));
        } catch {
          // No language that the browser knows: in the order of the codes.
        }
        /** @type {HTMLOptionElement[]} */
        const all = list[2]
          ? JSON.parse(list).map((/** @type {string} */ named) => option(named.slice(2), named.slice(0, 2)))
          : /** @type {string[]} */ (codes.match(/../g)).map((code) => option(name(code), code));
        if (compare && !list[2]) all.sort((a, b) => compare(a.text, b.text));
        const { value } = select;
        select.length = 1;
        select.append(...all);
        select.value = value;
        select.hasCountries = lang;
      }
    },
  };
};
