// Reasons why there is no form: the errors that the loader throws, and their sentences.

/** @typedef {{ reason?: string, message?: string }} Failure an `Unavailable`, or any other thrown value */

/**
 * The sentence for the supporter, by reason.
 * @type {Record<string, string>}
 */
export const SENTENCES = {
  campaign: "The form could not be loaded: the campaign did not answer.",
  faulty: "The form could not be loaded: something is wrong with the campaign.",
  wasm: "The form could not be loaded: this page or browser does not let it run.",
  network: "We could not load the form yet. Trying again...",
  insecure: "The form needs a secure connection.",
  unclear: "Something went wrong. Your message may have arrived.",
};

/** An error that prevents a form, with its reason. */
export class Unavailable extends Error {
  /**
   * @param {string} reason one of those of `SENTENCES`
   * @param {string} [detail] for the console
   */
  constructor(reason, detail) {
    super(detail);
    this.reason = reason;
  }
}

/**
 * Returns a handler that rethrows an error: with its own reason if it has one, else with this one.
 * @param {string} reason
 */
export const because = (reason) => /** @param {unknown} error */ (error) => {
  throw error instanceof Unavailable ? error : new Unavailable(reason, String(error));
};
