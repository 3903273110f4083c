// What a person does before Rust listens, and what it can't do yet: nothing of it is lost, and nothing
// leaves the page.

import { leave } from "standwith-browser";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

const KINDS = ["input", "change", "click", "submit"];

export class Early {
  #root;
  /** Whether there is anything to lose. */
  typed = false;
  /**
   * The button that was pressed last; not the one that sends, if something was written after it.
   * @type {HTMLButtonElement | null | undefined}
   */
  #pressed;

  /** @param {ShadowRoot} root */
  constructor(root) {
    this.#root = root;
    this.start();
  }

  start() {
    for (const kind of KINDS) this.#root.addEventListener(kind, this);
  }

  /** @param {Event} event */
  handleEvent(event) {
    const { type } = event;
    const target = /** @type {Control} */ (event.target);
    if (type === "input" || type === "change") {
      this.typed = true;
      // Whoever goes on typing is not done.
      if (this.#pressed?.type === "submit") this.#wait();
    } else {
      // First of all: what is typed must never go into the page's address.
      if (type === "submit") event.preventDefault();
      /** @param {string} selector */
      const closest = (selector) => Element.prototype.closest.call(target, selector);
      // Markup from a hostile server may call anything so.
      const exit = /** @type {HTMLAnchorElement | null} */ (closest("a[data-act=exit][href^='https:']"));
      if (exit) {
        event.preventDefault();
        leave(exit.href);
      }
      const button = /** @type {HTMLButtonElement | null} */ (
        /** @type {SubmitEvent} */ (event).submitter ?? closest("button")
      );
      if (button || type === "submit") {
        event.preventDefault();
        this.#wait(button);
      }
    }
  }

  /**
   * Has the button that sends say that it was pressed, as it looks while a message is on its way.
   * @param {HTMLButtonElement | null} [pressed]
   */
  #wait(pressed) {
    this.#pressed = pressed;
    this.#root.querySelector("[type=submit]")
      ?.toggleAttribute("aria-disabled", pressed?.type === "submit");
  }

  /** Whether a button was pressed that sends. */
  get pressed() {
    return !!this.#pressed?.matches("[type=submit],[data-act=mail]");
  }

  end() {
    for (const kind of KINDS) this.#root.removeEventListener(kind, this);
  }

  /**
   * Presses the button once more, now that Rust hears it; one that sends only if the press stands.
   * @param {boolean} stands whether the form is what it was then
   */
  again(stands) {
    const pressed = this.#pressed;
    stands ||= !this.pressed;
    this.#wait();
    if (stands) pressed?.click();
  }
}
