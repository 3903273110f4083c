/**
 * The language among the available that is nearest to the first of the wanted that any is near to: the
 * same tag, else the same with fewer subtags (RFC 4647, lookup), else the same primary subtag. Without
 * one, the first available. The core's `language::choose` says the same; the test vectors hold both.
 * @param {string[]} wanted
 * @param {string[]} available
 */
export const choose = (wanted, available) => {
  /** @param {string} tag */
  const primary = (tag) => tag.toLowerCase().split(/[-_]/)[0];
  for (const tag of wanted) {
    for (let range = tag.toLowerCase(); range; range = range.replace(/(^|[-_])[^-_]*$/, "")) {
      const same = available.find((known) => known.toLowerCase() === range);
      if (same) return same;
    }
    const near = available.find((known) => primary(known) === primary(tag));
    if (near) return near;
  }
  return available[0];
};
