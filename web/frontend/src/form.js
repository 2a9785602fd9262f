// A task's form: form-js inside a plain HTML form.
//
//   <form data-form method="post">
//     <script type="application/json" data-schema>{…form-js schema…}</script>
//     <script type="application/json" data-values>{…}</script>
//     <script type="application/json" data-errors>{"field": ["why"]}</script>     (optional)
//     <script type="application/json" data-messages>{"English": "theirs"}</script> (optional)
//     <div data-form-body></div>
//     <input type="hidden" name="answers">
//   </form>
//
// The browser's check spares a round trip; the server checks everything again.
import { Form } from "@bpmn-io/form-js-viewer";
import "@bpmn-io/form-js-viewer/dist/assets/form-js.css";

import { translator } from "./shared/messages.js";
import { json, mount } from "./shared/mount.js";

mount("form", async (element) => {
  const form = new Form({ container: element.querySelector("[data-form-body]") });
  inTheReadersLanguage(form, translator(json(element, "messages", {})));
  await form.importSchema(json(element, "schema"), json(element, "values", {}));
  show(form, json(element, "errors", {}));
  if (element.hasAttribute("data-readonly")) form.setProperty("readOnly", true);

  element.addEventListener("submit", (event) => {
    const { data, errors } = form.submit();
    if (Object.keys(errors).length) {
      event.preventDefault();
      element.querySelector(".fjs-has-errors input, .fjs-has-errors textarea")?.focus();
      return;
    }
    element.elements.answers.value = JSON.stringify(data);
  });
});

// The validator is a service of the form; form-js exports no class to extend.
function inTheReadersLanguage(form, translate) {
  const validator = form.get("validator");
  const check = validator.validateFieldInstance.bind(validator);
  validator.validateFieldInstance = (...args) => check(...args).map(translate);
}

// What the server found, at the fields that it names by key.
function show(form, problems) {
  const errors = {};
  for (const field of form.get("formFieldRegistry").getAll()) {
    if (field.key && problems[field.key]) errors[field.id] = problems[field.key];
  }
  if (Object.keys(errors).length) form._setState({ errors });
}
