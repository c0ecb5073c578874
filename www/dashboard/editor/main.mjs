// The config's editor: text with the schema's words as one types and as one points, and the checker's problems where they stand. Loaded
// only when somebody edits. It lives in a shadow root, where its style sheets are adopted and not written into the page: the page's
// policy takes none but its own file.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonLanguage } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { unifiedMergeView } from "@codemirror/merge";
import { searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, highlightActiveLineGutter, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { Checker } from "./checker.mjs";
import { completed, hinted } from "./hints.mjs";
import { colours, looks } from "./looks.mjs";

const DELAY_MS = 250;

/**
 * Opens an editor in an element. `onInspected` is told what the checker says of the text whenever it has changed: problems, offers,
 * and the text it is about. It begins where the config of `site` does. Gives what can be done with it.
 */
export async function open(parent, { text, live, site, onInspected }) {
  const checker = await Checker.load();
  const schema = checker.schema();
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  const frame = document.createElement("div");
  root.replaceChildren(frame);
  const compared = new Compartment();
  let inForce = live;

  const inspected = (view) => {
    const text = view.state.doc.toString();
    const said = checker.inspect(inForce, text);
    onInspected({ ...said, text });
    return said.problems.map((problem) => diagnosed(view.state, problem));
  };
  const check = linter(inspected, { delay: DELAY_MS });
  const view = new EditorView({
    parent: frame,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        history(),
        foldGutter(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        json(),
        jsonLanguage.data.of({ autocomplete: (context) => completed(context, schema) }),
        autocompletion({ icons: false }),
        hoverTooltip((view, pos) => hinted(view.state, pos, schema)),
        check,
        lintGutter(),
        syntaxHighlighting(colours),
        looks,
        compared.of([]),
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...completionKeymap,
          ...lintKeymap,
        ]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": "The config", tabindex: "0" }),
      ],
    }),
  });
  inspected(view);
  const first = Math.max(0, text.search(new RegExp(`"${site.replace(/[^\w-]/g, "\\$&")}"\\s*:\\s*\\{`)));
  view.dispatch({ selection: { anchor: first }, effects: EditorView.scrollIntoView(first, { y: "start", yMargin: 40 }) });

  return {
    text: () => view.state.doc.toString(),
    put(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
    },
    /** Shows what differs from another text; null ends that. */
    compare(original) {
      const shown = original === null ? [] : unifiedMergeView({ original, mergeControls: false, gutter: true });
      view.dispatch({ effects: compared.reconfigure(shown) });
    },
    /** Something else is in force: it is checked against that. */
    inForce(live) {
      inForce = live;
      inspected(view);
    },
    /** Goes to where a problem stands. */
    go({ line, column }) {
      const anchor = place(view.state.doc, line, column);
      view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      view.focus();
    },
    close: () => view.destroy(),
  };
}

/** The offset of a line and a column in characters, both from 1; an editor counts in halves of them. */
function place(doc, line, column) {
  const { from, text } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return from + [...text].slice(0, column - 1).join("").length;
}

/** A problem at the word it begins with. */
function diagnosed({ doc }, { line, column, severity, text, path }) {
  const start = place(doc, line, column);
  const rest = doc.lineAt(start).to - start;
  const word = /^("(?:[^"\\]|\\.)*"?|[\w.+-]+|\S)/.exec(doc.sliceString(start, start + rest))?.[0] ?? "";
  const from = word === "" ? Math.max(0, start - 1) : start;
  return { from, to: Math.max(from, start + word.length), severity, message: text, source: path || undefined };
}
