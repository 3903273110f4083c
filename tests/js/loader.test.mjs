// The loader's reading of campaign files, its names for failures, and its retries.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { decode, firstOf } from "../../www/loader/campaign.js";
import { because, Unavailable } from "../../www/loader/failure.js";
import { once, patiently } from "../../www/loader/retry.js";
import { settled } from "./page.mjs";

const bytes = (text) => new TextEncoder().encode(text);
const FILE = '{"id": "river", "title": "Save the {river}", "lang": "km"}';

test("decodes a campaign file alone", async () => {
  const { text, said, firstPaint, digest } = decode(bytes(FILE));
  assert.equal(text, FILE);
  assert.deepEqual([said.id, said.lang], ["river", "km"]);
  assert.deepEqual(firstPaint, {});
  assert.deepEqual(await digest, await crypto.subtle.digest("SHA-256", bytes(FILE)));
});

test("decodes a first paint after the file, which is no part of the digest", async () => {
  const { text, firstPaint, digest } = decode(bytes(`${FILE}\0{"edition": 1, "lang": "km", "first": "markup"}`));
  assert.equal(text, FILE);
  assert.deepEqual(firstPaint, { edition: 1, lang: "km", first: "markup" });
  assert.deepEqual(await digest, await crypto.subtle.digest("SHA-256", bytes(FILE)));
});

test("decodes a firstPaint that can't be read as none", () => {
  for (const firstPaint of ["", "{", "null", "\0"]) assert.deepEqual(decode(bytes(`${FILE}\0${firstPaint}`)).firstPaint, {});
});

test("leaves a file that is no JSON to Rust", () => {
  for (const text of ["", "null", "<!doctype html>", '"{"}']) {
    const decoded = decode(bytes(text));
    assert.equal(decoded.text, text);
    assert.deepEqual(decoded.said, {});
  }
});

const isUnavailable = (reason) => (error) => error instanceof Unavailable && error.reason === reason;

test("takes a file that breaks off as a failure of the network", () => {
  assert.throws(() => decode(bytes(FILE.slice(0, -1))), isUnavailable("network"));
  // Within a character, too.
  assert.throws(() => decode(bytes('{"id": "ខ').subarray(0, -1)), isUnavailable("network"));
});

test("takes a file that is no UTF-8 as faulty", () => {
  assert.throws(() => decode(Uint8Array.of(123, 255, 125)), isUnavailable("faulty"));
});

const firstPaint = { edition: __EDITION__, lang: "km", first: "markup" };
const far = { past: "2000-01-01T00:00:00Z", future: "9999-01-01T00:00:00Z" };

test("takes the first paint of this edition in this language", () => {
  assert.equal(firstOf(firstPaint, {}, "km"), "markup");
  assert.ok(!firstOf(firstPaint, {}, "en"));
  assert.ok(!firstOf({ ...firstPaint, edition: __EDITION__ + 1 }, {}, "km"));
  assert.ok(!firstOf({}, {}, "km"));
});

test("takes the first paint only while the campaign is open", () => {
  assert.equal(firstOf(firstPaint, { opens: far.past, closes: far.future }, "km"), "markup");
  assert.ok(!firstOf(firstPaint, { opens: far.future }, "km"));
  assert.ok(!firstOf(firstPaint, { closes: far.past }, "km"));
  assert.equal(firstOf(firstPaint, { opens: "no time", closes: {} }, "km"), "markup");
});

test("keeps the reason of a failure that has one", () => {
  assert.throws(() => because("wasm")(new Unavailable("network", "gone")), isUnavailable("network"));
  assert.throws(() => because("wasm")(TypeError("gone")), (error) =>
    isUnavailable("wasm")(error) && error.message === "TypeError: gone");
});

test("makes something once, and again after a failure", async () => {
  const made = ["fails", "works"];
  const make = once(async () => {
    const what = made.shift();
    if (what === "fails") throw Error(what);
    return what;
  });
  const both = await Promise.allSettled([make(), make()]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  assert.deepEqual(await Promise.all([make(), make()]), ["works", "works"]);
  assert.deepEqual(made, []);
});

test("asks again after 1, 2, 4 … and at most 32 seconds, and tells from the fourth failure on", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let asked = 0;
    let told = 0;
    const load = async () => {
      asked += 1;
      if (asked < 9) throw new Unavailable("network");
      return "loaded";
    };
    const loaded = patiently(load, () => true, () => told += 1);
    const seen = [];
    for (const seconds of [1, 2, 4, 8, 16, 32, 32, 32]) {
      await settled();
      seen.push([asked, told]);
      mock.timers.tick(seconds * 1000 - 1);
      await settled();
      assert.equal(asked, seen.length, `too soon, after ${seconds} s`);
      mock.timers.tick(1);
    }
    assert.equal(await loaded, "loaded");
    assert.deepEqual(seen, [[1, 0], [2, 0], [3, 0], [4, 1], [5, 2], [6, 3], [7, 4], [8, 5]]);
  } finally {
    mock.timers.reset();
  }
});

test("asks again for nothing that is no longer wanted", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let wanted = true;
    const load = mock.fn(() => Promise.reject(new Unavailable("network")));
    const loaded = patiently(load, () => wanted, () => {});
    await settled();
    wanted = false;
    mock.timers.tick(1000);
    assert.equal(await loaded, undefined);
    assert.equal(load.mock.callCount(), 1);
  } finally {
    mock.timers.reset();
  }
});

test("does not ask again after another failure than the network's", async () => {
  const load = mock.fn(() => Promise.reject(new Unavailable("campaign")));
  await assert.rejects(patiently(load, () => true, () => {}), isUnavailable("campaign"));
  assert.equal(load.mock.callCount(), 1);
});
