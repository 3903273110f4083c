// Retries of the loader's requests.

/** @typedef {import("./failure.js").Failure} Failure */

/** Maximum wait before a retry, in milliseconds. */
const LONGEST_WAIT = 32_000;

/**
 * Runs `make` once for all forms of a page; again after a failure.
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
 * Resolves in a separate task, after so many milliseconds.
 * @param {number} [wait]
 */
export const pause = (wait) => new Promise((resolve) => setTimeout(resolve, wait));

/**
 * The result of `load`; retries on a poor network, with a wait, as long as it is wanted.
 * @template T
 * @param {() => Promise<T>} load
 * @param {() => boolean} wanted
 * @param {(failure: Failure) => void} tell called with each failure that comes after some seconds
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
