// Types of the loader's surroundings: constants of the build, modules that the build resolves, and our properties on
// objects of the browser. Only for the type checker; nothing of it is shipped.

/** The version of the widget, and the name of its folder. */
declare const __VERSION__: string;
/** The integrity of the WebAssembly file. */
declare const __WASM__: string;
/** The integrity of `catalogues.json`. */
declare const __CATALOGUES__: string;
/** The names that markup uses, a space between them: tags, then attributes (`src/markup.rs`). */
declare const __NAMES__: string;
/** How many of the names are tags. */
declare const __TAGS__: number;
/** The pattern for an attribute that holds an address, as a regular expression (`ADDRESSES` in `src/markup.rs`). */
declare const __ADDRESSES__: Record<string, string>;
/** The number of the list of names: see `EDITION` in `src/markup.rs`. */
declare const __EDITION__: number;

declare module "*.css" {
  const css: string;
  export default css;
}

/** The output of wasm-bindgen for `widget/src/lib.rs`. */
declare module "standwith-glue" {
  import type { Renderer } from "standwith-renderer";

  /** A form on a page. */
  export class Mounted {
    readonly state: string;
    readonly trapped: boolean;
    compare(first: string): void;
    begin(pressed: boolean): boolean;
    abandon(): void;
    reset(): void;
    free(): void;
  }
  /** Throws the first fault of the campaign file, as a string. */
  export const mount: (
    host: HTMLElement,
    root: ShadowRoot,
    renderer: Renderer,
    given: string,
  ) => Mounted;
  /** Starts the program. */
  const init: (options: { module_or_path: WebAssembly.Module }) => Promise<unknown>;
  export default init;
}

interface Element {
  /** What the last markup set on an element that the renderer made. */
  lastMarkup?: Record<string, string>;
  /** The nodes that the last markup put into it, in its order. */
  lastNodes?: ChildNode[];
}

interface HTMLSelectElement {
  /** The language of the list of countries; `false` before it is filled, absent if the element has none. */
  hasCountries?: string | false;
}

interface HTMLElement {
  /** Whether this tag has inserted its form, or this element was inserted by a tag on this page load. */
  standwith?: boolean;
}

interface Window {
  /** The global that the first loader of a page sets for other loaders and for the page. */
  StandWith?: { version: string; ready: Promise<void>; element: string };
}
