// Runs before all scripts of the page, records when events happen, and reports them to the bench. `__LIVE__` is true if
// the field gets the focus as soon as it exists.
(() => {
  if (!window.tellBench || location.pathname === "/waiting") return;
  const TEXTS = "textarea, input:not([type]), input[type=text], input[type=email], input[type=tel]";
  /** @type {Window["bench"]} */
  const seen = window.bench = { ready: 0, blocking: 0, shift: 0, memories: new Set() };
  /** @param {string} what */
  const tell = (what) => /** @type {(what: string) => void} */ (window.tellBench)(what);

  /**
   * Calls the function when the current frame has been painted.
   * @param {() => void} call
   */
  const afterPaint = (call) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = call;
    port2.postMessage(0);
  };

  // The first visible field that can be filled in, in the page or in a shadow root.
  /** @param {HTMLInputElement} field */
  const isThere = (field) =>
    !field.disabled && field.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  /**
   * @param {ParentNode} root
   * @returns {HTMLInputElement | undefined}
   */
  const field = (root) => {
    const all = /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll(TEXTS));
    const found = [...all].find(isThere);
    if (found) return found;
    for (const { shadowRoot } of root.querySelectorAll("*")) {
      const within = shadowRoot && field(shadowRoot);
      if (within) return within;
    }
  };
  const look = () => {
    const found = field(document);
    if (!found) return requestAnimationFrame(look);
    afterPaint(() => {
      seen.field = performance.now();
      tell("field");
    });
    if (__LIVE__) {
      found.focus();
      tell("focused");
    }
  };
  requestAnimationFrame(look);
  addEventListener("load", () => requestAnimationFrame(() => afterPaint(() => tell("loaded"))), { once: true });

  for (const kind of ["standwith:start", "floor:start"]) {
    addEventListener(kind, () => {
      seen.told ??= performance.now();
      tell("told");
    }, true);
  }
  for (const kind of ["standwith:ready", "floor:ready"]) {
    addEventListener(kind, () => {
      seen.ready += 1;
      seen.readyAt = performance.now();
      tell(`ready ${seen.ready}`);
    }, true);
  }
  addEventListener("standwith:error", /** @param {any} event */ ({ detail }) => tell(`error ${detail.code}`), true);

  /**
   * @param {string} type
   * @param {(entry: any) => void} note
   */
  const observe = (type, note) => {
    /** @param {PerformanceObserverEntryList} list */
    const take = (list) => list.getEntries().forEach(note);
    new PerformanceObserver(take).observe({ type, buffered: true });
  };
  observe("longtask", ({ duration }) => seen.blocking += duration - 50);
  observe("layout-shift", ({ value }) => seen.shift += value);

  // From a key press to the frame that shows its letter.
  /** @type {number} */
  let pressed;
  addEventListener("keydown", ({ timeStamp }) => pressed = timeStamp, true);
  addEventListener("input", ({ isTrusted }) => {
    if (!isTrusted || !window.bench.typing) return;
    const key = pressed;
    requestAnimationFrame(() => afterPaint(() => tell(`key ${performance.now() - key}`)));
  }, true);

  addEventListener("click", ({ isTrusted, timeStamp }) => {
    if (isTrusted) seen.clicked ??= timeStamp;
  }, true);
  const { fetch } = window;
  window.fetch = function (...given) {
    const method = given[1]?.method ?? /** @type {Request} */ (given[0])?.method;
    if (method?.toUpperCase() !== "POST") return fetch.apply(this, given);
    seen.left = performance.now();
    const answer = fetch.apply(this, given);
    answer.then(({ status }) => {
      seen.answered = performance.now();
      tell(`answered ${status}`);
    }, (error) => tell(`error ${error}`));
    return answer;
  };

  // The memories of all WebAssembly instances started here.
  /** @param {WebAssembly.Instance} instance */
  const keep = (instance) => {
    for (const exported of Object.values(instance.exports)) {
      if (exported instanceof WebAssembly.Memory) seen.memories.add(exported);
    }
  };
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const original = /** @type {any} */ (WebAssembly)[name];
    /** @type {any} */ (WebAssembly)[name] = async (/** @type {unknown[]} */ ...given) => {
      const made = await original.apply(WebAssembly, given);
      keep(made.instance ?? made);
      return made;
    };
  }
  seen.wasm = () => [...seen.memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
})();
