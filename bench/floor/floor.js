// The floor: the simplest possible form, with the same fields from the same campaign file, in plain JavaScript. It has
// one language, does not sign or count, and is not protected against hostile pages. The benches compare our form with
// it.

/** @typedef {{ id: string, required?: boolean }} Field */
/** @typedef {{ min: number, max: number, subjects: string[], body: string }} Message */
/**
 * @typedef {{
 *   title: string,
 *   story: string,
 *   targets: { id: string, name: string }[],
 *   targeting: { least: number, most: number },
 *   message: Message,
 *   fields: Field[],
 *   consents: { purpose: string, wording: string, required?: boolean }[],
 * }} Campaign
 */

const script = /** @type {HTMLScriptElement} */ (document.currentScript);
const { campaign: source, endpoint } = /** @type {Record<string, string>} */ (script.dataset);
/** @type {Record<string, string>} */
const LABELS = {
  given_name: "Given name",
  family_name: "Family name",
  email: "E-mail",
  country: "Country",
  postal_code: "Postcode",
};
/** @type {Record<string, string>} */
const KINDS = { email: "email" };
const CODES =
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/**
 * An element with these properties and children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {object} [properties]
 * @param {(Node | string)[]} children
 */
const make = (tag, properties, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
};

/**
 * A control with its label above and a place for its error.
 * @param {string} label
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} control
 */
const field = (label, control) => {
  const error = make("small", { className: "error" });
  control.told = error;
  return make("p", {}, make("label", { htmlFor: control.id = control.name }, label), control, error);
};

/**
 * @param {string} name
 * @param {string} value
 * @param {string} label
 * @param {boolean} [required]
 */
const box = (name, value, label, required) => {
  const control = make("input", { type: "checkbox", name, value, id: `${name}-${value}`, required });
  return make("p", { className: "box" }, control, make("label", { htmlFor: control.id }, label));
};

/**
 * Fills in the names of all countries only when the control gets the focus, because they take time.
 * @param {HTMLSelectElement} select
 */
const countries = (select) => {
  select.addEventListener("focus", () => {
    const names = new Intl.DisplayNames("en", { type: "region" });
    const known = CODES.split(" ").map((code) => [/** @type {string} */ (names.of(code)), code]);
    known.sort(([one], [other]) => one.localeCompare(other));
    select.append(...known.map(([name, code]) => new Option(name, code)));
  }, { once: true });
  select.append(new Option("Choose a country", ""));
  return select;
};

/** @param {Field} field */
const person = ({ id, required }) => {
  const control = id === "country"
    ? countries(make("select", { name: id, required }))
    : make("input", { name: id, required, type: KINDS[id] ?? "text", autocomplete: "on" });
  return field(LABELS[id], control);
};

const style = `
.floor { max-width: 40em; margin: 0 auto; padding: 1em; font: medium/1.5 system-ui, sans-serif }
.floor * { box-sizing: border-box }
.floor label { display: block; font-weight: 600 }
.floor :is(input, select, textarea, button) { width: 100%; min-height: 44px; padding: .5em; font: inherit }
.floor .box { display: flex; gap: .75em }
.floor .box input { width: 24px; min-height: 24px }
.floor .box label { font-weight: 400 }
.floor .error { color: #b3261e }`;

/** @param {Campaign} campaign */
const show = ({ title, story, targets, targeting, message, fields, consents }) => {
  const body = make("textarea", { name: "body", rows: 12, required: true, value: message.body });
  const remaining = make("small");
  const count = () => {
    remaining.textContent = `${message.max - [...body.value].length} characters left`;
  };
  count();
  const form = make(
    "form",
    { className: "floor", noValidate: true },
    make("style", {}, style),
    make("h2", {}, title),
    ...story.split("\n\n").map((part) => make("p", {}, part)),
    make(
      "fieldset",
      {},
      make("legend", {}, "To whom"),
      ...targets.map(({ id, name }) => box("targets", id, name)),
    ),
    field("Subject", make("input", { name: "subject", required: true, value: message.subjects[0] })),
    field("Message", body),
    remaining,
    ...fields.map(person),
    ...consents.map(({ purpose, wording, required }) => box(`consent_${purpose}`, "yes", wording, required)),
    make("button", {}, "Send"),
  );
  form.addEventListener("input", /** @param {Event} event */ ({ target }) => {
    if (target === body) count();
    if (form.started) return;
    form.started = true;
    form.dispatchEvent(new Event("floor:start", { bubbles: true }));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!isValid(form, targeting, message)) return;
    const data = new FormData(form);
    const entered = { ...Object.fromEntries(data), targets: data.getAll("targets") };
    const answer = await fetch(endpoint, { method: "POST", body: JSON.stringify(entered) });
    form.replaceChildren(make("h2", {}, answer.ok ? "Thank you" : "It could not be sent"));
  });
  script.after(form);
  form.dispatchEvent(new Event("floor:ready", { bubbles: true }));
};

/**
 * Shows or removes the error of each field, and focuses the first field with an error.
 * @param {HTMLFormElement} form
 * @param {Campaign["targeting"]} targeting
 * @param {Message} message
 */
const isValid = (form, { least, most }, { min, max }) => {
  /** @type {HTMLElement | undefined} */
  let first;
  const chosen = form.querySelectorAll("[name=targets]:checked").length;
  const length = [.../** @type {any} */ (form.elements).body.value].length;
  for (const control of /** @type {HTMLCollectionOf<HTMLInputElement>} */ (form.elements)) {
    const wrong = !control.checkValidity()
      || control.name === "targets" && (chosen < least || chosen > most)
      || control.name === "body" && (length < min || length > max);
    if (control.told) control.told.textContent = wrong ? "Please mend this" : "";
    if (wrong) first ??= control;
  }
  first?.focus();
  return !first;
};

fetch(source, { credentials: "omit" }).then((response) => response.json()).then(show);
