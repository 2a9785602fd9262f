// FEEL as form-js evaluates it in the browser, for the server's check of the same form:
// runtime/v8.py runs this bundle inside an isolate.
import { evaluate, unaryTest } from "@bpmn-io/feelin";

globalThis.feelin = { evaluate, unaryTest };
