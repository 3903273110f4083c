// The element, with a page around it and a replacement for Rust.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { fault, meanwhile, mounted } from "./glue.mjs";
import { element, open, text } from "./page.mjs";

/** The header of every WebAssembly file, which is a valid file by itself. */
const WASM = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
const CAMPAIGN = '{"id": "river", "title": "Save the river", "lang": "en", "languages": {"km": {}}}';
const FIRST = JSON.stringify({
  edition: __EDITION__,
  lang: "en",
  first: element("form", {}, element("input", { name: "email" }), element("button", { type: "submit" }, text("Send"))),
});

/** The network's answers, by address. */
let answers;
let errors;

beforeEach(async () => {
  const window = open();
  mounted.length = 0;
  fault.next = undefined;
  answers = new Map([
    ["https://actions.invalid/campaigns/river.json", () => new Response(CAMPAIGN)],
    ["https://partner.invalid/v0.0.0/standwith.wasm", () => new Response(WASM)],
  ]);
  mock.restoreAll();
  mock.method(globalThis, "fetch", async (url) => answers.get(String(url))?.() ?? new Response("", { status: 404 }));
  mock.method(console, "warn", () => {});
  errors = [];
  window.addEventListener("standwith:error", ({ detail }) => errors.push(detail));
  document.body.innerHTML = "<main>The page</main>";
  // A copy of its own for this page.
  await import(`../../www/loader/main.js?${Math.random()}`);
});

const place = (attributes = {}) => {
  const form = document.createElement(window.StandWith.element);
  const all = { campaign: "https://actions.invalid/campaigns/river.json", ...attributes };
  for (const [name, value] of Object.entries(all)) if (value) form.setAttribute(name, value);
  form.textContent = "Write to the minister yourself";
  document.body.append(form);
  return form;
};

/** Waits until a condition is true. */
const until = async (isSo) => {
  for (let n = 0; n < 1000 && !isSo(); n++) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.ok(isSo(), String(isSo));
};

test("mounts a form, with what it found out about page and tag", async () => {
  const form = place({ source: "newsletter", endpoint: "https://actions.invalid" });
  assert.equal(form.state, "loading");
  await until(() => mounted.length && form.state === "editing");
  const [{ context, file, calls }] = mounted;
  assert.equal(file, CAMPAIGN);
  assert.deepEqual(calls, [["begin", false]]);
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(CAMPAIGN))).toString("base64url");
  assert.match(context.splice(1, 1)[0], /^0\.\d+$/);
  assert.deepEqual(context, [
    "en", "", "https://actions.invalid/campaigns/river.json", "https://actions.invalid/", "newsletter",
    "https://partner.invalid/page", "https://partner.invalid", "mail", digest, "", "", "", "",
  ]);
});

test("paints the first paint before Rust is there, and hands over what was done", async () => {
  answers.set("https://actions.invalid/campaigns/river.json", () => new Response(`${CAMPAIGN}\0${FIRST}`));
  let arrive;
  const code = new Promise((resolve) => arrive = () => resolve(new Response(WASM)));
  answers.set("https://partner.invalid/v0.0.0/standwith.wasm", () => code);
  const form = place();
  await until(() => form.shadowRoot.querySelector("form"));
  assert.equal(mounted.length, 0);
  const input = form.shadowRoot.querySelector("input");
  input.value = "typed";
  input.dispatchEvent(new Event("input", { bubbles: true }));
  form.shadowRoot.querySelector("button").click();
  arrive();
  await until(() => form.state === "editing");
  const [{ context, calls }] = mounted;
  assert.equal(context[2], "1");
  assert.deepEqual(calls, [["compare", JSON.parse(FIRST).first], ["begin", true]]);
  assert.equal(form.shadowRoot.querySelector("input"), input);
  assert.equal(input.value, "typed");
});

test("takes a press between mounting and beginning for an early one", async () => {
  answers.set("https://actions.invalid/campaigns/river.json", () => new Response(`${CAMPAIGN}\0${FIRST}`));
  const form = place();
  meanwhile.next = () => form.shadowRoot.querySelector("button").click();
  await until(() => form.state === "editing");
  assert.deepEqual(mounted[0].calls, [["compare", JSON.parse(FIRST).first], ["begin", true]]);
});

test("says why there is no form where it can't begin, and keeps what was typed", async () => {
  answers.set("https://actions.invalid/campaigns/river.json", () => new Response(`${CAMPAIGN}\0${FIRST}`));
  const form = place();
  meanwhile.next = () => {
    const input = form.shadowRoot.querySelector("input");
    input.value = "typed";
    input.dispatchEvent(new Event("input", { bubbles: true }));
    mounted[0].begin = () => {
      throw new Error("unreachable");
    };
  };
  await until(() => form.state === "unavailable");
  assert.deepEqual(mounted[0].calls.map(([name]) => name), ["compare", "abandon"]);
  assert.equal(form.shadowRoot.querySelector("input").value, "typed");
  assert.equal(form.shadowRoot.querySelector("button"), null);
  assert.equal(errors.at(-1).code, "unavailable_wasm");
});

test("mounts a form without a first paint where the first paint is no markup", async () => {
  const first = JSON.stringify({ edition: __EDITION__, lang: "en", first: element("form").slice(0, -1) });
  answers.set("https://actions.invalid/campaigns/river.json", () => new Response(`${CAMPAIGN}\0${first}`));
  const form = place();
  await until(() => form.state === "editing");
  assert.deepEqual(mounted[0].calls, [["begin", false]]);
});

test("asks for texts in the first of the wanted languages that the campaign has", async () => {
  answers.set("https://partner.invalid/v0.0.0/catalogues.json", () => Response.json({ km: "hash" }));
  answers.set("https://partner.invalid/v0.0.0/km.json", () => new Response('["Khmer"]'));
  const form = place({ lang: "km-KH" });
  await until(() => form.state === "editing");
  assert.equal(mounted[0].context[0], "km");
  assert.equal(mounted[0].texts, '["Khmer"]');
});

/** The message shown in place of a form. */
const told = async (form) => {
  await until(() => form.shadowRoot.querySelector("[role=status]"));
  assert.equal(form.state, "unavailable");
  assert.ok(form.shadowRoot.querySelector("slot"), "the page's own content is visible");
  const sentence = form.shadowRoot.querySelector("[role=status]");
  return [sentence.textContent, sentence.querySelector("a")?.getAttribute("href")];
};

test("says that the campaign did not answer, and links to its own page", async () => {
  answers.clear();
  const said = await told(place());
  assert.deepEqual(said, [
    "The form could not be loaded: the campaign did not answer. Open the form on its own page",
    "https://actions.invalid/campaigns/river",
  ]);
  assert.deepEqual(errors, [{ code: "unavailable_campaign", retryable: true }]);
});

test("says that something is wrong with a tag without a campaign", async () => {
  const said = await told(place({ campaign: "" }));
  assert.deepEqual(said, ["The form could not be loaded: something is wrong with the campaign. ", undefined]);
  assert.deepEqual(errors, [{ code: "unavailable_faulty", retryable: false }]);
});

test("says that something is wrong with a campaign that Rust refuses", async () => {
  fault.next = "/title: this is missing";
  const [sentence] = await told(place());
  assert.match(sentence, /something is wrong with the campaign/);
  assert.deepEqual(errors, [{ code: "unavailable_faulty", retryable: false }]);
});

test("links to no page that is not on the web", async () => {
  answers.clear();
  const [, link] = await told(place({ hosted: "javascript:run()" }));
  assert.equal(link, undefined);
});

test("says that the browser does not let it run where the code is none", async () => {
  answers.set("https://partner.invalid/v0.0.0/standwith.wasm", () => new Response("no code"));
  const [sentence] = await told(place());
  assert.match(sentence, /this page or browser does not let it run/);
});

test("ends the form when the element leaves the page", async () => {
  const form = place();
  await until(() => form.state === "editing");
  form.remove();
  await until(() => mounted[0].calls.some(([call]) => call === "free"));
  assert.equal(form.state, "unavailable");
  assert.equal(form.shadowRoot.innerHTML, "");
});

test("stays under one name when the page loads it twice", async () => {
  const { element: name, version } = window.StandWith;
  await import(`../../www/loader/main.js?${Math.random()}`);
  assert.equal(window.StandWith.element, name);
  assert.equal(version, "0.0.0");
});
