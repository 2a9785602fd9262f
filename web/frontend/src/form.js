// A form of a task or of a start, drawn by form-js:
//
//   <div data-form data-upload="/files" [data-readonly] [data-typed] [data-draft="person:task:id"]>
//     <script type="application/json" data-schema>{…form-js schema…}</script>
//     <script type="application/json" data-values>{…}</script>
//     <script type="application/json" data-problems>[{"where": "lines[0].price", "text": "why"}]</script>
//     <script type="application/json" data-messages>{"English": "theirs"}</script>
//     <div data-form-body></div>
//     <form data-answer method="post"><input type="hidden" name="answers">…</form>
//   </div>
//
// The browser's check spares a round trip; the server checks everything again.
import { Form } from "@bpmn-io/form-js-viewer";
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";

import { csrf, json, mount } from "./shared/mount.js";
import { translateTexts, translator } from "./shared/messages.js";
import { calendarLanguage } from "./shared/calendar.js";
import { attach, upload } from "./shared/uploads.js";

mount("form", async (element) => {
  const schema = json(element, "schema");
  const answer = element.querySelector("form[data-answer]");
  if (!schema) return;
  calendarLanguage(element.dataset.language);
  const translate = translator(json(element, "messages", {}));
  const body = element.querySelector("[data-form-body]");
  const readOnly = element.hasAttribute("data-readonly");
  const form = new Form({ container: body, properties: { readOnly } });
  inTheReadersLanguage(form, translate);
  translateTexts(body, translate);

  const draft = !readOnly && element.dataset.draft ? `draft:${element.dataset.draft}` : null;
  const typed = element.hasAttribute("data-typed");
  const kept = draft && !typed ? read(draft) : null;
  const values = json(element, "values", {});
  const imported = form.importSchema(schema, { ...values, ...kept });
  attach(form, { ...values, ...kept });
  await imported;
  if (kept) offerToStartAfresh(element, draft);
  if (draft) keepDrafts(form, draft);
  showProblems(form, json(element, "problems", []), element);
  if (!answer) return;

  let sending = false;
  answer.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    const { data, errors } = form.submit();
    const progress = answer.querySelector("[data-progress]");
    const button = answer.querySelector("button");
    if (Object.keys(errors).length) {
      progress.textContent = translate("Please look at the marked fields.");
      button.disabled = false;
      focusFirst(body);
      return;
    }
    sending = true;
    button.disabled = true;
    try {
      const answers = await upload(form, data, element.dataset.upload, csrf(), (name) => {
        progress.textContent = translate(`Sending ${name} …`);
      });
      progress.textContent = translate("Sending …");
      answer.elements.answers.value = JSON.stringify(answers);
      answer.submit();
    } catch (refused) {
      sending = false;
      button.disabled = false;
      progress.textContent = refused.told ?? translate("The file could not be sent. Please try again.");
    }
  });
});

// The validator is a service of the form; form-js exports no class to extend.
function inTheReadersLanguage(form, translate) {
  const validator = form.get("validator");
  const check = validator.validateFieldInstance.bind(validator);
  validator.validateFieldInstance = (...args) => check(...args).map(translate);
}

// What the server found, at the fields it names. Fields register as they are drawn, so this waits
// for them; what no field shows stays in the list above the form.
async function showProblems(form, problems, element) {
  if (!problems.length) return;
  const fields = form.get("formFieldRegistry");
  for (let frame = 0; frame < 30; frame += 1) {
    await new Promise((next) => requestAnimationFrame(next));
    if (form.get("formFieldInstanceRegistry").getAllKeyed().length) break;
  }
  const errors = {};
  for (const instance of form.get("formFieldInstanceRegistry").getAllKeyed()) {
    const where = instance.valuePath.join(".");
    const found = problems.filter((problem) => problem.where.replace(/\[(\d+)\]/g, ".$1") === where);
    if (!found.length) continue;
    let place = errors;
    const path = [instance.id, ...Object.values(instance.indexes ?? {})];
    for (const step of path.slice(0, -1)) place = place[step] ??= {};
    place[path.at(-1)] = found.map((problem) => problem.text);
    const label = fields.get(instance.id)?.label;
    for (const line of document.querySelectorAll("[data-where]")) {
      if (label && line.dataset.where === found[0].where) line.prepend(Object.assign(document.createElement("b"), { textContent: `${label}: ` }));
    }
  }
  form._setState({ errors });
}

function focusFirst(body) {
  requestAnimationFrame(() => {
    const field = body.querySelector(".fjs-has-errors :is(input, textarea, select, button, [tabindex])");
    field?.focus();
    field?.scrollIntoView({ block: "center" });
  });
}

// Drafts keep themselves in this tab: a closed session or a stray link loses nothing.
function keepDrafts(form, key) {
  let waiting;
  let first = true;
  form.on("changed", () => {
    if (first) {
      first = false;
      return;
    }
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const text = JSON.stringify(form._getSubmitData(), (_, value) => (typeof value === "string" && value.startsWith("files::") ? null : value));
      try {
        sessionStorage.setItem(key, text);
      } catch {
        // Full or forbidden: the form works without drafts.
      }
    }, 400);
  });
}

function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key));
  } catch {
    return null;
  }
}

function offerToStartAfresh(element, key) {
  const note = element.querySelector("[data-restored]");
  if (!note) return;
  note.hidden = false;
  note.querySelector("[data-discard]").addEventListener("click", () => {
    sessionStorage.removeItem(key);
    window.location.reload();
  });
}
