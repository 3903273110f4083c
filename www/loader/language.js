/**
 * A language tag in lower case, with the current code instead of an older or narrower one, and Chinese by its script.
 * @param {string} tag
 */
const canonical = (tag) => {
  const lower = tag.toLowerCase().replaceAll("_", "-");
  const script = /^zh-(?:.*-)?(?:(hant|tw|hk|mo)|hans|cn|sg)\b/.exec(lower);
  if (script) return script[1] ? "zh-hant" : "zh-hans";
  return lower.replace(/^iw\b/, "he").replace(/^in\b/, "id").replace(/^n[bn]\b/, "no");
};

/**
 * The available language for the first wanted one that has a match: the same tag, else, of equivalent tags, the same
 * with fewer subtags (RFC 4647, lookup), else the same primary subtag. The core's `language::nearest` has the same
 * rule; the test vectors are for both.
 * @param {string[]} wanted
 * @param {string[]} available
 */
export const nearest = (wanted, available) => {
  /** @param {string} tag */
  const primary = (tag) => canonical(tag).split("-")[0];
  for (const tag of wanted) {
    const same = available.find((known) => known.toLowerCase() === tag.toLowerCase());
    if (same) return same;
    for (let range = canonical(tag); range; range = range.replace(/(^|-)[^-]*$/, "")) {
      const near = available.find((known) => canonical(known) === range);
      if (near) return near;
    }
    const near = available.find((known) => primary(known) === primary(tag));
    if (near) return near;
  }
};
