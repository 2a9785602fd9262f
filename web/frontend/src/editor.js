// The rule page's editor, in place of its text area:
//
//   <form data-editor-form data-check="/rules/KEY/check">
//     <script type="application/json" data-problems>[{"line": 3, "column": 5, "severity": "error", "text": "…"}]</script>
//     <script type="application/json" data-messages>{"English": "theirs"}</script>
//     <textarea data-editor data-nonce="…" name="text"></textarea> <div data-found></div>
//   </form>
//
// The text area stays in its form and is what is sent; without this script it simply works.
import { closeBrackets, closeBracketsKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

import { csrf, json, mount } from "./shared/mount.js";
import { translator } from "./shared/messages.js";

mount("editor-form", (form) => {
  const area = form.querySelector("[data-editor]");
  const found = form.querySelector("[data-found]");
  const messages = json(form, "messages", {});
  const translate = translator(messages);
  let waiting;
  const view = new EditorView({
    state: EditorState.create({
      doc: area.value,
      extensions: [
        // Its styles are a <style> element, which the policy lets in by its nonce alone.
        EditorView.cspNonce.of(area.dataset.nonce),
        EditorState.phrases.of(messages),
        lineNumbers(), lintGutter(), history(), drawSelection(), indentOnInput(),
        bracketMatching(), closeBrackets(), highlightActiveLine(),
        highlightActiveLineGutter(), highlightSelectionMatches(), yaml(),
        syntaxHighlighting(classHighlighter),
        EditorState.tabSize.of(2),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": area.getAttribute("aria-label") ?? area.name }),
        // Escape, then Tab leaves the editor: the keyboard is not trapped.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap, indentWithTab]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          area.value = update.state.doc.toString();
          clearTimeout(waiting);
          waiting = setTimeout(check, 600);
        }),
      ],
    }),
  });
  area.hidden = true;
  area.after(view.dom);
  const given = json(form, "problems", []);
  if (given.length) report(given);
  else check();

  async function check() {
    const text = view.state.doc.toString();
    const body = new URLSearchParams({ text });
    found.textContent = translate("Checking …");
    let problems;
    try {
      const answer = await fetch(form.dataset.check, { method: "POST", body, headers: { "X-CSRFToken": csrf(), Accept: "application/json" } });
      if (!answer.ok) throw new Error(answer.status);
      ({ problems } = await answer.json());
    } catch {
      found.textContent = translate("Not checked: the server did not answer.");
      return;
    }
    // Meanwhile more was typed: the next answer is on its way.
    if (text === view.state.doc.toString()) report(problems);
  }

  function report(problems) {
    const { doc } = view.state;
    const placed = problems.map(({ line, column, severity, text }) => {
      const row = doc.line(Math.min(Math.max(line, 1), doc.lines));
      const from = Math.min(row.from + Math.max((column || 1) - 1, 0), row.to);
      return { from, to: row.to, severity: severity === "warning" ? "warning" : "error", message: text };
    });
    view.dispatch(setDiagnostics(view.state, placed));
    if (!problems.length) {
      found.textContent = translate("Checked: no problems.");
      return;
    }
    const list = document.createElement("ul");
    problems.forEach((problem, place) => {
      const item = document.createElement("li");
      item.className = `is-${placed[place].severity}`;
      const go = Object.assign(document.createElement("button"), { type: "button", className: "plain", textContent: translate(`Line ${Math.max(problem.line, 1)}`) });
      go.addEventListener("click", () => {
        view.dispatch({ selection: { anchor: placed[place].from }, scrollIntoView: true });
        view.focus();
      });
      item.append(go, problem.text);
      list.append(item);
    });
    found.replaceChildren(list);
  }
});
