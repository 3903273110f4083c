// Types of what the loader's files find around them: constants of the build, modules that the build resolves, and
// properties of ours on objects of the browser. For the type checker alone: nothing of it is shipped.

/** The version of the widget, and the name of its folder. */
declare const __VERSION__: string;
/** The integrity of the WebAssembly file. */
declare const __WASM__: string;
/** The integrity of each file of texts, by its name without the ending. */
/** The languages of the catalogues, a space between them. */
declare const __LOCALES__: string;
declare const __CATALOGUES__: string;
declare const __COUNTRIES__: string;
/** The names that markup uses, a space between them: tags, then attributes (`src/markup.rs`). */
declare const __NAMES__: string;
/** How many of the names are tags. */
declare const __TAGS__: number;
/** What an attribute that holds an address may say, as a regular expression (`ADDRESSES` in `src/markup.rs`). */
declare const __ADDRESSES__: Record<string, string>;
/** The number of the list of names: see `EDITION` in `src/markup.rs`. */
declare const __EDITION__: number;

declare module "*.css" {
  const css: string;
  export default css;
}

/** What wasm-bindgen makes of `widget/src/lib.rs`. */
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
  /** The language of the list of countries inside; `false` before there is one, absent where there is none to be. */
  hasCountries?: string | false;
}

interface HTMLElement {
  /** Whether this tag has put its form on the page, or this element is that of a tag that has run. */
  standwith?: boolean;
}

interface Window {
  /** What the first loader of a page leaves for the others, and for the page. */
  StandWith?: { version: string; ready: Promise<void>; element: string };
}
