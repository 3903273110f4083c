import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { create, renderer as make } from "../../widget/src/renderer.js";
import { countries, element, open, region, root, text } from "./page.mjs";

const BASE = "https://actions.invalid/campaigns/river.json";

let shadow;
let renderer;

beforeEach(() => {
  open();
  shadow = root();
  renderer = make(shadow, BASE, __NAMES__, __TAGS__, __ADDRESSES__);
});

/** Renders one element, and returns it. */
const render = (...given) => {
  renderer.paint(element(...given));
  return shadow.firstChild;
};

test("renders elements, attributes and texts in order", () => {
  render("div", { class: "a", id: "b" }, text("one"), element("p", {}, text("<b>two</b>")), text("three"));
  assert.equal(shadow.innerHTML, '<div class="a" id="b">one<p>&lt;b&gt;two&lt;/b&gt;</p>three</div>');
});

test("renders a free place as an empty text", () => {
  const div = render("div", {}, ".", element("p"));
  assert.deepEqual([...div.childNodes].map((node) => node.nodeName), ["#text", "P"]);
});

test("reuses a node of the same kind, and replaces one of another", () => {
  const before = [...render("div", {}, text("a"), element("p"), element("span")).childNodes];
  const after = [...render("div", {}, text("b"), element("p", { id: "c" }), element("em")).childNodes];
  assert.deepEqual(after.map((node, place) => node === before[place]), [true, true, false]);
  assert.equal(shadow.innerHTML, '<div>b<p id="c"></p><em></em></div>');
});

test("removes nodes that are gone from the end", () => {
  render("ul", {}, element("li"), element("li"), element("li"));
  assert.equal(render("ul", {}, element("li")).childNodes.length, 1);
});

test("renders nothing when the markup is the same", () => {
  const div = render("div", {}, text("a"));
  div.firstChild.data = "changed by the page";
  render("div", {}, text("a"));
  assert.equal(div.textContent, "changed by the page");
});

test("patches a region and nothing else", () => {
  const part = (number, words) => region(number, element("p", {}, text(words)));
  renderer.paint(element("div", {}, part(1, "a"), part(2, "b")));
  const [one, two] = shadow.firstChild.children;
  one.firstChild.data = "left alone";
  renderer.patch(part(2, "c"));
  assert.equal(shadow.innerHTML, "<div><p>left alone</p><p>c</p></div>");
  assert.equal(shadow.firstChild.children[1], two);
});

test("patches a region that becomes free and comes back", () => {
  renderer.paint(element("div", {}, region(0, element("p")), element("em")));
  renderer.patch(region(0, "."));
  assert.equal(shadow.innerHTML, "<div><em></em></div>");
  renderer.patch(region(0, element("h2")));
  assert.equal(shadow.innerHTML, "<div><h2></h2><em></em></div>");
});

/** Markup of a form with a label, a control and its error. */
const field = (fault) => element(
  "form",
  {},
  element("label", {}, text("Subject")),
  element("input", { name: "subject" }),
  region(1, fault ? element("p", {}, text(fault)) : "."),
);
const foreign = () => document.createElement("x-y");

test("leaves foreign nodes alone, and its own where they stand between them", () => {
  const form = render("div", {}, field()).firstChild;
  const [label, input] = form.children;
  for (const own of [shadow.firstChild, form, label, label.firstChild, input]) own.before(foreign());
  input.after(foreign());
  renderer.patch(region(1, element("p", {}, text("a"))));
  render("div", {}, field("b"));
  assert.equal(
    shadow.innerHTML.replaceAll("<x-y></x-y>", "+"),
    '+<div>+<form>+<label>+Subject</label>+<input name="subject">+<p>b</p></form></div>',
  );
  assert.deepEqual([label.isConnected, form.querySelector("input")], [true, input]);
  render("div", {}, element("h2"));
  assert.equal(shadow.innerHTML.replaceAll("<x-y></x-y>", "+"), "+<div>+<h2></h2></div>");
});

test("finds its own nodes inside foreign ones, and leaves none of them behind", () => {
  const form = render("div", {}, field("a")).firstChild;
  const [label, input, fault] = form.children;
  const wrappers = [shadow.firstChild, label.firstChild, input, fault].map((own) => {
    const wrapper = foreign();
    own.before(wrapper);
    wrapper.append(own);
    return wrapper;
  });
  renderer.paint(element("div", {}, field("b")));
  assert.deepEqual(wrappers.map(({ innerHTML }) => innerHTML).slice(1), ["Subject", '<input name="subject">', "<p>b</p>"]);
  assert.equal(wrappers[2].firstChild, input);
  renderer.patch(region(1, "."));
  assert.equal(shadow.textContent, "Subject");
  renderer.paint(element("div", {}, element("h2")));
  assert.equal(shadow.innerHTML, "<x-y><div><h2></h2></div></x-y>");
});

test("puts back what was taken out, where it was", () => {
  const form = render("div", {}, field()).firstChild;
  const input = form.querySelector("input");
  form.replaceChildren(foreign());
  renderer.patch(region(1, element("p", {}, text("a"))));
  assert.equal(form.innerHTML, "<p>a</p><x-y></x-y>");
  render("div", {}, field("b"));
  assert.equal(form.innerHTML, '<label>Subject</label><input name="subject"><p>b</p><x-y></x-y>');
  assert.equal(form.querySelector("input"), input);
});

test("replaces what a translator put in the place of a text, once the text is another", () => {
  const p = render("p", {}, text("one"), element("em"));
  const font = document.createElement("font");
  font.textContent = "eins";
  p.firstChild.replaceWith(font);
  render("p", { class: "a" }, text("one"), element("em"));
  assert.equal(p.textContent, "eins");
  render("p", {}, text("two"), element("em"));
  assert.equal(p.innerHTML, "two<em></em>");
});

test("has only its own controls say input", () => {
  render("form", {}, element("input", { name: "email", value: "" }));
  const other = document.createElement("input");
  Object.assign(other, { name: "email", value: "of an extension" });
  shadow.firstChild.append(other);
  const said = [];
  shadow.addEventListener("input", ({ target }) => said.push(target.value));
  renderer.say();
  assert.deepEqual(said, []);
});

test("ignores a patch of a region that is not on the screen", () => {
  renderer.paint(element("div", {}, region(1, element("p"))));
  renderer.patch(region(2, element("p", {}, text("a"))));
  shadow.replaceChildren();
  renderer.patch(region(1, element("p", {}, text("a"))));
  assert.equal(shadow.innerHTML, "");
});

test("removes attributes that the last markup set and this one does not", () => {
  render("p", { class: "a", id: "b", "aria-hidden": "true" });
  render("p", { id: "c" });
  assert.equal(shadow.innerHTML, '<p id="c"></p>');
});

test("leaves attributes alone that it did not set", () => {
  render("input", { name: "email", class: "a" }).setAttribute("data-extension", "1");
  const input = render("input", { name: "email" });
  assert.equal(input.getAttribute("data-extension"), "1");
  assert.ok(!input.hasAttribute("class"));
});

test("keeps what a person typed until the markup says another value", () => {
  const input = render("input", { name: "email", value: "" });
  input.value = "typed";
  render("input", { name: "email", value: "", class: "a" });
  assert.equal(input.value, "typed");
  render("input", { name: "email", value: "other" });
  assert.equal(input.value, "other");
  assert.ok(!input.hasAttribute("value"));
  render("input", { name: "email" });
  assert.equal(input.value, "");
});

test("keeps a tick until the markup says another state", () => {
  const box = (attributes) => render("input", { type: "checkbox", name: "a", value: "yes", ...attributes });
  const control = box({});
  control.checked = true;
  box({ class: "a" });
  assert.ok(control.checked);
  box({ checked: "" });
  box({});
  assert.ok(!control.checked);
  assert.equal(control.getAttribute("value"), "yes");
});

test("chooses the option of a select that comes with it", () => {
  const options = ["a", "b"].map((value) => element("option", { value }, text(value)));
  assert.equal(render("select", { name: "subject", value: "b" }, ...options).value, "b");
});

/** Each attribute that contains an address, with forbidden and allowed addresses. */
const ADDRESSES = {
  action: { no: ["https://a.invalid/", "javascript:run()", "#"], yes: [""] },
  href: {
    no: [
      "", "javascript:run()", " https://a.invalid/", "HTTPS://a.invalid/", "http://a.invalid/", "//a.invalid/", "page",
      "data:text/html,<script>run()</script>", "data:application/josephine,a", "javascript:run()//https://",
      "javascript:run()\nhttps://a.invalid/", "blob:https://a.invalid/0",
    ],
    yes: ["https://a.invalid/", "mailto:a@a.invalid", "tel:+855", "#email", "data:application/jose,a.b.c"],
  },
  src: {
    no: ["data:image/svg+xml,<svg onload='run()'/>", "javascript:run()", "blob:https://a.invalid/0", "file:///a.png"],
    yes: ["https://a.invalid/a.png", "http://a.invalid/a.png"],
  },
};

test("has a pattern for each attribute that holds an address", () => {
  assert.deepEqual(Object.keys(__ADDRESSES__).sort(), Object.keys(ADDRESSES));
  const names = __NAMES__.split(" ").slice(__TAGS__);
  assert.ok(Object.keys(__ADDRESSES__).every((name) => names.includes(name)));
  const others = ["ping", "formaction", "srcdoc", "srcset", "style", "background", "poster", "data", "manifest", "is"];
  assert.deepEqual(names.filter((name) => others.includes(name) || name.startsWith("on")), []);
});

for (const [name, { no, yes }] of Object.entries(ADDRESSES)) {
  const tag = { action: "form", href: "a", src: "img" }[name];
  for (const value of no) {
    test(`sets no ${name}=${JSON.stringify(value)}`, () => {
      assert.equal(render(tag, { [name]: value }).getAttribute(name), null);
    });
  }
  for (const value of yes) {
    test(`sets ${name}=${JSON.stringify(value)}`, () => {
      assert.equal(render(tag, { [name]: value }).getAttribute(name), value);
    });
  }
}

test("resolves pictures against the campaign file, and loads them anonymously", () => {
  const img = render("img", { src: "river.png", alt: "" });
  assert.equal(img.getAttribute("src"), "https://actions.invalid/campaigns/river.png");
  assert.equal(img.referrerPolicy, "no-referrer");
  assert.equal(img.crossOrigin, "anonymous");
});

test("sets src on pictures only", () => {
  assert.ok(!render("input", { type: "text", src: "https://a.invalid/a.png" }).hasAttribute("src"));
});

test("takes a colour as accent, and nothing else", () => {
  const accent = (value) => render("div", { accent: value }).style.getPropertyValue("--campaign-accent");
  assert.equal(accent("#0b6e4f"), "#0b6e4f");
  assert.equal(accent("url(https://a.invalid/)"), "");
  assert.ok(!shadow.firstChild.hasAttribute("accent"));
});

test("makes no element of a code that is none", () => {
  for (const code of ["~", String.fromCharCode(48 + __TAGS__), "-", "\ud83d"]) {
    renderer.paint(`${code}/`);
    assert.equal(shadow.innerHTML, "", code);
  }
});

test("refuses markup that breaks off", () => {
  const whole = element("div", { id: "a" }, text("b"), element("p"));
  for (let length = 1; length < whole.length; length++) {
    assert.throws(() => renderer.paint(whole.slice(0, length)), String(length));
  }
  assert.throws(() => renderer.paint(""));
});

test("refuses elements more than 64 deep", () => {
  const deep = (depth) => depth ? element("div", {}, deep(depth - 1)) : "";
  renderer.paint(deep(64));
  assert.throws(() => renderer.paint(deep(65)));
  assert.throws(() => renderer.paint(element("div", {}).slice(0, -1).repeat(100_000)));
});

test("says input of controls that hold something else than the markup", () => {
  render(
    "form",
    {},
    element("input", { name: "email", value: "" }),
    element("input", { name: "given_name", value: "Mekh" }),
    element("input", { type: "checkbox", name: "consent", value: "yes" }),
    element("input", { type: "checkbox", name: "updates", value: "yes", checked: "" }),
  );
  const said = [];
  shadow.addEventListener("input", ({ target }) => said.push(target.name));
  renderer.say();
  assert.deepEqual(said, []);
  shadow.querySelector("[name=email]").value = "filled@in.invalid";
  shadow.querySelector("[name=updates]").checked = false;
  renderer.say();
  assert.deepEqual(said, ["email", "updates"]);
});

test("focuses the element of an id", () => {
  render("div", {}, element("input", { id: "email", name: "email" }));
  renderer.focus("email");
  assert.equal(shadow.activeElement?.id, "email");
  renderer.focus("nobody");
});

test("opens what contains the focused element or an error", () => {
  const details = (...inside) => element("details", {}, ...inside);
  const [wrong, focused, other] = render(
    "div",
    {},
    details(element("input", { "aria-invalid": "true", name: "subject" })),
    details(element("input", { id: "email", name: "email" })),
    details(element("input", { name: "phone" })),
  ).children;
  renderer.focus("email");
  assert.deepEqual([wrong.open, focused.open, other.open], [true, true, false]);
  // Again, after the supporter has closed it.
  wrong.open = false;
  renderer.focus("email");
  assert.ok(wrong.open);
});

test("empties a control that becomes another one", () => {
  const control = (name) => render("div", {}, element("input", { name, value: "" })).firstChild;
  const first = control("given_name");
  first.value = "Dara";
  assert.equal(control("given_name").value, "Dara");
  assert.equal(control("family_name"), first);
  assert.equal(first.value, "");
});

const list = (lang) => {
  const select = element(
    "select",
    { name: "country", value: "KH" },
    element("option", { value: "" }, text("Choose")),
    countries("KH"),
  );
  return render("div", { lang }, select).firstChild;
};
const options = (select) => [...select.options].map(({ value, text }) => `${value} ${text}`);

test("lists the chosen country alone until the list is wanted", () => {
  assert.deepEqual(options(list("en")), [" Choose", "KH KH"]);
});

test("keeps the chosen country when its list is rendered again", () => {
  const select = list("en");
  assert.equal(list("de"), select);
  assert.equal(select.value, "KH");
});

test("lists countries as a list names them, in its order", () => {
  const select = list("km");
  renderer.countries("KH កម្ពុជា\nAT អូទ្រីស\n");
  assert.deepEqual(options(select), [" Choose", "KH កម្ពុជា", "AT អូទ្រីស"]);
  assert.equal(select.value, "KH");
});

test("lists countries once in each language", () => {
  const select = list("en");
  renderer.countries("AT Austria\nKH Cambodia\n");
  renderer.countries("AT Austria\nKH Cambodia\nDE Germany\n");
  assert.deepEqual(options(select).slice(1), ["AT Austria", "KH Cambodia"]);
  list("de");
  renderer.countries("DE Deutschland\nKH Kambodscha\n");
  assert.deepEqual(options(select).slice(1), ["DE Deutschland", "KH Kambodscha"]);
});

test("creates elements where the page has something of its own in the function's place", () => {
  document.createElement = () => {
    throw Error("the page's");
  };
  assert.equal(create("p").localName, "p");
});
