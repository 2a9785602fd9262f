// What a field must be by properties of our own, which form-js does not know: the server holds the same.
import { buildExpressionContext } from "@bpmn-io/form-js-viewer";

/** What is wrong with a value, in form-js's manner: English sentences. */
export function ours(form, field, instance, value) {
  const { required_if: asked, not_before: other } = field?.properties ?? {};
  if (asked && empty(value) && form.get("expressionLanguage").evaluateUnaryTest(asked, buildExpressionContext(instance.expressionContextInfo)) === true) {
    return ["Field is required."];
  }
  if (!other || !value) return [];
  const first = [...instance.valuePath.slice(0, -1), other].reduce((held, name) => held?.[name], form._getState().data);
  // Days and moments are written by ISO 8601.
  return first && Date.parse(value) < Date.parse(first) ? [`This date must not lie before ${first.slice(0, 10)}.`] : [];
}

function empty(value) {
  return value === undefined || value === null || value === false || value === "" || (typeof value === "string" && !value.trim()) || (Array.isArray(value) && !value.length);
}
