// How what the loader fetches is asked for again.

/** @typedef {import("./failure.js").Failure} Failure */

/** How long to wait at most before code is asked for once more, in milliseconds. */
const LONGEST_WAIT = 32_000;

/**
 * What is made once for all forms of a page; again after a failure.
 * @template T
 * @param {() => Promise<T>} make
 */
export const once = (make) => {
  /** @type {Promise<T> | undefined} */
  let made;
  return () => made ??= make().catch((error) => {
    made = undefined;
    throw error;
  });
};

/**
 * Resolves in a task of its own, after so many milliseconds.
 * @param {number} [wait]
 */
export const pause = (wait) => new Promise((resolve) => setTimeout(resolve, wait));

/**
 * What `load` gives; on a poor network once more after a while, as long as it is wanted.
 * @template T
 * @param {() => Promise<T>} load
 * @param {() => boolean} wanted
 * @param {(failure: Failure) => void} tell is called after some seconds, with each failure from then on
 */
export const patiently = async (load, wanted, tell) => {
  for (let wait = 1000; wanted(); wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await load();
    } catch (error) {
      const failure = /** @type {Failure} */ (error);
      if (failure.reason !== "network") throw error;
      if (wait > 4000) tell(failure);
      await pause(wait);
    }
  }
};
