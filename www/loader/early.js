// What a person does before Rust listens, and what it can't do yet: nothing of it is lost, and nothing
// leaves the page.

const KINDS = ["input", "change", "click", "submit"];

export class Early {
  #root;
  #touched = new Set();
  #submitted = false;

  constructor(root) {
    this.#root = root;
    for (const kind of KINDS) root.addEventListener(kind, this);
  }

  handleEvent(event) {
    const { type, target } = event;
    if (type === "input" || type === "change") {
      this.#touched.add(target);
      // Whoever goes on typing is not done.
      this.#wait(false);
    } else if (type === "submit" || Element.prototype.closest.call(target, "[type=submit]")) {
      event.preventDefault();
      this.#wait(true);
    }
  }

  /** Has the button say that it was pressed, as it looks while a message is on its way. */
  #wait(submitted) {
    this.#submitted = submitted;
    this.#root.querySelector("[type=submit]")?.toggleAttribute("aria-disabled", submitted);
  }

  /** Whether there is anything to lose. */
  get typed() {
    return this.#touched.size > 0;
  }

  end() {
    for (const kind of KINDS) this.#root.removeEventListener(kind, this);
  }

  /** Says it all once more, for Rust, which listens now. It can't send yet. */
  tell() {
    const submitted = this.#submitted;
    for (const control of this.#touched) control.dispatchEvent(new Event("input", { bubbles: true }));
    this.#root.activeElement?.dispatchEvent(new Event("focusin", { bubbles: true }));
    this.#wait(submitted);
  }

  /** Presses the button once more, now that Rust can send. */
  again() {
    const submitted = this.#submitted;
    this.end();
    this.#wait(false);
    if (submitted) this.#root.querySelector("[type=submit]")?.click();
  }
}
