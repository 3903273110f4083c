// Types of what the scripts of the benches find around them, and leave there. For the type checker alone.

/** Whether the field is to get the focus as soon as it is there. */
declare const __LIVE__: boolean;

interface Window {
  /** Tells the bench what happened. */
  tellBench?: (what: string) => void;
  /** What `probe.js` has seen; times are those of `performance.now`. */
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
  /** What `person.js` does. */
  person: object;
}

interface Element {
  /** Where a control of the floor says what is wrong with it. */
  told?: HTMLElement;
}

interface HTMLFormElement {
  /** Whether somebody began to fill in the floor. */
  started?: boolean;
}
