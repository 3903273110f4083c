// The tag: a classic script that defines <stand-with>, fetches campaign file and Wasm side by side,
// renders the first paint that the campaign file brings, and hands over to Rust. It knows nothing of campaigns
// but their languages and times. Whatever fails here leaves what stands inside the element on the
// page, with a sentence and a link.

import { base64url, bytesOf, own, timeout } from "standwith-browser";
import init, { mount } from "standwith-glue";
import { create, renderer } from "standwith-renderer";
import { SENTENCES, Unavailable, because } from "./failure.js";
import { once, patiently, pause } from "./retry.js";
import { decode, firstOf } from "./campaign.js";
import { nearest } from "./language.js";
import { Early } from "./early.js";
import css from "./style.css";

/** @typedef {import("./failure.js").Failure} Failure */
/** @typedef {import("standwith-renderer").Renderer} Renderer */

/** A campaign file larger than this is refused, in bytes, its first paint included. */
const LARGEST_FILE = 1 << 21;
/** How long a file may take, in milliseconds. */
const PATIENCE = 20_000;
/** What a script tag's `data-` attributes become. */
const ATTRIBUTES =
  "campaign endpoint hosted lang theme source prefill draft loading display".split(" ");

/** Events that the page does not hear of. */
const STOPPED = ("keydown keypress keyup pointerdown mousedown touchstart touchmove touchend selectstart contextmenu " +
  "copy cut paste dragstart dragover drop").split(" ");

/** @typedef {HTMLScriptElement} Tag */

/** What runs this file: a tag, or a script of the page's that has its address or its text. */
const script = /** @type {Tag | null} */ (own("currentScript"));
/**
 * All tags of the page, also of those whose own script never runs. Other programs have campaigns too, without an address.
 * @returns {Tag[]}
 */
const tags = () => /** @type {any} */ ([
  ...own("querySelectorAll").call(document, "script[data-campaign*='/']"),
]);
/** The address that those of the page are relative to. */
const base = () => own("baseURI");

/**
 * An address that the tag names, resolved against the page's.
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
 * Where a file of ours is. Everything comes from this version's own folder, also when this file is the
 * unpinned one. Asked for late: where the page has a `URL` of its own, there is an element to say so.
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

/** The compiled WebAssembly file; as a whole file where the browser or the server knows no other way. */
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

/** The hashes of the catalogues: a file of their own, so that a language more costs the others nothing. */
const loadHashes = once(async () => (await fetchFile(at("catalogues.json"), __CATALOGUES__)).json());
/** @type {Record<string, () => Promise<string>>} */
const texts = {};
/**
 * The texts in the language that comes nearest to this one; English is compiled in. They are there long before the code.
 * @param {string} lang
 */
const loadTexts = async (lang) => {
  const name = nearest([lang], __LOCALES__.split(" "));
  if (!name) return "";
  texts[name] ??= once(async () => {
    const hashes = await loadHashes();
    return (await fetchFile(at(`${name}.json`), hashes[name])).text();
  });
  return texts[name]();
};
/**
 * The names of the countries: in English without a hash.
 * @param {string} name
 * @param {string} hash
 */
const loadCountries = async (name, hash) => (await fetchFile(at(`${name}.json`), hash || __COUNTRIES__)).text();

/** Resolves in a task after the next frame, or soon where there is none: the tab is hidden. */
const nextFrame = () => new Promise((resolve) => {
  requestAnimationFrame(() => setTimeout(resolve));
  setTimeout(resolve, 200);
});

/**
 * A campaign file, its digest, and the address from which it came at last. No header of these takes a preflight.
 * @param {string} url
 * @param {string[]} wanted
 */
const loadCampaign = async (url, wanted) => {
  const response = await fetchFile(url, undefined, {
    "Accept": "application/vnd.standwith.form, */*;q=0.1",
    "Accept-Language": wanted.join().replace(/[^\w,-]|_/g, "-").slice(0, 99),
  });
  // An answer that breaks off is asked for again.
  const all = await bytesOf(response, LARGEST_FILE).catch((error) =>
    because(error instanceof RangeError ? "campaign" : "network")(error)
  );
  return { ...decode(all), file: response.url || url };
};

/** @typedef {ShadowRoot | HTMLDivElement} Root where a form goes, or what is said in its place */

/**
 * What looks after each form on the page when something throws.
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
   * Says how the form looks, where the browser can't share that between forms.
   * @type {HTMLStyleElement | undefined}
   */
  #style;
  /** @type {import("standwith-glue").Mounted | undefined} */
  #form;
  /**
   * Names the start that is under way; another one makes its outcome void.
   * @type {object | undefined}
   */
  #start;
  /**
   * What it is about.
   * @type {string | null | undefined}
   */
  #campaign;
  /**
   * What is done before Rust listens.
   * @type {Early | undefined}
   */
  #early;
  /**
   * What says that the code can't be had, while it is tried again.
   * @type {HTMLElement | undefined}
   */
  #told;

  connectedCallback() {
    if (this.#form || this.#start || this.#early) return;
    // Of a page that was kept with it: its tag makes another one, but for a tag in the head where Turbo goes back.
    const { tag } = this.dataset;
    if (tag && !this.standwith && (tag === "body" || document.readyState !== "complete")) return this.remove();
    this.#campaign = this.getAttribute("campaign");
    const start = this.#start = {};
    // Before anything is made: that takes a slow device as long as a good network takes to answer.
    const asked = this.#ask(start);
    /** @type {Root | undefined} */
    let shadow;
    try {
      const root = shadow = this.#root ??= this.#attach();
      // What stands inside the element is seen until the form is there.
      root.replaceChildren(create("slot"));
      this.#dress();
      asked
        .then(/** @returns {any} */ (found) => found && start === this.#start && this.#show(start, root, found))
        .catch((error) => start === this.#start && this.#fail(root, error));
    } catch (error) {
      asked.catch(() => {});
      // Where the page refuses a root, what stands inside stays, and the sentence comes after it.
      this.#fail(shadow ?? this.appendChild(create("div")), /** @type {Failure} */ (error));
    }
  }

  #attach() {
    const shadow = this.attachShadow({ mode: "open" });
    // The page's hotkeys get no letter of what is typed here, and what it forbids on itself (to select, to copy, to
    // open a menu) is not forbidden here. It hears `click`, by which its own menus close, and how its own drags end.
    for (const kind of STOPPED) {
      shadow.addEventListener(kind, (event) => event.stopPropagation());
    }
    try {
      if (!sheet) (sheet = new CSSStyleSheet()).replaceSync(css);
      shadow.adoptedStyleSheets = [sheet];
    } catch {
      this.#style = create("style");
      this.#style.append(css);
    }
    return shadow;
  }

  /** Puts the style beside what was painted, where the form brings it along. */
  #dress() {
    const { shadowRoot } = this;
    if (!this.#style) return;
    shadowRoot?.append(this.#style);
    if (!this.#style.sheet) throw Error("no style");
  }

  /**
   * Starts anew where it is about another campaign by now, after what is being sent; a framework sets the other attributes
   * in the same task.
   */
  async attributeChangedCallback() {
    do await pause();
    while (this.#form?.state === "sending");
    if (!this.isConnected || this.getAttribute("campaign") === this.#campaign) return;
    this.#end();
    this.connectedCallback();
  }

  disconnectedCallback() {
    // Moving is leaving and coming back at once: what was typed stays.
    queueMicrotask(() => {
      if (this.isConnected) return;
      this.#end();
      this.shadowRoot?.replaceChildren();
    });
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
      // Rust can't do it yet.
      this.#end();
      this.connectedCallback();
    } else this.#form?.reset();
  }

  /** Resolves when the form comes near. */
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
   * Asks for all that a form needs, as soon as it is wanted. The campaign file comes first, because the first paint
   * needs nothing else.
   * @param {object} start
   */
  async #ask(start) {
    if (this.getAttribute("loading") === "lazy") await this.#near();
    if (start !== this.#start) return;
    if (!crypto.subtle) throw new Unavailable("insecure");
    if (!this.#campaign) throw new Unavailable("faulty");
    const url = addressOf(this.#campaign);
    // A form of the page has members named like its controls.
    const { closest, getAttribute, getRootNode } = Element.prototype;
    let around;
    /** @type {Element | undefined} */
    let place = this;
    // Out of each shadow root in which it stands.
    for (let selector = "[lang]:not(:scope)"; place && !around; selector = "[lang]") {
      const near = closest.call(place, selector);
      around = near && getAttribute.call(near, "lang");
      place = /** @type {ShadowRoot} */ (getRootNode.call(place)).host;
    }
    const wanted = /** @type {string[]} */ ([this.lang, around, ...navigator.languages].filter(Boolean));
    const ask = () => loadCampaign(url, wanted).catch(because("campaign"));
    const first = [ask()];
    // Failures are reported later, once. Most campaigns have the first language.
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
    // Without its catalogue the form speaks English; the campaign's own texts are there.
    const catalogue = loadTexts(lang).catch(() => "");
    /** @type {Renderer} */
    const page = renderer(shadow, file, __NAMES__, __TAGS__, __ADDRESSES__);
    page.load = (lang, done) => loadTexts(lang).then(done, () => done());
    page.loadCountries = (name, hash, done) => loadCountries(name, hash).then(done, () => done());
    const first = firstOf(firstPaint, said, lang);
    if (first) this.#paint(shadow, page, first);
    const painted = !!this.#early;
    // Rust does not listen yet or any more, and at risk nothing is left for whoever comes back to the page.
    if (said.at_risk) addEventListener("pagehide", this.#leave);
    // The first paint reaches the screen before Rust starts, and each step of that is a task of its own: what a
    // person does comes in between.
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
   * What `load` gives; on a poor network once more after a while, as long as it is wanted. After some seconds it
   * is said what is wrong.
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
   * The first paint: what Rust would paint, before it is there.
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
      // No first paint of ours: a file from elsewhere, or of another version.
      shadow.replaceChildren(slot);
    }
    this.#dress();
  }

  /** The page is left. */
  #leave = () => {
    if (this.#early) this.reset();
  };

  /** A call into Rust threw, perhaps ours: then the form is at its end, and what was typed stays. */
  #check = () => {
    const form = this.#form;
    if (!form?.trapped) return;
    const { state } = form;
    form.abandon();
    this.#form = undefined;
    this.#early = new Early(/** @type {ShadowRoot} */ (this.shadowRoot));
    // Who has sent is told nothing, and who was sending not to send again.
    const reason = state === "editing" ? "wasm" : "unclear";
    if (state !== "sent") this.#fail(/** @type {ShadowRoot} */ (this.shadowRoot), { reason }, true);
  };

  /**
   * Says after all that there is why there is no form, and where there is one: nothing moves under the hand of
   * whoever writes already, and the button is near.
   * @param {Root} shadow
   * @param {Failure} failure
   * @param {boolean} [stays] whether the form that was painted stays
   */
  #tell(shadow, { reason = "wasm", message }, stays = this.#early?.typed) {
    console.warn(`StandWith: ${reason} ${message}`);
    const sentence = create("p");
    sentence.setAttribute("role", "status");
    sentence.lang = "en";
    const link = create("a");
    const hosted = this.getAttribute("hosted");
    link.textContent = "Open the form on its own page";
    try {
      const named = reason !== "unclear" && (hosted || this.#campaign);
      const { protocol, origin, pathname, href } = new URL(named || "about:blank", base());
      if (/^https?:$/.test(protocol)) link.href = hosted ? href : origin + pathname.replace(/\.json$/, "");
    } catch {
      // No address: the sentence stands alone.
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
   * Leaves what stands inside the element, and says why there is no form.
   * @param {Root} shadow
   * @param {Failure} error
   * @param {boolean} [stays]
   */
  #fail(shadow, error, stays = this.#early?.typed) {
    this.#start = undefined;
    const box = this.#tell(shadow, error, stays);
    if (stays) {
      // What was typed stays, to be copied, and nothing of it leaves the page: `early` goes on.
      for (const button of shadow.querySelectorAll("button")) button.remove();
    } else {
      this.#early?.end();
      this.#early = undefined;
      shadow.replaceChildren(box);
    }
  }
}

/**
 * Puts a form where a tag stands, once.
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
 * Puts forms where tags stand: that of this script, else all that there are and will be.
 * @param {string} name
 */
const placeAll = (name) => {
  if (script?.dataset.campaign) return place(script, name);
  const look = () => tags().forEach((tag) => place(tag, name));
  look();
  new MutationObserver(look).observe(document, { childList: true, subtree: true });
};

try {
  const known = Object(window.StandWith);
  // An element or a frame of the page may have that name.
  if (Object.getPrototypeOf(known) === Object.prototype && known.version) {
    placeAll(known.element);
  } else {
    let element = "stand-with";
    // The page has an element of this name already: the tag still works, under the next one.
    for (let n = 2; customElements.get(element); n++) element = `stand-with-${n}`;
    customElements.define(element, StandWith);
    window.StandWith = { version: __VERSION__, ready, element };
    placeAll(element);
  }
} catch (error) {
  console.warn(`StandWith: ${error}`);
}
