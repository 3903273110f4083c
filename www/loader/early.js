// Handler for input before Rust listens: no input is lost, and none leaves the page.

import { leave } from "standwith-browser";

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

const KINDS = ["input", "change", "click", "submit"];

export class Early {
  #root;
  /** Whether the supporter has entered anything. */
  typed = false;
  /**
   * The button that was pressed last; later input clears it if it is the submit button.
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
      // A supporter who continues to type does not want to send yet. A late `change` is about what was typed before.
      if (type === "input" && this.#pressed?.type === "submit") this.#wait();
    } else {
      // First, because the browser must never put the input into the page's address.
      if (type === "submit") event.preventDefault();
      /** @param {string} selector */
      const closest = (selector) => Element.prototype.closest.call(target, selector);
      // Markup from a hostile server may mark any element as the exit.
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
   * Marks the submit button as pressed; it looks the same while a message is being sent.
   * @param {HTMLButtonElement | null} [pressed]
   */
  #wait(pressed) {
    this.#pressed = pressed;
    this.#root.querySelector("[type=submit]")
      ?.toggleAttribute("aria-disabled", pressed?.type === "submit");
  }

  /** Whether the pressed button is one that sends. */
  get pressed() {
    return !!this.#pressed?.matches("[type=submit],[data-act=mail]");
  }

  end() {
    for (const kind of KINDS) this.#root.removeEventListener(kind, this);
  }

  /**
   * Clicks the pressed button again, now that Rust listens; one that sends only if the press is still valid.
   * @param {boolean} stands whether the form is unchanged since the press
   */
  again(stands) {
    const pressed = this.#pressed;
    stands ||= !this.pressed;
    this.#wait();
    if (stands) pressed?.click();
  }
}
