// A person's actions in a form: the same for ours and the minimal one, whose controls have the same names.
(() => {
  const root = () => document.querySelector("stand-with")?.shadowRoot ?? document;
  /** @param {string} selector */
  const control = (selector) => {
    /** @type {HTMLInputElement | null} */
    const found = root().querySelector(selector);
    if (!found) throw Error(`the form has no ${selector}`);
    return found;
  };
  /**
   * @param {string} name
   * @param {string} value
   */
  const enter = (name, value) => {
    const into = control(`[name=${name}]`);
    into.focus();
    into.value = value;
    if (into.value !== value) throw Error(`${name} does not take ${value}`);
    for (const type of ["input", "change"]) into.dispatchEvent(new Event(type, { bubbles: true, composed: true }));
  };
  window.person = {
    /** Fills in everything that the example campaign requires. */
    fill() {
      for (const target of ["minister-of-justice", "embassy"]) {
        const box = control(`[value=${target}]`);
        if (!box.checked) box.click();
      }
      enter("given_name", "Sophea");
      enter("family_name", "Keo");
      enter("email", "sophea@supporter.invalid");
      enter("country", "KH");
      control("[name=consent_delivery]").click();
    },
    /**
     * Puts a text of this length into the message, and the caret at its end.
     * @param {number} length
     */
    write(length) {
      const text = "I write with respect, and with concern, about the journalist Mech Dara. ".repeat(length / 60);
      const closed = root().querySelector("details.edit:not([open]) > summary");
      if (closed instanceof HTMLElement) closed.click();
      enter("body", text.slice(0, length));
      const body = control("[name=body]");
      body.setSelectionRange(length, length);
      body.scrollIntoView({ block: "center" });
    },
    length: () => control("[name=body]").value.length,
    /** The centre of the submit button, after scrolling to it. */
    button() {
      const button = control("form button:not([type]), form [type=submit]");
      button.scrollIntoView({ block: "center", behavior: "instant" });
      const { x, y, width, height } = button.getBoundingClientRect();
      return [x + width / 2, y + height / 2];
    },
  };
})();
