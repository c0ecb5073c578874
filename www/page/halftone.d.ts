/** What the page script offers to the pages of a site. */
interface Halftone {
  /**
   * Says that a goal was met on this page. Told once per page and name; later calls do nothing.
   * @param name 1 to 40 of `a-z`, `0-9`, `_` and `-`, the first a letter or digit. Another name is a warning on the console.
   */
  goal(name: string): void;
  /** The version of the site that this page is of, such as `"v2"`; undefined if the site does not say it. */
  readonly version: string | undefined;
}

/** Told to `window` once per version and tab: the version this page is of was rolled back. */
interface HalftoneRecallEvent extends CustomEvent<{ version: string }> {
  /** Keeps the page from loading anew by itself, if the site's config wants that. */
  preventDefault(): void;
}

interface WindowEventMap {
  "halftone:recall": HalftoneRecallEvent;
}

interface Window {
  readonly halftone: Halftone;
}

declare var halftone: Halftone;
