// Why there is no form: what the loader throws, and tells.

/** @typedef {{ reason?: string, message?: string }} Failure an `Unavailable`, or whatever else was thrown */

/**
 * Why there is no form: a sentence for the supporter.
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

/** There can be no form, for this reason. */
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
 * What throws an error on: with its own reason where it has one, else with this.
 * @param {string} reason
 */
export const because = (reason) => /** @param {unknown} error */ (error) => {
  throw error instanceof Unavailable ? error : new Unavailable(reason, String(error));
};
