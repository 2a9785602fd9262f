// The rule page's editor, in place of its text area:
//
//   <textarea data-editor name="text"></textarea>
//   <script type="application/json" data-problems>[{"line": 3, "column": 5, "severity": "error", "message": "…"}]</script>
//
// The text area stays in its form and is what is sent; without this script it simply works.
import { autocompletion, closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, defaultHighlightStyle, foldGutter, foldKeymap, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";

import { json, mount, nonce } from "./shared/mount.js";

mount("editor", (area) => {
  const view = new EditorView({
    state: EditorState.create({
      doc: area.value,
      extensions: [
        // Its styles are a <style> element, which the policy lets in by its nonce alone.
        EditorView.cspNonce.of(nonce()),
        lineNumbers(), lintGutter(), foldGutter(), history(), drawSelection(), indentOnInput(),
        bracketMatching(), closeBrackets(), autocompletion(), highlightActiveLine(),
        highlightActiveLineGutter(), highlightSelectionMatches(), yaml(),
        syntaxHighlighting(defaultHighlightStyle),
        EditorState.tabSize.of(2),
        EditorState.readOnly.of(area.readOnly),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": area.getAttribute("aria-label") ?? area.name }),
        keymap.of([
          ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap,
          ...foldKeymap, ...lintKeymap, indentWithTab,
        ]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) area.value = update.state.doc.toString();
        }),
      ],
    }),
  });
  area.hidden = true;
  area.after(view.dom);
  mark(view, json(area.parentElement, "problems", []));
});

/** Problems at their lines; `line` and `column` count from 1. */
function mark(view, problems) {
  const { doc } = view.state;
  view.dispatch(setDiagnostics(view.state, problems.map(({ line, column, severity = "error", message }) => {
    const row = doc.line(Math.min(Math.max(line, 1), doc.lines));
    const from = Math.min(row.from + Math.max((column ?? 1) - 1, 0), row.to);
    return { from, to: row.to, severity, message };
  })));
}
