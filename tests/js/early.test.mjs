import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { Early } from "../../www/loader/early.js";
import { open, root } from "./page.mjs";

let shadow;
let early;
let clicked;

beforeEach(() => {
  open();
  shadow = root();
  shadow.innerHTML = `<form>
    <a data-act=exit href="https://exit.invalid/">Leave</a>
    <a data-act=exit href="http://exit.invalid/" id=insecure>Leave</a>
    <input name=email><textarea name=body></textarea><input type=checkbox name=consent value=yes>
    <button type=button data-act=language id=language>ខ្មែរ</button>
    <button type=button data-act=mail id=mail>In my own mail</button>
    <button type=submit id=send>Send</button>
  </form>`;
  early = new Early(shadow);
  clicked = [];
});

const by = (selector) => shadow.querySelector(selector);
const enter = (selector, value) => {
  by(selector).value = value;
  by(selector).dispatchEvent(new Event("input", { bubbles: true }));
};
/** Listens as Rust does. Returns the events that it gets from now on. */
const listen = () => {
  const heard = [];
  for (const kind of ["input", "focusin"]) {
    shadow.addEventListener(kind, ({ type, target }) => heard.push(`${type} ${target.name}`));
  }
  shadow.addEventListener("click", (event) => {
    event.preventDefault();
    clicked.push(event.target.id);
  });
  return heard;
};
const press = (selector) => by(selector).dispatchEvent(new Event("click", { bubbles: true, cancelable: true }));
const isWaiting = () => by("#send").hasAttribute("aria-disabled");

test("knows nothing before anything was done", () => {
  assert.equal(early.typed, false);
  assert.equal(early.pressed, false);
});

test("knows what was typed", () => {
  enter("[name=body]", "a");
  assert.equal(early.typed, true);
});

test("holds a press of the button that sends, and shows that it was pressed", () => {
  assert.equal(press("#send"), false, "the event is cancelled");
  assert.equal(early.pressed, true);
  assert.ok(isWaiting());
});

test("holds the submit event of a form", () => {
  const submit = new Event("submit", { bubbles: true, cancelable: true });
  by("form").dispatchEvent(submit);
  assert.ok(submit.defaultPrevented);
});

test("drops a press that sends when something is typed after it", () => {
  press("#send");
  enter("[name=email]", "a");
  assert.equal(early.pressed, false);
  assert.ok(!isWaiting());
  listen();
  early.end();
  early.again(true);
  assert.deepEqual(clicked, []);
});

// A slow browser, or one whose window was not active, fires the `change` of the field before after the click.
test("keeps the press when the change of what was typed before it comes late", () => {
  enter("[name=email]", "a");
  press("#send");
  by("[name=email]").dispatchEvent(new Event("change", { bubbles: true }));
  assert.equal(early.pressed, true);
  assert.ok(isWaiting());
});

test("presses the button again when the press stands", () => {
  press("#send");
  listen();
  early.end();
  early.again(true);
  assert.deepEqual(clicked, ["send"]);
  assert.ok(!isWaiting());
});

test("presses nothing that sends when the press does not stand", () => {
  for (const button of ["#send", "#mail"]) {
    press(button);
    assert.equal(early.pressed, true);
  }
  listen();
  early.end();
  early.again(false);
  assert.deepEqual(clicked, []);
});

test("presses a button of a language again in any case", () => {
  press("#language");
  assert.equal(early.pressed, false);
  assert.ok(!isWaiting());
  listen();
  early.end();
  early.again(false);
  assert.deepEqual(clicked, ["language"]);
});

test("presses only the last button again", () => {
  press("#send");
  press("#language");
  assert.ok(!isWaiting());
  listen();
  early.end();
  early.again(true);
  assert.deepEqual(clicked, ["language"]);
});

test("hears nothing after its end", () => {
  early.end();
  enter("[name=email]", "a");
  press("#send");
  assert.equal(early.typed, false);
  assert.equal(early.pressed, false);
});

/** The addresses that the page is redirected to. */
const led = () => {
  const addresses = [];
  const frame = { location: { replace: (address) => addresses.push(address) } };
  globalThis.window = frame;
  globalThis.top = frame;
  return addresses;
};

test("leaves by the quick way out at once, with nothing left on the page", () => {
  const addresses = led();
  press("a[data-act=exit]");
  assert.deepEqual(addresses, ["https://exit.invalid/"]);
  assert.equal(document.documentElement, null);
});

test("does not leave for an address without https", () => {
  const addresses = led();
  by("#insecure").addEventListener("click", (event) => event.preventDefault());
  press("#insecure");
  assert.deepEqual(addresses, []);
  assert.notEqual(document.documentElement, null);
});
