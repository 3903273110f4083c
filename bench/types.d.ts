// Types of the globals that the benches' scripts use and set. For the type checker alone.

/** Whether the first field gets the focus as soon as it exists. */
declare const __LIVE__: boolean;

interface Window {
  /** Reports an event to the bench. */
  tellBench?: (what: string) => void;
  /** The measurements of `probe.js`; times are those of `performance.now`. */
  bench: {
    ready: number;
    blocking: number;
    shift: number;
    memories: Set<WebAssembly.Memory>;
    /** Whether the time from a key to its letter is measured. */
    typing?: boolean;
    field?: number;
    told?: number;
    readyAt?: number;
    clicked?: number;
    left?: number;
    answered?: number;
    wasm?: () => number;
  };
  /** The actions of `person.js`. */
  person: object;
}

interface Element {
  /** The element that shows a control's error, in the minimal form. */
  told?: HTMLElement;
}

interface HTMLFormElement {
  /** Whether the minimal form has received input. */
  started?: boolean;
}
