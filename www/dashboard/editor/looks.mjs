// How the editor looks: the dashboard's colours, which reach into its shadow root by name.

import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--move)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--canary-text)" },
  { tag: [tags.separator, tags.brace, tags.squareBracket], color: "var(--soft)" },
]);

export const looks = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--card)", fontSize: "14px", height: "clamp(20rem, 72vh, 60rem)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace", lineHeight: "1.55" },
  ".cm-content": { caretColor: "var(--text)", paddingBlock: "0.75rem" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--move-soft)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--soft)", border: "0", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--move-soft) 45%, transparent)" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "8px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "inherit" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionInfo": { maxWidth: "24rem", whiteSpace: "pre-wrap" },
  ".hint": { maxWidth: "26rem", padding: "0.6rem 0.8rem", fontFamily: "system-ui, sans-serif", lineHeight: "1.4" },
  ".hint p": { margin: "0 0 0.5rem", whiteSpace: "pre-wrap" },
  ".hint p:last-child": { margin: "0" },
  ".cm-diagnostic": { borderLeftWidth: "4px", padding: "0.4rem 0.7rem", fontFamily: "system-ui, sans-serif" },
  ".cm-diagnosticSource": { color: "var(--soft)", opacity: "1" },
  ".cm-changedLine": { backgroundColor: "var(--good-soft) !important" },
  ".cm-deletedChunk": { backgroundColor: "var(--bad-soft)" },
  // Colours of words are not dark enough on that ground.
  ".cm-deletedChunk, .cm-deletedChunk *": { color: "var(--text) !important" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--text)", borderColor: "var(--line)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--raised)", borderColor: "var(--line)", color: "var(--soft)" },
});
