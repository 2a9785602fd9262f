// A form of a task or of a start, drawn by form-js:
//
//   <div data-form data-upload="/files" [data-readonly] [data-typed] [data-draft="person:task:id"]>
//     <script type="application/json" data-schema>{…form-js schema…}</script>
//     <script type="application/json" data-values>{…}</script>
//     <script type="application/json" data-problems>[{"where": "lines[0].price", "text": "why"}]</script>
//     <script type="application/json" data-files>{"largest": bytes, "kinds": ["text/csv"], "empty": "why", …}</script>
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
import { groupFields, dressTables } from "./shared/figures.js";
import { readNumbers } from "./shared/numbers.js";
import { tellWhatIsCut } from "./shared/cut.js";
import { ours } from "./shared/checks.js";
import { checkWhenLetGo } from "./shared/pressing.js";
import { calendarLanguage } from "./shared/calendar.js";
import { attach, describe, identity, link, upload, wrong } from "./shared/uploads.js";

mount("form", async (element) => {
  const schema = json(element, "schema");
  const answer = element.querySelector("form[data-answer]");
  if (!schema) return;
  calendarLanguage(element.dataset.language);
  const translate = translator(json(element, "messages", {}));
  const body = element.querySelector("[data-form-body]");
  const readOnly = element.hasAttribute("data-readonly");
  // At once: what was typed in the last third of a second is an answer too.
  const form = new Form({ container: body, properties: { readOnly, textLinkTarget: "_blank" }, debounce: false });
  const problems = json(element, "problems", []);
  const limits = json(element, "files");
  check(form, translate, problems, limits);
  checkWhenLetGo(form, held);
  translateTexts(body, translate);
  groupFields(form, element.dataset.language);
  readNumbers(body);
  if (limits) describe(form, body);

  const draft = !readOnly && element.dataset.draft ? `draft:${element.dataset.draft}` : null;
  const typed = element.hasAttribute("data-typed");
  const kept = draft && !typed ? read(draft) : null;
  const values = json(element, "values", {});
  // What is typed over, as it was seen then: the server says so if somebody else changed it meanwhile.
  const seen = { ...JSON.parse(answer?.elements.seen?.value ?? "{}"), ...kept?.seen };
  dressTables(body, schema, values, element.dataset.language);
  const imported = form.importSchema(schema, { ...values, ...kept?.typed });
  attach(form, { ...values, ...kept?.typed });
  await imported;
  link(form, values, body);
  tellWhatIsCut(form, body);
  // What is shown anyway is nothing that came back: a form that the server returned, or one merely looked at.
  if (Object.entries(kept?.typed ?? {}).some(([name, value]) => !same(value, values[name]))) offerToStartAfresh(element, draft);
  if (draft) keepDrafts(form, draft, body, seen);
  showProblems(form, problems);
  if (!answer) return;

  let sending = false;
  answer.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (sending) return;
    // Whether the server still objects is the server's to say.
    problems.length = 0;
    const { data, errors } = form.submit();
    const progress = answer.querySelector("[data-progress]");
    const button = answer.querySelector("button");
    const pointOut = () => {
      progress.textContent = translate("Please look at the marked fields.");
      button.disabled = false;
      focusFirst(body);
    };
    if (Object.keys(errors).length) {
      pointOut();
      return;
    }
    sending = true;
    button.disabled = true;
    const { answers, refused } = await upload(form, data, element.dataset.upload, csrf(), limits, (name) => {
      progress.textContent = translate(`Sending ${name} …`);
    });
    if (refused.length) {
      sending = false;
      problems.push(...refused);
      mark(form, problems);
      pointOut();
      return;
    }
    progress.textContent = translate("Sending …");
    answer.elements.answers.value = JSON.stringify(answers);
    if (answer.elements.seen) answer.elements.seen.value = JSON.stringify(seen);
    answer.submit();
  });
});

// The validator is a service of the form; form-js exports no class to extend. What the server found
// is added to what the browser finds, as long as the answer is the one that the server refused.
function check(form, translate, problems, limits) {
  const validator = form.get("validator");
  const theirs = validator.validateFieldInstance.bind(validator);
  validator.validateFieldInstance = (instance, value) => {
    // What can only be read is nobody's answer: a figure with more decimals than its field shows hinders nothing.
    const field = form.get("formFieldRegistry").get(instance.id);
    if (field?.readonly || field?.disabled) return [];
    const found = of(problems, instance).filter((problem) => (problem.refused ??= identity(form, field, value)) === identity(form, field, value));
    const own = instance.hidden ? [] : ours(form, field, instance, value);
    const files = limits && !instance.hidden ? wrong(form, field, value, limits) : [];
    return [...theirs(instance, value).map(translate), ...own.map(translate), ...files, ...found.map((problem) => problem.text)];
  };
}

function of(problems, instance) {
  const where = instance.valuePath.join(".");
  return problems.filter((problem) => problem.where.replace(/\[(\d+)\]/g, ".$1") === where);
}

// Fields register as they are drawn, so this waits for them. What no field shows stays in the list above.
async function showProblems(form, problems) {
  if (!problems.length) return;
  const instances = form.get("formFieldInstanceRegistry");
  for (let frame = 0; frame < 30 && !instances.getAllKeyed().length; frame += 1) {
    await new Promise((next) => requestAnimationFrame(next));
  }
  for (const instance of mark(form, problems)) {
    const field = form.get("formFieldRegistry").get(instance.id);
    const label = field?.label ?? field?.dateLabel;
    for (const line of document.querySelectorAll("[data-where]")) {
      if (label && of([{ where: line.dataset.where }], instance).length) line.prepend(Object.assign(document.createElement("b"), { textContent: `${label}: ` }));
    }
  }
}

// The fields that have some of the problems say so. → their instances
function mark(form, problems) {
  const marked = form.get("formFieldInstanceRegistry").getAllKeyed().filter((instance) => of(problems, instance).length);
  for (const instance of marked) form.get("viewerCommands").updateFieldInstanceValidation(instance, held(form, instance));
  return marked;
}

// An instance itself may still have the value that it was drawn with first.
function held(form, instance) {
  return instance.valuePath.reduce((found, name) => found?.[name], form._getState().data) ?? null;
}

function focusFirst(body) {
  requestAnimationFrame(() => {
    const field = body.querySelector(".fjs-has-errors :is(input:not([type=file]), textarea, select, button, [tabindex])");
    field?.focus();
    // A list or a calendar that opens by itself would cover what is wrong, and the fields below.
    field?.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape", code: "Escape", bubbles: true }));
    field?._flatpickr?.close();
    field?.scrollIntoView({ block: "center" });
  });
}

// Drafts keep themselves in this tab: a closed session or a stray link loses nothing. Kept is what was
// typed, over what was seen then; the other fields are shown as they are when it is restored.
function keepDrafts(form, key, body, seen) {
  let waiting;
  let touched = false; // form-js reports changes of its own while it draws
  for (const kind of ["input", "change", "click", "keydown"]) body.addEventListener(kind, () => { touched = true; }, true);
  const keep = () => {
    if (waiting === undefined) return;
    clearTimeout(waiting);
    waiting = undefined;
    const data = form._getSubmitData();
    const names = Object.keys(data).filter((name) => !same(data[name], seen[name]));
    const draft = {
      typed: Object.fromEntries(names.map((name) => [name, data[name]])),
      seen: Object.fromEntries(names.map((name) => [name, seen[name] ?? null])),
    };
    const text = JSON.stringify(draft, (_, value) => (typeof value === "string" && value.startsWith("files::") ? null : value));
    try {
      sessionStorage.setItem(key, text);
    } catch {
      // Full or forbidden: the form works without drafts.
    }
  };
  form.on("changed", () => {
    if (!touched) return;
    clearTimeout(waiting);
    waiting = setTimeout(keep, 400);
  });
  window.addEventListener("pagehide", keep);
  document.addEventListener("htmx:beforeSwap", keep);
}

// A box that is not ticked and a text that is empty are no answer.
function same(one, other) {
  const told = (value) => JSON.stringify(value === false || value === "" ? null : value ?? null);
  return told(one) === told(other);
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
