// A case's diagram with the path it took:
//
//   <div data-diagram>
//     <script type="application/json" data-view>{"xml": "…", "done": ["id"], "active": ["id"], "flows": ["id"],
//       "cancelled": ["id"], "missed": ["id"], "labels": {"id": "text"}, "waiting": {"id": "text"}}</script>
//     <div data-canvas></div> <button data-zoom="in|out|fit">
//   </div>
//
// Labels and who is waited for come in the reader's language. bpmn.io's watermark stays: its licence asks for it.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";

import { json, mount } from "./shared/mount.js";

// Below this the names inside shapes cannot be read: rather show a part, where the case stands.
const READABLE = 0.55;
// Small, but the whole of it: what is a little too wide is not cut for the sake of its names.
const WHOLE = 0.45;

const EDGE = 24; // pixels around a drawing: for the name of who is waited for, above its step
const LOWEST = 220; // pixels: the buttons below a small drawing do not lie on it

// Modelers note how wide a label is in their language; ours may be longer, and breaks at this width.
const LABEL = 90;

mount("diagram", (element) => {
  // Folded away it has no size; it is drawn when somebody looks.
  const fold = element.closest("details");
  if (!fold || fold.open) draw(element);
  else fold.addEventListener("toggle", () => draw(element), { once: true });
});

async function draw(element) {
  const view = json(element, "view");
  const style = getComputedStyle(element);
  const colour = (name) => style.getPropertyValue(name).trim();
  const viewer = new NavigatedViewer({
    container: element.querySelector("[data-canvas]"),
    bpmnRenderer: { defaultFillColor: colour("--paper"), defaultStrokeColor: colour("--ink"), defaultLabelColor: colour("--ink") },
    textRenderer: { defaultStyle: { fontFamily: style.fontFamily, fontSize: 12 }, externalStyle: { fontSize: 12 } },
  });
  const events = viewer.get("eventBus");
  events.on("import.parse.complete", ({ definitions, elementsById }) => {
    const labels = view.labels ?? {};
    for (const [id, text] of Object.entries(labels)) if (elementsById?.[id]) elementsById[id].name = text;
    for (const element of Object.values(elementsById ?? {})) {
      if (element.$type === "bpmn:Participant" && labels[element.processRef?.id]) element.name = labels[element.processRef.id];
    }
    for (const { label } of definitions?.diagrams?.flatMap((diagram) => diagram.plane?.planeElement ?? []) ?? []) {
      if (!label?.bounds || label.bounds.width >= LABEL) continue;
      label.bounds.x -= (LABEL - label.bounds.width) / 2;
      label.bounds.width = LABEL;
    }
  });
  try {
    await viewer.importXML(view.xml);
  } catch {
    element.classList.add("is-missing");
    return;
  }
  const canvas = viewer.get("canvas");
  const shapes = viewer.get("elementRegistry");
  const mark = (ids, word) => {
    for (const id of ids ?? []) if (shapes.get(id)) canvas.addMarker(id, word);
  };
  mark(view.done?.filter((id) => !view.active?.includes(id)), "is-done");
  mark(view.cancelled, "is-cancelled");
  mark(view.flows, "is-taken");
  mark(view.missed, "is-missed");
  mark(view.active, "is-active");
  for (const [id, text] of Object.entries(view.waiting ?? {})) {
    // What it waits for in the words that stand on it already is said once.
    if (!shapes.get(id) || text === view.labels?.[id]) continue;
    const badge = Object.assign(document.createElement("div"), { className: "badge", textContent: text });
    viewer.get("overlays").add(id, { position: { top: -12, left: 8 }, html: badge });
  }

  const whole = () => {
    canvas.zoom("fit-viewport", "auto");
    const { width, height } = canvas.getSize();
    canvas.zoom(canvas.zoom() * 0.94, { x: width / 2, y: height / 2 });
  };
  // As wide as the page, as far as names can still be read; then as high as that needs. What is larger shows
  // where the case stands.
  const show = () => {
    const { inner, outer } = canvas.viewbox();
    if (!inner.width || !inner.height) return;
    const across = (outer.width - 2 * EDGE) / inner.width;
    let zoom = across < WHOLE ? READABLE : Math.min(1, across);
    const high = Math.min(Math.max(LOWEST, inner.height * zoom + 2 * EDGE), Math.max(LOWEST, window.innerHeight * 0.7));
    element.style.height = `${high}px`;
    canvas.resized();
    const along = (high - 2 * EDGE) / inner.height;
    if (along < zoom) zoom = along < WHOLE ? Math.min(zoom, READABLE) : along;
    const at = shapes.get(view.active?.[0] ?? view.done?.at(-1)) ?? canvas.getRootElement().children?.[0];
    const from = (low, size, room, middle) => {
      const edge = EDGE / zoom;
      if (size + 2 * edge <= room) return low - (room - size) / 2;
      return Math.min(Math.max(middle - room / 2, low - edge), low + size + edge - room);
    };
    const width = outer.width / zoom;
    const height = high / zoom;
    const middle = at?.width ? { x: at.x + at.width / 2, y: at.y + at.height / 2 } : { x: inner.x, y: inner.y };
    canvas.viewbox({ x: from(inner.x, inner.width, width, middle.x), y: from(inner.y, inner.height, height, middle.y), width, height });
  };
  show();
  for (const button of element.querySelectorAll("[data-zoom]")) {
    button.addEventListener("click", () => {
      if (button.dataset.zoom === "fit") whole();
      else viewer.get("zoomScroll").stepZoom(button.dataset.zoom === "in" ? 1 : -1);
    });
  }
  // The wheel belongs to the page until somebody takes the diagram in hand.
  const wheel = viewer.get("zoomScroll");
  wheel.toggle(false);
  element.addEventListener("pointerdown", () => wheel.toggle(true));
  element.addEventListener("pointerleave", () => wheel.toggle(false));
  element.dispatchEvent(new CustomEvent("diagram:shown", { bubbles: true }));
}
