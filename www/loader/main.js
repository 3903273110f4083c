// The loader: a classic script that defines <stand-with>, fetches campaign file and Wasm in parallel, renders the
// first paint that comes with the campaign file, and hands over to Rust. Of a campaign it knows only languages and
// times. After a failure, the element's own content stays on the page, with a sentence and a link.

import { base64url, bytesOf, own, timeout } from "standwith-browser";
import init, { mount } from "standwith-glue";
import { create, renderer } from "standwith-renderer";
import { SENTENCES, Unavailable, because } from "./failure.js";
import { once, patiently, pause } from "./retry.js";
import { decode, firstOf } from "./campaign.js";
import { nearest } from "./language.js";
import { Early } from "./early.js";
import css from "./style.css";

/** Separate from `console`, because the build drops the warnings of wasm-bindgen's glue. */
const { warn } = console;

/** @typedef {import("./failure.js").Failure} Failure */
/** @typedef {import("standwith-renderer").Renderer} Renderer */

/** Maximum size of a campaign file with its first paint, in bytes. */
const LARGEST_FILE = 1 << 21;
/** Timeout for a file, in milliseconds. */
const PATIENCE = 20_000;
/** The element's attributes that are copied from the script tag's `data-` attributes. */
const ATTRIBUTES =
  "campaign endpoint hosted lang theme source prefill draft loading display".split(" ");

/** Events that do not propagate to the page. */
const STOPPED = ("keydown keyup keypress mousedown pointerdown touchstart selectstart dragstart dragover " +
  "drop touchmove touchend contextmenu copy cut paste").split(" ");

/** @typedef {HTMLScriptElement} Tag */

/** The script that runs this file: a tag, or a script of the page with its address or its text. */
const script = /** @type {Tag | null} */ (own("currentScript"));
/**
 * All tags of the page, also those whose own script never runs. Other programs use `data-campaign` without an address.
 * @returns {Tag[]}
 */
const tags = () => /** @type {any} */ ([
  ...own("querySelectorAll").call(document, "script[data-campaign*='/']"),
]);
/** The base address of the page. */
const base = () => own("baseURI");

/**
 * An address from the tag, resolved against the page's base address.
 * @param {string} url
 */
const addressOf = (url) => {
  try {
    return new URL(url, base()).href;
  } catch (error) {
    throw new Unavailable("faulty", String(error));
  }
};

/**
 * The address of a widget file. All come from this version's own folder, also if this file is the unpinned
 * loader. Computed late: if the page has replaced `URL`, an element exists that can report the failure.
 * @param {string} name
 */
const at = (name) => {
  const { href } = new URL(".", script?.src || tags().find(({ src }) => src)?.src || base());
  return href + (href.endsWith(`/v${__VERSION__}/`) ? "" : `v${__VERSION__}/`) + name;
};

/**
 * @param {string} url
 * @param {string} [hash] SHA-256 in base64 without padding
 * @param {Record<string, string>} [headers]
 */
const fetchFile = async (url, hash, headers) => {
  const response = await fetch(url, {
    headers,
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: timeout(PATIENCE),
    ...(hash && { integrity: `sha256-${hash}=` }),
  }).catch(because("network"));
  const { ok, status } = response;
  if (!ok) {
    throw new Unavailable(status < 500 ? "campaign" : "network", `${url}: ${status}`);
  }
  return response;
};

/** The compiled WebAssembly file; not streamed if the browser or the server does not support it. */
const compile = async () => {
  const response = await fetchFile(at("standwith.wasm"), __WASM__);
  return response.headers.get("Content-Type") === "application/wasm" && WebAssembly.compileStreaming
    ? WebAssembly.compileStreaming(response)
    : WebAssembly.compile(await response.arrayBuffer());
};

const loadModule = once(() => compile().catch(because("wasm")));
/** Rust, ready to mount forms. */
const startProgram = once(async () =>
  init({ module_or_path: await loadModule() }).catch(because("wasm"))
);

/**
 * The text of a widget file.
 * @param {string} name
 * @param {string} hash
 */
const loadFile = async (name, hash) => (await fetchFile(at(name), hash)).text();
/** The hashes of the catalogues: in a separate file, so that another language does not enlarge the loader. */
const loadHashes = once(() => loadFile("catalogues.json", __CATALOGUES__));
/** @type {Record<string, () => Promise<string>>} */
const texts = {};
/**
 * The texts in the language nearest to this one; English is compiled in. They arrive long before the code.
 * @param {string} lang
 */
const loadTexts = async (lang) => {
  if (/^en\b/.test(lang)) return "";
  const hashes = JSON.parse(await loadHashes());
  const name = nearest([lang], Object.keys(hashes));
  if (!name) return "";
  texts[name] ??= once(() => loadFile(`${name}.json`, hashes[name]));
  return texts[name]();
};
/** Resolves in a task after the next frame, or after 200 ms if there is none because the tab is hidden. */
const nextFrame = () => new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, 200);
});

/**
 * A campaign file, its digest, and its final address. None of these headers causes a preflight.
 * @param {string} url
 * @param {string[]} wanted
 */
const loadCampaign = async (url, wanted) => {
  const response = await fetchFile(url, undefined, {
    "Accept": "application/vnd.standwith.form, */*;q=0.1",
    "Accept-Language": wanted.join().replace(/[^\w,-]|_/g, "-").slice(0, 99),
  });
  // A truncated answer is a network error, so it is fetched again.
  const all = await bytesOf(response, LARGEST_FILE).catch((error) =>
    because(error instanceof RangeError ? "campaign" : "network")(error)
  );
  return { ...decode(all), file: response.url || url };
};

/** @typedef {ShadowRoot | HTMLDivElement} Root the container of a form, or of the sentence in its place */

/**
 * The check of each form on the page, run after an uncaught error.
 * @type {(() => void)[]}
 */
let checks = [];
for (const kind of ["error", "unhandledrejection"]) {
  addEventListener(kind, () => setTimeout(() => checks.forEach((check) => check())));
}

/** @type {CSSStyleSheet} */
let sheet;
/** @type {() => void} */
let becomeReady;
/** @type {Promise<void>} */
const ready = new Promise((resolve) => becomeReady = resolve);

class StandWith extends HTMLElement {
  static observedAttributes = ["campaign"];
  /** @type {ShadowRoot | undefined} */
  #root;
  /**
   * The style sheet, if the browser can't share one between forms.
   * @type {HTMLStyleElement | undefined}
   */
  #style;
  /** @type {import("standwith-glue").Mounted | undefined} */
  #form;
  /**
   * Identity of the current start; a new one invalidates the results of the one before.
   * @type {object | undefined}
   */
  #start;
  /**
   * The `campaign` attribute at the last start.
   * @type {string | null | undefined}
   */
  #campaign;
  /**
   * Handles input before Rust listens.
   * @type {Early | undefined}
   */
  #early;
  /**
   * The element that reports a loading failure while the loader tries again.
   * @type {HTMLElement | undefined}
   */
  #told;

  connectedCallback() {
    if (this.#form || this.#start || this.#early) return this.#adopt();
    // A form in a saved or cached page: its tag makes a new one, except for a tag in the head when Turbo goes back.
    const { tag } = this.dataset;
    if (tag && !this.standwith && (tag === "body" || document.readyState !== "complete")) return this.remove();
    this.#campaign = this.getAttribute("campaign");
    const start = this.#start = {};
    // Before any element is created: on a slow device that takes as long as an answer on a good network.
    const asked = this.#ask(start);
    /** @type {Root | undefined} */
    let shadow;
    try {
      const root = shadow = this.#root ??= this.#attach();
      // The element's own content is visible until the form is rendered.
      root.replaceChildren(create("slot"));
      this.#dress();
      asked
        .then(/** @returns {any} */ (found) => found && start === this.#start && this.#show(start, root, found))
        .catch((error) => start === this.#start && this.#fail(root, error));
    } catch (error) {
      asked.catch(() => {});
      // If the page prevents a shadow root, the element's own content stays, followed by the sentence.
      this.#fail(shadow ?? this.appendChild(create("div")), /** @type {Failure} */ (error));
    }
  }

  #attach() {
    const shadow = this.attachShadow({ mode: "open" });
    // Key presses in the form must not trigger the page's hotkeys, and the page's handlers must not block selecting,
    // copying or context menus here. `click` propagates, because it closes the page's menus; so do the ends of drags.
    // Escape closes the page's dialog around the form.
    for (const kind of STOPPED) {
      shadow.addEventListener(kind, (event) => {
        if (/** @type {KeyboardEvent} */ (event).key !== "Escape") event.stopPropagation();
      });
    }
    this.#adopt(shadow);
    return shadow;
  }

  /**
   * Gives the form its style: the shared sheet, which moving through another document clears, or an own element.
   * @param {Root} [root]
   */
  #adopt(root = this.#root) {
    try {
      if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
      /** @type {ShadowRoot} */ (root).adoptedStyleSheets = [sheet];
    } catch {
      this.#style = create("style");
      this.#style.append(css);
    }
  }

  /** Appends the form's own style element, if it has one. */
  #dress() {
    const { shadowRoot } = this;
    if (!this.#style) return;
    shadowRoot?.append(this.#style);
    if (!this.#style.sheet) throw Error("no style");
  }

  /**
   * Restarts if the campaign has changed, once nothing is being sent. Waits a task, because a framework sets the
   * other attributes in the same task.
   */
  async attributeChangedCallback() {
    await pause();
    while (this.#form?.state === "sending") await pause(200);
    if (!this.isConnected || this.getAttribute("campaign") === this.#campaign) return;
    this.#end();
    this.connectedCallback();
  }

  async disconnectedCallback() {
    // Moving an element disconnects and reconnects it, in Turbo with microtasks between: its input is preserved.
    await pause();
    if (this.isConnected) return;
    this.#end();
    this.shadowRoot?.replaceChildren();
  }

  #end() {
    this.#start = undefined;
    this.#early?.end();
    this.#told = this.#early = undefined;
    checks = checks.filter((check) => check !== this.#check);
    removeEventListener("pagehide", this.#leave);
    this.#form?.free();
    this.#form = undefined;
  }

  /** `editing`, `sending`, `sent` or `closed`; `loading` or `unavailable` without a form. */
  get state() {
    return this.#form?.state ?? (this.#start && !this.#told ? "loading" : "unavailable");
  }

  /** Empties the form for the next person. */
  reset() {
    if (this.#early) {
      // Rust does not run yet.
      this.#end();
      this.connectedCallback();
    } else this.#form?.reset();
  }

  /** Resolves when the form is within 400 px of the viewport. */
  #near() {
    return /** @type {Promise<void>} */ (new Promise((resolve) => {
      const observer = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        observer.disconnect();
        resolve();
      }, { rootMargin: "400px" });
      observer.observe(this);
    }));
  }

  /**
   * Fetches all that a form needs, if lazy only when it is near. The campaign file comes first, because the first
   * paint needs nothing else.
   * @param {object} start
   */
  async #ask(start) {
    if (this.getAttribute("loading") === "lazy") await this.#near();
    if (start !== this.#start) return;
    if (!crypto.subtle) throw new Unavailable("insecure");
    if (!this.#campaign) throw new Unavailable("faulty");
    const url = addressOf(this.#campaign);
    // Controls of a form on the page may hide that form's methods.
    const { closest, getAttribute, getRootNode } = Element.prototype;
    let around;
    /** @type {Element | undefined} */
    let place = this;
    // The search continues outside each shadow root that contains the element.
    for (let selector = "[lang]:not(:scope)"; place && !around; selector = "[lang]") {
      const near = closest.call(place, selector);
      around = near && getAttribute.call(near, "lang");
      place = /** @type {ShadowRoot} */ (getRootNode.call(place)).host;
    }
    const wanted = /** @type {string[]} */ ([this.lang, around, ...navigator.languages].filter(Boolean));
    const ask = () => loadCampaign(url, wanted).catch(because("campaign"));
    const first = [ask()];
    // Failures are reported later, once. Most campaigns are available in the first language.
    for (const asked of [...first, loadModule(), loadTexts(wanted[0] ?? "")]) asked.catch(() => {});
    return { wanted, load: () => first.pop() ?? ask() };
  }

  /**
   * @param {object} start
   * @param {ShadowRoot} shadow
   * @param {{ wanted: string[], load: () => ReturnType<typeof loadCampaign> }} asked
   */
  async #show(start, shadow, { wanted, load }) {
    const isWanted = () => start === this.#start;
    const found = await this.#patiently(shadow, load, isWanted);
    if (!isWanted()) return;
    const { text, digest, said, firstPaint, file } = /** @type {NonNullable<typeof found>} */ (found);
    const languages = [said.lang ?? "en", ...Object.keys(said.languages ?? {})].map(String);
    const lang = nearest(wanted, languages) ?? languages[0];
    // Without its catalogue, the form is in English around the campaign's own texts.
    const catalogue = loadTexts(lang).catch(() => "");
    /** @type {Renderer} */
    const page = renderer(shadow, file, __NAMES__, __TAGS__, __ADDRESSES__);
    page.load = (name, hash, done) => {
      (hash ? loadFile(name, hash) : loadTexts(name)).then(done, () => done());
    };
    const first = firstOf(firstPaint, said, lang);
    if (first) this.#paint(shadow, page, first);
    const painted = !!this.#early;
    // While Rust does not listen: at risk, no input may remain for the next person who opens the page.
    if (said.at_risk) addEventListener("pagehide", this.#leave);
    // The first paint reaches the screen before Rust starts. Each step of the start is a separate task, so that
    // input is handled in between.
    if (painted) await nextFrame();
    await this.#patiently(shadow, startProgram, isWanted);
    const told = await catalogue;
    await pause();
    if (!isWanted()) return;
    const endpoint = this.getAttribute("endpoint");
    const query = new URL(location.href).searchParams;
    let early = this.#early;
    // In the order of `EmbedContext`.
    const context = [
      lang,
      Math.random(),
      early?.typed || early?.pressed ? 1 : "",
      file,
      endpoint && addressOf(endpoint),
      this.getAttribute("source"),
      location.origin + location.pathname,
      location.origin,
      query.get("utm_source"),
      base64url(await digest),
      this.getAttribute("hosted"),
      query.has("standwith-test") ? 1 : "",
      top === window ? "" : 1,
      this.getAttribute("display"),
    ].map((line) => String(line ?? "").replaceAll("\n", " ")).join("\n");
    let form;
    try {
      form = mount(this, shadow, page, [text, told, context].join("\0"));
    } catch (fault) {
      throw new Unavailable("faulty", /** @type {string} */ (fault));
    }
    if (first && painted) {
      await pause();
      form.compare(first);
    }
    await pause();
    if (!isWanted()) return form.free();
    early = this.#early ?? new Early(shadow);
    if (!painted) shadow.querySelector("slot")?.remove();
    let stands;
    try {
      early.end();
      this.#early = undefined;
      this.#form = form;
      stands = form.begin(early.pressed);
    } catch (error) {
      form.abandon();
      this.#form = undefined;
      this.#early = early;
      early.start();
      throw error;
    }
    this.#start = undefined;
    this.#dress();
    early.again(stands);
    checks.push(this.#check);
    becomeReady();
  }

  /**
   * The result of `load`; retries on a poor network as long as it is wanted. After some seconds it reports the
   * failure.
   * @template T
   * @param {ShadowRoot} shadow
   * @param {() => Promise<T>} load
   * @param {() => boolean} wanted
   */
  async #patiently(shadow, load, wanted) {
    const loaded = await patiently(load, wanted, (failure) => {
      this.#told ??= this.#tell(shadow, failure);
    });
    if (loaded) {
      this.#told?.remove();
      this.#told = undefined;
    }
    return loaded;
  }

  /**
   * Renders the first paint: the markup that Rust would render, before Rust has started.
   * @param {ShadowRoot} shadow
   * @param {Renderer} page
   * @param {string} first
   */
  #paint(shadow, page, first) {
    const slot = /** @type {HTMLSlotElement} */ (shadow.querySelector("slot"));
    slot.remove();
    try {
      page.paint(first);
      this.#early = new Early(shadow);
    } catch {
      // Not a valid first paint: from another server, or of another version.
      shadow.replaceChildren(slot);
    }
    this.#dress();
  }

  /** Handles `pagehide`: empties a form that Rust does not handle. */
  #leave = () => {
    if (this.#early) this.reset();
  };

  /** Checks whether this form's Rust code trapped. If so, the form stops working, and its input stays. */
  #check = () => {
    const form = this.#form;
    if (!form?.trapped) return;
    const { state } = form;
    form.abandon();
    this.#form = undefined;
    this.#early = new Early(/** @type {ShadowRoot} */ (this.shadowRoot));
    // After sending, no message is needed; during sending, the message must not suggest sending again.
    const reason = state === "editing" ? "wasm" : "unclear";
    if (state !== "sent") this.#fail(/** @type {ShadowRoot} */ (this.shadowRoot), { reason }, true);
  };

  /**
   * Appends why there is no form, and a link to the hosted one. At the end, so that nothing moves for a supporter
   * who is writing, and near the button.
   * @param {Root} shadow
   * @param {Failure} failure
   * @param {boolean} [stays] whether the form that was painted stays
   */
  #tell(shadow, { reason = "wasm", message }, stays = this.#early?.typed) {
    warn(`StandWith: ${reason} ${message}`);
    const sentence = create("p");
    sentence.setAttribute("role", "status");
    sentence.lang = "en";
    const link = create("a");
    const hosted = this.getAttribute("hosted");
    link.textContent = "Open the form on its own page";
    try {
      const named = reason !== "unclear" && (hosted || this.#campaign);
      const { protocol, origin, pathname, href } = new URL(named || "data:", base());
      if (/^https?:$/.test(protocol)) link.href = hosted ? href : origin + pathname.replace(/\.json$/, "");
    } catch {
      // Invalid address: the sentence has no link.
    }
    sentence.append(SENTENCES[reason] ?? SENTENCES.wasm, " ", link.href ? link : "");
    const box = create("div");
    box.className = "standwith";
    box.append(create("slot"), sentence);
    if (stays) link.target = "_blank";
    this.dispatchEvent(new CustomEvent("standwith:error", {
      bubbles: true,
      composed: true,
      detail: { code: `unavailable_${reason}`, retryable: reason !== "faulty" },
    }));
    shadow.append(box);
    return box;
  }

  /**
   * Restores the element's own content, and reports why there is no form.
   * @param {Root} shadow
   * @param {Failure} error
   * @param {boolean} [stays]
   */
  #fail(shadow, error, stays = this.#early?.typed) {
    this.#start = undefined;
    const box = this.#tell(shadow, error, stays);
    if (stays) {
      // The input stays, so that it can be copied; `early` keeps listening, so that nothing leaves the page.
      for (const button of shadow.querySelectorAll("button")) button.remove();
    } else {
      this.#early?.end();
      this.#early = undefined;
      shadow.replaceChildren(box);
    }
  }
}

/**
 * Inserts a form at a tag, once.
 * @param {Tag} tag
 * @param {string} name
 */
const place = (tag, name) => {
  if (tag.standwith) return;
  tag.standwith = true;
  const where = tag.closest("head") ? "head" : "body";
  const put = () => {
    const element = create(name);
    element.standwith = true;
    element.dataset.tag = where;
    for (const attribute of ATTRIBUTES) {
      const value = tag.dataset[attribute];
      if (value !== undefined) element.setAttribute(attribute, value);
    }
    if (where === "body") tag.after(element);
    else own("body").append(element);
  };
  if (own("body")) put();
  else addEventListener("DOMContentLoaded", put, { once: true });
};

/**
 * Inserts forms at all tags of the page.
 * @param {string} name
 */
const placeAll = (name) => {
  if (script?.dataset.campaign) place(script, name);
  tags().forEach((tag) => place(tag, name));
};

try {
  const known = Object(window.StandWith);
  // An element or a frame of the page may be named `StandWith`.
  if (Object.getPrototypeOf(known) === Object.prototype && known.version) {
    placeAll(known.element);
  } else {
    let element = "stand-with";
    // If the page already defines an element of this name, the tag uses the next name.
    for (let n = 2; customElements.get(element); n++) element = `stand-with-${n}`;
    customElements.define(element, StandWith);
    window.StandWith = { version: __VERSION__, ready, element };
    placeAll(element);
    // The page may insert tags later, whose own script never runs.
    new MutationObserver(() => placeAll(element)).observe(document, { childList: true, subtree: true });
  }
} catch (error) {
  warn(`StandWith: ${error}`);
}
